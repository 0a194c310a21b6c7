"""What was decided of doubtful identifiers, and what does it do to the rows?

The table of decisions is an input of the build like drops and rules: a file named after its own hash, of effects alone.
Who decided it, when and why stands in the registry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from rpp_hub.domain.errors import ActionRefused, Unavailable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.codebook import Type
from rpp_hub.warehouse.engine import one, quoted, text_literal
from rpp_hub.warehouse.folders import canonical_json, hash_file
from rpp_hub.warehouse.identities import Candidate, Kind, Named, Typed, marks_sql, named_tables
from rpp_hub.whole import write_whole

# How an identifier that the district gave to two people is told apart: 0001234 and 0001234~2.
APART = "~"


class Verdict(StrEnum):
    """What a data manager may say of a candidate."""

    MERGE = "merge"
    SPLIT = "split"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict's effect. Of a merge, all `identifiers` become `into`; of a split, each of `others` gets one of its own."""

    candidate: str
    verdict: Verdict
    unit: str
    identifiers: tuple[str, ...]
    into: str = ""
    others: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a decision table did to one table: rows that got another identifier, and rows of whom it could not be told whose."""

    table: str
    touched: int
    untold: int = 0


def decision_of(candidate: Candidate, verdict: Verdict, chosen: str) -> Decision:
    """A verdict on a candidate. `chosen`: for a merge the identifier, for a split the number of the person, that stays.

    Raises ActionRefused for a verdict that the candidate does not allow.
    """
    plain = (candidate.name, verdict, candidate.unit, candidate.identifiers)
    if verdict is Verdict.KEEP:
        return Decision(*plain)
    if (verdict is Verdict.MERGE) != (candidate.kind is Kind.TWO_IDENTIFIERS):
        raise _refused(
            "wrong-verdict",
            f"{candidate.name} is about {candidate.kind}: it can be {'merged' if candidate.kind is Kind.TWO_IDENTIFIERS else 'split'} or kept.",
        )
    if verdict is Verdict.MERGE:
        if chosen not in candidate.identifiers:
            raise _refused("no-such-identifier", f"Say which of the identifiers of {candidate.name} stays.")
        return Decision(*plain, into=chosen)
    stays = int(chosen or 1) if (chosen or "1").isdigit() else 0
    if not 1 <= stays <= len(candidate.people):
        raise _refused(
            "no-such-person", f"Say by number which of the people of {candidate.name} keeps the identifier."
        )
    others = tuple(p.marks for n, p in enumerate(candidate.people, start=1) if n != stays)
    return Decision(*plain, others=others)


def with_decision(decisions: Sequence[Decision], fresh: Decision) -> tuple[Decision, ...]:
    """The table with one candidate's decision put in. Raises ActionRefused where merges would go round in a circle."""
    changed = (*(d for d in decisions if d.candidate != fresh.candidate), fresh)
    merged(changed)
    return tuple(sorted(changed, key=lambda d: d.candidate))


def merged(decisions: Sequence[Decision]) -> dict[str, dict[str, str]]:
    """unit → identifier that is no more → the one that stays, through any number of merges."""
    steps: dict[str, dict[str, str]] = {}
    for decision in decisions:
        if decision.verdict is Verdict.MERGE:
            for old in decision.identifiers:
                if old != decision.into:
                    _add_step(steps.setdefault(decision.unit, {}), old, decision)
    return {unit: {old: _followed(found, old) for old in sorted(found)} for unit, found in steps.items()}


def _add_step(steps: dict[str, str], old: str, decision: Decision) -> None:
    if steps.setdefault(old, decision.into) != decision.into:
        raise _refused(
            "merged-otherwise",
            f"One of the identifiers of {decision.candidate} was merged into another one before. Change that decision first.",
        )


def _followed(steps: Mapping[str, str], old: str) -> str:
    seen = {old}
    while (into := steps.get(old)) is not None:
        if into in seen:
            raise _refused(
                "merged-in-a-circle",
                "These identifiers were merged the other way round before. Change that decision first.",
            )
        seen.add(into)
        old = into
    return old


def decisions_json(decisions: Sequence[Decision]) -> bytes:
    """The table as bytes: the same decisions are the same bytes, in whatever order they were made."""
    return canonical_json({"decisions": [asdict(d) for d in sorted(decisions, key=lambda d: d.candidate)]})


def keep_decisions(folder: Path, decisions: Sequence[Decision]) -> str:
    """Write the table under its own hash, whole or not at all; the hash."""
    content = decisions_json(decisions)
    sha256 = hashlib.sha256(content).hexdigest()
    write_whole(folder / f"{sha256}.json", content)
    return sha256


