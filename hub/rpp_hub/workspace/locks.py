"""Which packages exactly? An operator's list: one exact version a line, and the hashes of what may be installed for it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rpp_hub.domain.errors import Invalid

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[A-Za-z0-9,._-]+\])?"
    r"==(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_-]*)(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)"
)
_HASH = re.compile(r"sha256:([0-9a-f]{64})")
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package in one version; what is installed for it has one of these hashes."""

    name: str
    version: str
    hashes: tuple[str, ...]


def normalised(name: str) -> str:
    """`Foo_Bar` and `foo-bar` are one package."""
    return _SEPARATORS.sub("-", name).lower()


@lru_cache(maxsize=4)  # this release's own list is read for every page that shows it
def read_lock(text: str) -> tuple[Pinned, ...]:
    """From pip's format. Raises Invalid for anything but exact versions with hashes: no address, option, range or path."""
    pins = tuple(_pin(number, line) for number, line in _logical_lines(text))
    if not pins:
        raise Invalid("The list names no package. Write 'name==1.2.3 --hash=sha256:…' on a line.", code="bad-lock")  # fmt: skip
    twice = sorted(name for name, times in Counter(pin.name for pin in pins).items() if times > 1)
    if twice:
        raise Invalid(f"The list names {', '.join(twice)} more than once. Keep one version of each.", code="bad-lock")  # fmt: skip
    return tuple(sorted(pins, key=lambda pin: pin.name))


def write_lock(pins: Iterable[Pinned]) -> str:
    """The same packages as the same text, always."""
    lines = (
        " ".join((f"{pin.name}=={pin.version}", *(f"--hash=sha256:{one}" for one in sorted(pin.hashes))))
        for pin in sorted(pins, key=lambda pin: pin.name)
    )
    return "".join(f"{line}\n" for line in lines)


def joined(before: Iterable[Pinned], added: Iterable[Pinned]) -> tuple[Pinned, ...]:
    """Both; where both name a package, the added version takes the place of the other."""
    found = {pin.name: pin for pin in before} | {pin.name: pin for pin in added}
    return tuple(found[name] for name in sorted(found))


def digest(pins: Iterable[Pinned]) -> str:
    """SHA-256 of the whole list."""
    return hashlib.sha256(write_lock(pins).encode()).hexdigest()


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations, without comments and empty ones."""
    gathered, began = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split(" #")[0].strip() if not raw.lstrip().startswith("#") else ""
        began = began or number
        gathered += line.removesuffix("\\").strip() + " "
        if not line.endswith("\\"):
            if gathered.strip():
                yield began, gathered.strip()
            gathered, began = "", 0
    if gathered.strip():
        yield began, gathered.strip()


def _pin(number: int, line: str) -> Pinned:
    found = _PIN.fullmatch(line)
    if found is None:
        raise Invalid(
            f"Line {number} of the list is not an exact version with its hashes: {line[:80]!r}. Only lines such as"
            " 'name==1.2.3 --hash=sha256:…' are taken; `uv pip compile --generate-hashes` and `pip-compile"
            " --generate-hashes` write them.",
            code="bad-lock",
        )
    return Pinned(
        normalised(found["name"]), found["version"], tuple(sorted(set(_HASH.findall(found["hashes"]))))
    )
