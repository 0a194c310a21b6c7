"""What does a table item hold? Its canonical JSON, written and read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as they are seen, spans filled in. The first `labels` columns of the body name its rows."""

    header: tuple[Row, ...]
    body: tuple[Row, ...]
    labels: int = 0
    caption: str = ""

    @property
    def width(self) -> int:
        return max((len(row) for row in (*self.header, *self.body)), default=0)


# A table item is a sequence of tables and of the text around them, in the order of the page.
Block = Table | str


def encode(blocks: Sequence[Block]) -> bytes:
    return canonical_json({"blocks": [_as_json(block) for block in blocks]})


def decode(content: bytes) -> tuple[Block, ...]:
    return tuple(_from_json(block) for block in json.loads(content)["blocks"])


def canonical_json(value: object) -> bytes:
    """The one way we write JSON: sorted keys, no blanks, UTF-8."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _as_json(block: Block) -> dict[str, object]:
    if isinstance(block, str):
        return {"text": block}
    return {"caption": block.caption, "header": block.header, "body": block.body, "labels": block.labels}


def _from_json(block: dict[str, object]) -> Block:
    if "text" in block:
        return str(block["text"])
    return Table(
        header=_rows(block["header"]),
        body=_rows(block["body"]),
        labels=int(str(block["labels"])),
        caption=str(block["caption"]),
    )


def _rows(value: object) -> tuple[Row, ...]:
    rows: list[list[str]] = value if isinstance(value, list) else []
    return tuple(tuple(row) for row in rows)
