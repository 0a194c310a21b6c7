"""Which element of a published standard is a field, and what does the standard say of it?

The mappings are data files in `standards/`. A table is taken for one of a standard where enough of its columns are; then
its codebook begins with the standard's words. Who it identifies is never taken more lightly than without a standard.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Sensitivity, Table, Type

STANDARDS = {"sdp": "sdp.toml", "ed-fi": "ed_fi.toml"}
_FEWEST, _SHARE = 2, 0.3


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a standard, in our words."""

    name: str
    table: str
    also: tuple[str, ...] = ()
    title: str = ""
    definition: str = ""
    observation: str = ""
    identifier: Identifier = Identifier.NONE
    unit: str = ""
    person_name: bool = False
    sensitivity: Sensitivity = Sensitivity.UNSAID
    generalise: str = ""
    never_share: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Its title; of a name such as SexDescriptor the words it is made of. Empty where neither says anything."""
        if self.title or self.name.islower():
            return self.title
        return " ".join(
            re.findall(r"[A-Z][a-z]+|[A-Z]+(?![a-z])", self.name.removesuffix("Descriptor"))
        ).capitalize()

    def is_called(self, column: str) -> bool:
        """Whether a column is named after this element."""
        return _bare(column) in {_bare(n) for n in (self.name, *self.also)}


@dataclass(frozen=True, slots=True)
class StandardTable:
    """A table of a standard. `also`: what districts call it."""

    name: str
    also: tuple[str, ...]
    observation: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Standard:
    """A published standard."""

    title: str
    tables: tuple[StandardTable, ...]

    def elements_of(self, table: str, columns: Collection[str]) -> dict[str, Element]:
        """The elements that a table's columns are, those of the likeliest table of the standard first."""
        ranked = sorted(self.tables, key=lambda t: -self.score(t, table, columns))
        found: dict[str, Element] = {}
        for candidate in ranked:
            for element in candidate.elements:
                for column in columns:
                    if column not in found and element.is_called(column):
                        found[column] = element
        return found

    def table_of(self, table: str, columns: Collection[str]) -> StandardTable:
        """The likeliest table of the standard."""
        return max(self.tables, key=lambda t: self.score(t, table, columns))

    def score(self, candidate: StandardTable, table: str, columns: Collection[str]) -> float:
        """How many columns are elements of it; the same name counts for one more."""
        named = _bare(table) in {_bare(n) for n in (candidate.name, *candidate.also)}
        return sum(any(e.is_called(c) for e in candidate.elements) for c in columns) + (1.5 if named else 0)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which element of a standard a field is; empty where it is none."""

    table: str
    field: str
    standard_table: str = ""
    element: str = ""
    definition: str = ""


@cache
def standard(name: str) -> Standard:
    """A standard that is shipped. Raises NotFound."""
    if name not in STANDARDS:
        raise NotFound(
            f"No standard is called {printable(name)!r} here; there is {', '.join(STANDARDS)}.",
            code="no-such-standard",
        )
    raw = tomllib.loads(files("rpp_hub.warehouse.standards").joinpath(STANDARDS[name]).read_text("utf-8"))
    tables = tuple(
        StandardTable(
            t["name"], tuple(t.get("also", ())), t["observation"], tuple(_element(t["name"], e) for e in t["elements"])
        )
        for t in raw["table"]
    )  # fmt: skip
    return Standard(raw["title"], tables)


def recognised(table: str, columns: Collection[str]) -> Standard | None:
    """The standard that a table is written by, if enough of its columns are elements of it by their own names."""
    best, most = None, 0
    for name in STANDARDS:
        one = standard(name)
        known = sum(any(_bare(e.name) == _bare(c) for t in one.tables for e in t.elements) for c in columns)
        if known > most:
            best, most = one, known
    return best if most >= max(_FEWEST, _SHARE * len(columns)) else None


def described_by_standard(table: Table, columns: Collection[str]) -> Table:
    """A drafted table with what a standard says of its fields, if it is written by one."""
    found = recognised(table.name, columns)
    if found is None:
        return table
    elements = found.elements_of(table.name, columns)
    fields = tuple(_described(f, elements[f.name]) if f.name in elements else f for f in table.fields)
    likeliest = found.table_of(table.name, columns)
    return replace(
        table,
        fields=fields,
        observation=table.observation or likeliest.observation,
        source=table.source or f"{found.title}: {likeliest.name}",
    )


def labels_of(table: str, columns: Collection[str], kept: Table | None) -> dict[str, Mapping[str, str]]:
    """What the values of each column mean: as the codebook says that is kept, else as a standard does."""
    found = recognised(table, columns)
    elements = found.elements_of(table, columns) if found is not None else {}
    fields = {c: kept.field(c) if kept is not None else None for c in columns}
    said = {
        c: f.labels if (f := fields[c]) is not None else elements[c].labels if c in elements else {}
        for c in columns
    }
    return {c: labels for c, labels in said.items() if labels}


def mapping(book: Codebook, to: str) -> tuple[Mapped, ...]:
    """Which field corresponds to which element of a standard."""
    one = standard(to)
    return tuple(m for t in book.tables for m in _mapped(t, one))


def _mapped(table: Table, to: Standard) -> Iterable[Mapped]:
    elements = to.elements_of(table.name, [f.name for f in table.fields])
    for f in table.fields:
        e = elements.get(f.name)
        yield Mapped(table.name, f.name, e.table, e.name, e.definition) if e else Mapped(table.name, f.name)


def _described(drafted: Field, element: Element) -> Field:
    """The draft with the standard's words. Identity is the stricter of both; the type is what the values say."""
    said = replace(
        drafted,
        title=element.words or drafted.title,
        description=element.definition,
        observation=element.observation,
        sensitivity=element.sensitivity,
        labels=element.labels,
        never_share=drafted.never_share or element.never_share,
    )
    if drafted.identifier is Identifier.DIRECT:
        return said if drafted.unit or drafted.person_name else replace(said, unit=element.unit)
    if element.identifier is not Identifier.NONE:
        said = replace(
            said,
            identifier=element.identifier,
            unit=element.unit,
            person_name=element.person_name,
            generalise=drafted.generalise or element.generalise,
        )
    return replace(said, type=Type.STRING) if element.identifier is Identifier.DIRECT else said


def _element(table: str, raw: dict[str, object]) -> Element:
    read = dict(raw)
    unit = str(read.get("unit", ""))
    kind = Identifier(str(read.pop("identifier", "direct" if unit else "none")))
    return Element(
        **{  # type: ignore[arg-type]  # what the file has is checked by a test, element by element
            **read,
            "table": table,
            "also": tuple(read.get("also", ())),  # type: ignore[arg-type]
            "identifier": kind,
            "sensitivity": Sensitivity(str(read.get("sensitivity", ""))),
        }
    )


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
