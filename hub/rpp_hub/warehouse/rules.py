"""Which rules are declared, and to what do they apply in this district?"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from rpp_hub.warehouse.codebook import Table, Type


@dataclass(frozen=True, slots=True)
class Declared:
    """One rule or check as the file has it. `title` says of several what was found, `one` of a single one."""

    kind: str
    tables: tuple[str, ...]
    name: str = ""
    why: str = ""
    title: str = ""
    one: str = ""
    meaning: str = ""
    build: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def applies_to(self, table: str) -> bool:
        """Whether the file names this table."""
        return table in self.tables or "*" in self.tables

    def key(self, table: Table, columns: Sequence[str]) -> tuple[str, ...]:
        """The key's fields that this table has; empty if the unit itself is not among them. `a|b`: a, or else b."""
        names: list[str] = []
        found_unit = False
        for part in self.more.get("key", ()):
            if part.startswith("@"):
                unit = table.key(part[1:])
                found_unit = found_unit or unit is not None
                names += [unit.name] if unit else []
            else:
                names += [n for n in part.split("|") if n in columns][:1]
        return tuple(n for n in names if n in columns) if found_unit else ()

    def fields(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The rule's fields that this table has."""
        return tuple(f for f in self.more.get("fields", ()) if f in columns)

    def texts(self, table: Table, columns: Sequence[str]) -> tuple[str, ...]:
        """The fields that must be numbers or dates and are not."""
        needed = [table.field(n) for n in self.more.get("needs", ()) if n in columns]
        return tuple(f.name for f in needed if f is not None and f.type is Type.STRING)

    def spell(self, columns: Sequence[str]) -> tuple[str, str] | None:
        """The fields that say when something begins and ends, if this table has both."""
        entry, leave = self.first("entry", columns), self.first("exit", columns)
        return (entry, leave) if entry is not None and leave is not None else None

    def first(self, key: str, columns: Sequence[str]) -> str | None:
        """The first of several names that this table has."""
        wanted = self.more.get(key, ())
        return next((f for f in ([wanted] if isinstance(wanted, str) else wanted) if f in columns), None)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All that is declared, with the hash of the file it came from."""

    rules: tuple[Declared, ...]
    checks: tuple[Declared, ...]
    lists: tuple[Declared, ...]
    references: Declared
    shifts: Mapping[str, float]
    sha256: str


def rule_book() -> RuleBook:
    """The rules that come with this version."""
    content = files("rpp_hub.warehouse").joinpath("rules.toml").read_bytes()
    raw = tomllib.loads(content.decode())
    return RuleBook(
        tuple(_declared(r) for r in raw["rule"]),
        tuple(_declared(c) for c in raw["check"]),
        tuple(_declared({"kind": "list", **one}) for one in raw["list"]),
        _declared({"kind": "references", "tables": ["*"], **raw["references"]}),
        raw["shifts"],
        hashlib.sha256(content).hexdigest(),
    )


def _declared(raw: dict[str, Any]) -> Declared:
    known = ("kind", "name", "why", "title", "one", "meaning", "build")
    return Declared(
        **{k: raw[k] for k in known if k in raw},
        tables=tuple(raw["tables"]),
        more={k: v for k, v in raw.items() if k not in (*known, "tables")},
    )
