"""What does each kind of rule do to a table? Every kind answers how many rows it touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rpp_hub.warehouse.codebook import Table, Type
from rpp_hub.warehouse.engine import one, quoted, text_literal
from rpp_hub.warehouse.rules import Declared
from rpp_hub.warehouse.tables import SEQUENCE

# How many hashes are sorted at once, 8 bytes each.
_HASHES = 25_000_000
_ALWAYS, _FOR_EVER = "DATE '0001-01-01'", "DATE '9999-12-31'"


@dataclass(frozen=True, slots=True)
class Work:
    """A table under the rules: `sql` is its name in SQL, `others` the tables beside it."""

    con: duckdb.DuckDBPyConnection
    sql: str
    table: Table
    others: Mapping[str, tuple[str, Table]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's own columns at this moment."""
        return tuple(c for c in self._all() if c != SEQUENCE)

    @property
    def seq(self) -> str:
        """What says in which order the rows were sent: as loaded, their `rowid`."""
        return SEQUENCE if SEQUENCE in self._all() else "rowid"

    @property
    def everything(self) -> str:
        """All columns and the order, to be selected into another table."""
        return "*" if self.seq == SEQUENCE else f"*, rowid AS {SEQUENCE}"

    def _all(self) -> tuple[str, ...]:
        return tuple(str(row[0]) for row in self.con.execute(f"DESCRIBE {self.sql}").fetchall())

    def count(self, where: str = "true") -> int:
        """How many rows fulfil a condition."""
        return one(self.con, f"SELECT count(*) FROM {self.sql} WHERE {where}")

    def replace(self, query: str) -> int:
        """Put a query's answer in the table's place; how many rows fewer there are now."""
        before = self.count()
        self.con.execute(f"CREATE TABLE replacing AS {query}")
        self.con.execute(f"DROP TABLE {self.sql}")
        self.con.execute(f"ALTER TABLE replacing RENAME TO {self.sql}")
        return before - self.count()


def drop_identical(work: Work, rule: Declared) -> int:
    """One row of each set of rows that agree in every field."""
    repeated = identical_sql(work.con, work.sql, work.columns, work.seq)
    if repeated is None:
        return 0
    return one(work.con, f"DELETE FROM {work.sql} WHERE {work.seq} IN (SELECT {work.seq} FROM ({repeated}))")


def identical_sql(
    con: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[str], seq: str = "rowid"
) -> str | None:
    """The rows (by `seq`) that repeat an earlier one in every field; None when none does.

    Where all hashes differ no two rows are alike; else only rows whose hashes meet are compared, not all with all.
    """
    names = ", ".join(map(quoted, columns))
    met = _hashes_met(con, sql, names)
    if not len(met):
        return None
    con.register("hashes_met", pa.table({"h": met}))
    return f"""SELECT {seq} FROM {sql} WHERE hash({names}) IN (SELECT h FROM hashes_met)
        QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY {seq}) > 1"""


def _hashes_met(con: duckdb.DuckDBPyConnection, sql: str, names: str) -> npt.NDArray[np.uint64]:
    """The hashes that more than one row has. Sorting bare numbers takes half of what grouping them does."""
    shares = 1 + one(con, f"SELECT count(*) FROM {sql}") // _HASHES
    found = [np.empty(0, np.uint64)]
    for share in range(shares):
        where = f"WHERE hash({names}) % {shares} = {share}" if shares > 1 else ""
        hashes = con.execute(f"SELECT hash({names}) AS h FROM {sql} {where}").fetchnumpy()["h"]
        hashes.sort()
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    return np.concatenate(found)


def fits_grade(work: Work, rule: Declared) -> int:
    """Forget birth dates that no student of that grade has."""
    grades = work.others.get(rule.more["grades"])
    key, name = work.table.key("student"), rule.more["field"]
    if grades is None or key is None or not {name, "school_year"} <= set(work.columns):
        return 0
    other = grades[1].key("student")
    grade = grades[1].field("grade_level")
    if other is None or grade is None or grade.type is Type.STRING:
        return 0
    return one(
        work.con,
        f"""UPDATE {work.sql} AS t SET {quoted(name)} = NULL FROM (
              SELECT {quoted(other.name)} AS unit, school_year, max(grade_level) AS grade FROM {grades[0]} GROUP BY ALL) AS g
            WHERE g.unit = t.{quoted(key.name)} AND g.school_year = t.school_year AND g.grade BETWEEN 0 AND 12
              AND abs(year(t.{quoted(name)}) - (t.school_year - g.grade - 6)) > {int(rule.more["years"])}""",
    )


def several_in_a_year(work: Work, rule: Declared) -> int:
    """Two values within one year become one."""
    key, name = work.table.key("student"), rule.more["field"]
    if key is None or not {name, "school_year"} <= set(work.columns):
        return 0
    unit, value = quoted(key.name), quoted(name)
    ever, several = text_literal(rule.more["ever"]), text_literal(rule.more["several"])
    return one(
        work.con,
        f"""UPDATE {work.sql} AS t SET {value} = g.value FROM (
              SELECT {unit} AS unit, school_year, CASE WHEN bool_or({value} = {ever}) THEN {ever} ELSE {several} END AS value
              FROM {work.sql} GROUP BY ALL HAVING count(DISTINCT {value}) > 1) AS g
            WHERE g.unit = t.{unit} AND g.school_year = t.school_year AND t.{value} IS DISTINCT FROM g.value""",
    )


