"""What is there to review? The values that a notebook is reduced to before anybody looks at it."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

SOURCE_IDENTITY = "source"
NOTEBOOK_IDENTITY = "notebook"


class Kind(StrEnum):
    SOURCE = "source"
    TABLE = "table"
    TEXT = "text"
    FIGURE = "figure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a reviewer decides about; `content` is what is shown, hashed and released."""

    identity: str
    kind: Kind
    media_type: str
    content: bytes = field(repr=False)
    title: str
    cell: str
    position: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that will not be released, said without repeating what it holds."""

    identity: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class NormalForm:
    items: tuple[Item, ...]
    dropped: tuple[Dropped, ...] = ()

    def item(self, identity: str) -> Item | None:
        return next((item for item in self.items if item.identity == identity), None)
