"""What a page says of an output's evidence: how many people each value stands for, of which tables, chosen how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rpp_review.checks.behind import cells_of, parts

MOST_CELLS = 400
DRAWINGS = {
    "values": "Each mark stands for a group", "points": "Each point is one record", "bins": "Each bar counts records",
    "boxes": "Boxes, and single records beyond them", "curve": "A curve through all records",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Behind:
    """One piece of evidence in words, and the numbers of a table row by row ("?" for what is not known)."""

    words: str
    sources: str
    filters: tuple[str, ...]
    functions: tuple[str, ...]
    unit: str
    grid: tuple[tuple[str, ...], ...]
    is_known: bool
    columns: tuple[str, ...] = ()
    drawn: tuple[tuple[str, ...], ...] = ()  # what a figure's marks show: a row's name, then its values


@dataclass(frozen=True, slots=True)
class Recounted:
    """What came of counting again on the trusted side: a badge, a sentence, and how the records are chosen."""

    tone: str
    badge: str
    sentence: str
    rules: tuple[str, ...]


_RECOUNTED = {
    "recounted": ("ok", "Counted again", "Counted again from the cut, outside of the notebook's kernel: the same people, the same numbers."),
    "chosen": ("ok", "Counted again", "Counted again from the cut: the same people, the same numbers. Which records they are, the code alone says; no simple rule was found."),
    "kernel": ("off", "By the kernel alone", "The re-run's kernel alone says this; it was not counted again: "),
    "differs": ("warn", "Other numbers", "Its numbers do not come out of the records that are said to be behind them."),
    "disagrees": ("bad", "Not true", "What the kernel says is not what the cut holds: "),
}  # fmt: skip


def recounted(found: Mapping[str, Any] | None) -> Recounted | None:
    """What to show of an item's recount; nothing where there is none, as in rounds examined before there was."""
    if not found or found.get("verdict") not in _RECOUNTED:
        return None
    tone, badge, sentence = _RECOUNTED[str(found["verdict"])]
    if sentence.endswith(": "):
        sentence = f"{sentence}{str(found.get('why') or 'no reason is given').rstrip('.')}."
    return Recounted(tone, badge, sentence, tuple(map(str, found.get("rules") or ())))


def told(evidence: Mapping[str, Any] | None) -> tuple[Behind, ...]:
    """What to show of one item's evidence; nothing where there is none."""
    return tuple(_told(part) for part in parts(evidence) if part.get("status")) if evidence else ()


def _told(part: Mapping[str, Any]) -> Behind:
    unit = str(part.get("unit") or "")
    columns, drawn = _drawn(part.get("table"))
    return Behind(
        words=" ".join(_words(part, unit)),
        sources="; ".join(f"{table} ({', '.join(columns)})" if columns else table for table, columns in (part.get("tables") or {}).items()),
        filters=tuple(map(str, part.get("filters") or ())),
        functions=tuple(dict.fromkeys(str(f) for f in part.get("functions") or () if f)),
        unit=_plural(unit),
        grid=_grid(part, unit),
        is_known=part.get("status") == "exact",
        columns=columns,
        drawn=drawn,
    )  # fmt: skip


def _words(part: Mapping[str, Any], unit: str) -> Iterator[str]:
    if part.get("drawing"):
        yield f"{DRAWINGS.get(str(part['drawing']), '')}."
    if part.get("status") == "unknown":
        yield f"Not known: {part.get('why') or 'it was computed in a way that is not followed'}."
        return
    if part.get("shown") == "model":
        yield _model(part, unit)
    elif part.get("shown") == "records":
        shown = int(part.get("records") or 0)
        yield (
            f"{shown:,} records."
            if shown
            else f"A summary of {int(part.get('summarised') or 0):,} records; none is shown."
        )
    else:
        numbers = [cell.units for cell in cells_of(part)]
        known = [number for number in numbers if number is not None]
        if known:
            span = f"{min(known):,}" if min(known) == max(known) else f"{min(known):,} to {max(known):,}"
            yield f"{len(numbers)} {'value' if len(numbers) == 1 else 'values, each'} of {span} {_plural(unit)}."
        if len(known) < len(numbers):
            yield f"{len(numbers) - len(known)} not known."


def _model(part: Mapping[str, Any], unit: str) -> str:
    people = (part.get("units") or {}).get(unit)
    said = [str(part.get("model") or "A model")]
    if isinstance(people, int):
        said.append(f"{people:,} {_plural(unit)}")
    for key, word in (
        ("observations", "observations"), ("parameters", "parameters"),
        ("residual_degrees_of_freedom", "residual degrees of freedom"), ("smallest_leaf", "in its smallest leaf"),
        ("support_vectors", "support vectors"),
    ):  # fmt: skip
        if isinstance(part.get(key), int):
            said.append(f"{part[key]:,} {word}")
    return f"{': '.join([said[0], ', '.join(said[1:])])}." if len(said) > 1 else f"{said[0]}."


def _grid(part: Mapping[str, Any], unit: str) -> tuple[tuple[str, ...], ...]:
    units = part.get("units")
    table = units.get(unit) if isinstance(units, dict) else None
    if not isinstance(table, list) or sum(len(row) for row in table if isinstance(row, list)) > MOST_CELLS:
        return ()
    labels = part.get("label_columns") or []
    return tuple(
        tuple("" if j < len(labels) and labels[j] else "?" if number is None else f"{number:,}" for j, number in enumerate(row))
        for row in table
    )  # fmt: skip


def _drawn(table: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The table under a figure's marks, as the kernel says it; nothing where it is none, or too large to be read."""
    told = table if isinstance(table, Mapping) else {}
    index, values = told.get("index"), told.get("values")
    if not isinstance(index, list) or not isinstance(values, list) or not 0 < len(values) <= MOST_CELLS:
        return (), ()
    rows = tuple(
        (str(name), *(_written(value) for value in row))
        for name, row in zip(index, values, strict=False)
        if isinstance(row, list)
    )
    return tuple(map(str, told.get("columns") or ())), rows


def _written(value: Any) -> str:
    return "" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)


def _plural(unit: str) -> str:
    return unit if unit in ("", "staff") else f"{unit}s"