def modal(work: Work, rule: Declared) -> int:
    """The most frequent value of each unit, ties to the most recent."""
    key = rule.key(work.table, work.columns)[:1]
    touched = 0
    for name in rule.fields(work.columns) if key else ():
        recent = f"max((school_year, {work.seq}))" if "school_year" in work.columns else f"max({work.seq})"
        touched += one(work.con, _modal_sql(work.sql, quoted(key[0]), quoted(name), recent))
    return touched


def _modal_sql(sql: str, unit: str, value: str, recent: str) -> str:
    return f"""UPDATE {sql} AS t SET {value} = m.value FROM (
          SELECT {unit} AS unit, {value} AS value FROM (
            SELECT {unit}, {value}, count(*) AS n, {recent} AS recent FROM {sql} WHERE {value} IS NOT NULL GROUP BY ALL)
          QUALIFY row_number() OVER (PARTITION BY {unit} ORDER BY n DESC, recent DESC) = 1) AS m
        WHERE m.unit = t.{unit} AND t.{value} IS DISTINCT FROM m.value"""


def one_row(work: Work, rule: Declared) -> int:
    """One row for each key, field by field as the rule says."""
    columns = work.columns
    key = rule.key(work.table, columns)
    if not key:
        return 0
    without = set(rule.more.get("without", ()))
    seq = work.seq
    order = f"(school_year, {seq})" if "school_year" in columns else seq
    taken = [
        quoted(c)
        if c in key
        else f"{_take(c, rule.more['take'].get(c, 'last'), order, seq, columns)} AS {quoted(c)}"
        for c in columns
        if c not in without or c in key
    ]
    present = " AND ".join(f"{quoted(k)} IS NOT NULL" for k in key)
    group = ", ".join(map(quoted, key))
    # A row without its key cannot be joined to anything, but it was sent: it stays as it is.
    return work.replace(
        f"""SELECT {", ".join(taken)}, min({seq}) AS {SEQUENCE} FROM {work.sql}
            GROUP BY {group}, CASE WHEN {present} THEN -1 ELSE {seq} END"""
    )


def _take(column: str, how: str, order: str, seq: str, columns: tuple[str, ...]) -> str:
    value = quoted(column)
    if how == "highest":
        # where grades are text, 9 is not above 10, and kindergarten and the year before it have letters
        rank = f"coalesce(try_cast({value} AS DOUBLE), CASE upper({value}::VARCHAR) WHEN 'K' THEN 0 WHEN 'KG' THEN 0 WHEN 'PK' THEN -1 ELSE -9 END)"
        return f"arg_max({value}, ({rank}, {value}))"
    if how == "lowest":
        return f"min({value})"
    if how.startswith("order:"):
        steps = how.removeprefix("order:").split(",")
        ranks = " ".join(f"WHEN {value} = {text_literal(s)} THEN {i}" for i, s in enumerate(steps))
        return f"arg_min({value}, CASE {ranks} ELSE {len(steps)} END)"
    if how.startswith("with:") and (other := how.removeprefix("with:")) in columns:
        return f"coalesce(arg_min({value}, ({quoted(other)}, -{seq})) FILTER ({quoted(other)} IS NOT NULL), arg_max({value}, {order}))"
    return f"arg_max({value}, {order})"


def at_most(work: Work, rule: Declared) -> int:
    """Bring values above their limit down to it."""
    limit = rule.first("limit", work.columns)
    touched = 0
    for name in rule.fields(work.columns) if limit else ():
        value, bound = quoted(name), quoted(limit or "")
        touched += one(work.con, f"UPDATE {work.sql} SET {value} = {bound} WHERE {value} > {bound}")
    return touched


def possible_spells(work: Work, rule: Declared) -> int:
    """Drop spells that cannot have been; one without a last day lasts."""
    spell = _spell(work, rule)
    if not spell:
        return 0
    return work.replace(
        f"SELECT {work.everything} FROM {work.sql} WHERE ({impossible_sql(*spell)}) IS NOT TRUE"
    )


def impossible_sql(entry: str, leave: str) -> str:
    """True for a spell of no length, one that ends before it starts, and one without any date."""
    return f"({entry} >= {leave} OR ({entry} IS NULL AND {leave} IS NULL))"


def lasting(entry: str, leave: str) -> tuple[str, str]:
    """When a spell begins and ends, to compare it with others: without a last day it lasts, without a first it always did."""
    return f"coalesce({entry}, {_ALWAYS})", f"coalesce({leave}, {_FOR_EVER})"


def within_year(work: Work, rule: Declared) -> int:
    """Drop spells that lie wholly outside their school year."""
    spell, year = _spell(work, rule), rule.first("year", work.columns)
    if not spell or year is None:
        return 0
    return work.replace(
        f"SELECT {work.everything} FROM {work.sql} WHERE ({outside_year_sql(*spell, quoted(year))}) IS NOT TRUE"
    )