def kept_decisions(folder: Path, sha256: str) -> tuple[Decision, ...]:
    """The table of this hash. Raises Unavailable where it is damaged or gone."""
    path = folder / f"{sha256}.json"
    if not path.is_file() or hash_file(path) != sha256:
        raise Unavailable(
            f"The decisions about identifiers ({sha256[:12]}…) are recorded, but their file is damaged or gone. "
            "Restore the warehouse from its backup.",
            code="decisions-damaged",
        )
    return tuple(_decision(d) for d in json.loads(path.read_bytes())["decisions"])


def _decision(raw: Mapping[str, Any]) -> Decision:
    others = tuple(tuple((str(a), str(b)) for a, b in marks) for marks in raw["others"])
    return Decision(
        raw["candidate"], Verdict(raw["verdict"]), raw["unit"], tuple(raw["identifiers"]), raw["into"], others
    )


def apply_decisions(
    con: duckdb.DuckDBPyConnection, tables: Typed, decisions: Sequence[Decision]
) -> Iterator[Applied]:
    """Give rows the identifiers that were decided: splits first, so that what is merged is a person."""
    splits = [d for d in decisions if d.verdict is Verdict.SPLIT]
    counted = {name: [0, 0] for name in tables}
    for split in splits:
        for number, marks in enumerate(split.others, start=2):
            for name, touched, untold in _split(
                con, tables, split, f"{split.identifiers[0]}{APART}{number}", marks
            ):
                counted[name][0] += touched
                counted[name][1] += untold
    for unit, steps in merged(decisions).items():
        for name, touched in _merge(con, tables, unit, steps):
            counted[name][0] += touched
    yield from (Applied(name, touched, untold) for name, (touched, untold) in counted.items())


def _merge(
    con: duckdb.DuckDBPyConnection, tables: Typed, unit: str, steps: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    pairs = ", ".join(f"({text_literal(a)}, {text_literal(b)})" for a, b in steps.items())
    for name, (loaded, table) in tables.items():
        for key in (f for f in table.fields if f.is_key and f.unit == unit and f.name in loaded.columns):
            kind = "BIGINT" if key.type is Type.INTEGER else "VARCHAR"
            yield (
                name,
                one(
                    con,
                    f"""UPDATE {loaded.typed} AS t SET {quoted(key.name)} = m.kept::{kind} FROM (VALUES {pairs}) AS m(old, kept)
                    WHERE t.{quoted(key.name)}::VARCHAR = m.old""",
                ),
            )


def _split(
    con: duckdb.DuckDBPyConnection,
    tables: Typed,
    split: Decision,
    fresh: str,
    marks: Sequence[tuple[str, str]],
) -> Iterator[tuple[str, int, int]]:
    """One of two people gets an identifier of their own: by name and birth date where a table has them, else by the year.

    A year tells whose a row is where only one of the two was there.
    """
    named = {n.loaded.name: n for n in named_tables(tables, split.unit)}
    mine, others = _years(con, named.values(), split, marks)
    for name, (loaded, table) in tables.items():
        key = table.key(split.unit)
        if key is None or key.name not in loaded.columns:
            continue
        if name in named:
            whose, doubtful = marks_sql(named[name], marks), "false"
        else:
            year = f"{quoted(table.year)}::VARCHAR" if table.year in loaded.columns else "NULL::VARCHAR"
            whose = f"{year} IN ({_texts(mine - others)})"
            doubtful = f"({year} IS NULL OR {year} IN ({_texts(mine & others)}))"
        if key.type is not Type.STRING:
            whose, doubtful = "false", "true"  # a number has no room for what tells the two apart
        theirs = f"{quoted(key.name)}::VARCHAR = {text_literal(split.identifiers[0])}"
        change = (
            f"UPDATE {loaded.typed} SET {quoted(key.name)} = {text_literal(fresh)} WHERE {theirs} AND {whose}"
        )
        touched = one(con, change) if whose != "false" else 0
        yield name, touched, one(con, f"SELECT count(*) FROM {loaded.typed} WHERE {theirs} AND {doubtful}")


def _texts(years: set[int]) -> str:
    return ", ".join(text_literal(str(y)) for y in sorted(years)) or "NULL"


def _years(
    con: duckdb.DuckDBPyConnection, named: Iterable[Named], split: Decision, marks: Sequence[tuple[str, str]]
) -> tuple[set[int], set[int]]:
    """The years in which this person was there under the identifier, and those in which anybody else was."""
    mine: set[int] = set()
    others: set[int] = set()
    for n in named:
        if n.year:
            rows = con.execute(
                f"""SELECT DISTINCT {quoted(n.year)}, coalesce({marks_sql(n, marks)}, false) FROM {n.loaded.typed}
                    WHERE {quoted(n.key)}::VARCHAR = {text_literal(split.identifiers[0])} AND {quoted(n.year)} IS NOT NULL"""
            ).fetchall()
            mine |= {int(y) for y, here in rows if here}
            others |= {int(y) for y, here in rows if not here}
    return mine, others


def _refused(code: str, reason: str) -> ActionRefused:
    return ActionRefused([Refusal(code, reason)])
