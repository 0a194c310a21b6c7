"""What do the values of a file read as? Counted once for each file, and kept under the hash of its bytes.

A file that was received never changes, so what was counted holds for ever: a draft of the codebook needs no second look
at ten million rows, and a column that is known to hold nothing but integers is read as integers at once. Only counts
are kept, no values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import duckdb

from rpp_hub.warehouse.dates import FORMATS
from rpp_hub.warehouse.engine import first, quoted, text_literal
from rpp_hub.warehouse.folders import canonical_json
from rpp_hub.whole import write_whole

MISSING = ("", "NA", "N/A", "NULL", ".")
# Raise it when the counts below come to mean something else; what was kept before is then counted again.
_VERSION = 1
_SMALL = 40_000


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """How many rows of a column hold a value (`rows`), and how many of these read as what.

    `zeros`: begin with a zero, as codes do. `iso`: dates as 2019-08-20. `small`: integers that may be days since 1960.
    `coded`: say NA or the like. `padded`: have spaces around. `distinct`: how many different ones, before trimming.
    """

    rows: int = 0
    integers: int = 0
    zeros: int = 0
    numbers: int = 0
    dates: int = 0
    iso: int = 0
    small: int = 0
    coded: int = 0
    padded: int = 0
    distinct: int = 0

    @property
    def tidy(self) -> bool:
        """Whether every value stands as it is meant: no code for nothing, no spaces around."""
        return not self.coded and not self.padded


def total(parts: Iterable[ColumnFacts]) -> ColumnFacts:
    """The facts of several files together; `distinct` is then at most so many."""
    counted = list(parts)
    return ColumnFacts(*(sum(getattr(f, name.name) for f in counted) for name in fields(ColumnFacts)))


def column_facts(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    text: Callable[[str], str] = quoted,
) -> dict[str, ColumnFacts]:
    """Count the columns of a relation of texts. `text`: how a column is read, in SQL."""
    return {c: _facts(con, relation, text(c)) for c in columns}


def _facts(con: duckdb.DuckDBPyConnection, relation: str, value: str) -> ColumnFacts:
    codes = ", ".join(text_literal(m) for m in MISSING if m)
    row = first(
        con,
        f"""WITH counted AS (SELECT r, trim(r) AS v, n FROM (SELECT {value} AS r, count(*) AS n FROM {relation} GROUP BY 1)
              WHERE r <> ''),
            present AS (SELECT * FROM counted WHERE v NOT IN ('', {codes}))
            SELECT sum(n), sum(n) FILTER (regexp_full_match(v, '-?[0-9]{{1,15}}')),
              sum(n) FILTER (regexp_full_match(v, '-?0[0-9]+')),
              sum(n) FILTER (regexp_full_match(v, '-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?')),
              sum(n) FILTER (try_strptime(v, {list(FORMATS)}) IS NOT NULL),
              sum(n) FILTER (regexp_full_match(v, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') AND try_strptime(v, '%Y-%m-%d') IS NOT NULL),
              sum(n) FILTER (regexp_full_match(v, '-?[0-9]{{1,15}}') AND try_cast(v AS BIGINT) < {_SMALL}),
              (SELECT sum(n) FROM counted WHERE v IN ({codes})), (SELECT sum(n) FROM counted WHERE r <> v),
              count(*) FROM present""",
    )
    return ColumnFacts(*(int(x or 0) for x in row or ()))


def keep_facts(folder: Path, sha256: str, facts: Mapping[str, ColumnFacts]) -> None:
    """Keep a file's facts, whole or not at all."""
    content = {"version": _VERSION, "columns": {name: asdict(f) for name, f in facts.items()}}
    write_whole(folder / f"{sha256}.json", canonical_json(content))


def kept_facts(folder: Path, sha256: str) -> dict[str, ColumnFacts] | None:
    """The facts that were kept of the file of this hash, if they still mean the same."""
    try:
        content = json.loads((folder / f"{sha256}.json").read_bytes())
        if content["version"] != _VERSION:
            return None
        return {str(name): ColumnFacts(**f) for name, f in content["columns"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None  # they can be counted again