def outside_year_sql(entry: str, leave: str, year: str) -> str:
    """True for a spell that ends before its school year's July or begins after its June; a year is called by its spring."""
    return f"({leave} < make_date({year} - 1, 7, 1) OR {entry} > make_date({year}, 6, 30))"


def merge_spells(work: Work, rule: Declared) -> int:
    """Overlapping spells of one key become one."""
    spell, key = _spell(work, rule), rule.key(work.table, work.columns)
    if not spell or not key:
        return 0
    (entry, leave), group, seq = spell, ", ".join(map(quoted, key)), work.seq
    begins, ends = lasting(entry, leave)
    rest = "".join(
        f", arg_max({quoted(c)}, ({ends}, {SEQUENCE})) AS {quoted(c)}"
        for c in work.columns
        if c not in key and quoted(c) not in spell
    )
    return work.replace(
        f"""WITH before AS (SELECT {work.everything}, max({ends}) OVER (PARTITION BY {group} ORDER BY {begins}, {seq}
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM {work.sql}),
            runs AS (SELECT *, sum(CASE WHEN {begins} <= reached THEN 0 ELSE 1 END) OVER (PARTITION BY {group} ORDER BY {begins}, {SEQUENCE}) AS run
                FROM before)
            SELECT {group}, nullif(min({begins}), {_ALWAYS}) AS {entry}, nullif(max({ends}), {_FOR_EVER}) AS {leave}{rest},
                min({SEQUENCE}) AS {SEQUENCE} FROM runs GROUP BY {group}, run"""
    )


def _spell(work: Work, rule: Declared) -> tuple[str, str] | None:
    spell = rule.spell(work.columns)
    return (quoted(spell[0]), quoted(spell[1])) if spell else None


def missing_when(work: Work, rule: Declared) -> int:
    """Values that stand for nothing become missing."""
    values = ", ".join(str(float(v)) for v in rule.more["values"])
    return sum(
        one(
            work.con,
            f"UPDATE {work.sql} SET {quoted(c)} = NULL WHERE try_cast({quoted(c)} AS DOUBLE) IN ({values})",
        )
        for c in rule.fields(work.columns)
    )


def drop_when_missing(work: Work, rule: Declared) -> int:
    """Rows that have none of the fields."""
    fields = rule.fields(work.columns)
    if not fields:
        return 0
    return work.replace(
        f"SELECT {work.everything} FROM {work.sql} WHERE coalesce({', '.join(f'{quoted(f)}::VARCHAR' for f in fields)}) IS NOT NULL"
    )


def keep_first(work: Work, rule: Declared) -> int:
    """The earliest row of each key."""
    key, by = rule.key(work.table, work.columns), rule.more["by"]
    if not key or by not in work.columns:
        return 0
    group = ", ".join(map(quoted, key))
    return work.replace(
        f"SELECT {work.everything} FROM {work.sql} QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY {quoted(by)} NULLS LAST, {work.seq}) = 1"
    )


def standardise(work: Work, rule: Declared) -> int:
    """Add the score in standard deviations from the mean of its subject, kind of test and year.

    Sums are of decimals, which are the same in whatever order threads add them; no deviation where all scores are alike.
    """
    name, scores = rule.more["adds"], rule.fields(work.columns)
    groups = [rule.first(part, work.columns) for part in ("year", "subject", "test")]
    if not scores or name in work.columns or None in groups:
        return 0
    group, score = (
        ", ".join(quoted(g) for g in groups if g),
        f"try_cast({quoted(scores[0])} AS DECIMAL(12, 3))",
    )
    work.replace(
        f"""WITH scored AS (SELECT {work.everything}, {score} AS _score FROM {work.sql}),
            summed AS (SELECT *, count(_score) OVER g AS _n, (sum(_score) OVER g)::DOUBLE AS _sum,
                (sum(_score * _score) OVER g)::DOUBLE AS _squares FROM scored WINDOW g AS (PARTITION BY {group}))
            SELECT * EXCLUDE (_score, _n, _sum, _squares), CASE WHEN _n > 1 AND _squares > _sum * _sum / _n THEN
                (_score::DOUBLE - _sum / _n) / sqrt((_squares - _sum * _sum / _n) / (_n - 1)) END AS {quoted(name)} FROM summed"""
    )
    return work.count(f"{quoted(name)} IS NOT NULL")


KINDS: Mapping[str, Callable[[Work, Declared], int]] = MappingProxyType(
    {
        "drop-identical": drop_identical,
        "fits-grade": fits_grade,
        "several-in-a-year": several_in_a_year,
        "modal": modal,
        "one-row": one_row,
        "at-most": at_most,
        "possible-spells": possible_spells,
        "within-year": within_year,
        "merge-spells": merge_spells,
        "missing-when": missing_when,
        "drop-when-missing": drop_when_missing,
        "keep-first": keep_first,
        "standardise": standardise,
    }
)
