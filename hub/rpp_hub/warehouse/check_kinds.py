"""What does each kind of declared check look for? Some ask it of a row by itself, others of rows together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from rpp_hub.warehouse.cleaning import impossible_sql, lasting, outside_year_sql
from rpp_hub.warehouse.engine import one, quoted, text_literal
from rpp_hub.warehouse.findings import Defect, Looking, RowTest
from rpp_hub.warehouse.masters import plain_name
from rpp_hub.warehouse.rules import Declared


def _missing(look: Looking, check: Declared) -> Iterator[RowTest]:
    for name in check.fields(look.columns):
        yield RowTest(f"missing:{name}", f"{quoted(name)} IS NULL", {"field": name})


def _at_most(look: Looking, check: Declared) -> Iterator[RowTest]:
    limit = check.first("limit", look.columns)
    for name in check.fields(look.columns) if limit else ():
        above = f"{quoted(name)} > {quoted(limit or '')}"
        yield RowTest(f"above:{name}", above, {"field": name, "limit": limit or ""})


def _values(look: Looking, check: Declared) -> Iterator[RowTest]:
    values = ", ".join(str(float(v)) for v in check.more["values"])
    for name in check.fields(look.columns):
        where = f"try_cast({quoted(name)} AS DOUBLE) IN ({values})"
        yield RowTest(f"impossible:{name}", where, {"field": name})


def _impossible_spells(look: Looking, check: Declared) -> Iterator[RowTest]:
    spell = check.spell(look.columns)
    if spell:
        yield RowTest("impossible-spells", impossible_sql(*map(quoted, spell)), {})


def _outside_year(look: Looking, check: Declared) -> Iterator[RowTest]:
    spell, year = check.spell(look.columns), check.first("year", look.columns)
    if spell and year:
        yield RowTest("outside-year", outside_year_sql(*map(quoted, (*spell, year))), {})


def _key(look: Looking, check: Declared) -> Iterator[Defect]:
    key = check.key(look.table, look.columns)
    if len(key) == len(check.more["key"]):
        rows = f"""SELECT {look.seq} FROM {look.typed}
            QUALIFY row_number() OVER (PARTITION BY {", ".join(map(quoted, key))} ORDER BY {look.seq}) > 1"""
        yield look.problem(check, "key", look.count(rows), "rows", rows)


def _changing(look: Looking, check: Declared) -> Iterator[Defect]:
    unit = look.table.key("student") or look.table.key("staff")
    if unit is None:
        return
    many, one_of_them = (
        ("students", "student") if unit.unit == "student" else ("members of staff", "member of staff")
    )
    for name in check.fields(look.columns):
        words = {"who": many, "one": one_of_them}
        yield _conflict(look, check, f"changes:{name}", (unit.name,), name, many, **words)


def _conflict_in_year(look: Looking, check: Declared) -> Iterator[Defect]:
    key = check.key(look.table, look.columns)
    for name in check.fields(look.columns) if len(key) > 1 else ():
        yield _conflict(look, check, f"conflict:{name}", key, name, "students and years")


def _conflict(
    look: Looking, check: Declared, code: str, key: tuple[str, ...], name: str, unit: str, **words: str
) -> Defect:
    group, value = ", ".join(map(quoted, key)), quoted(name)
    groups = f"SELECT {group} FROM {look.typed} GROUP BY {group} HAVING min({value}) < max({value})"
    rows = f"SELECT t.{look.seq} FROM {look.typed} AS t JOIN ({groups}) USING ({group})"
    return look.problem(check, code, look.count(groups), unit, rows, field=name, **words)


_GRADES = MappingProxyType(
    {
        "grade-drop": "year = before + 1 AND grade < was",
        "grade-repeat": "year = before + 1 AND grade = was",
        "grade-jump": "year = before + 1 AND grade >= was + 2",
        "gap-year": "year > before + 1",
    }
)


def _grades(look: Looking, check: Declared) -> Iterator[Defect]:
    key = check.key(look.table, look.columns)
    if not key or not {"grade_level", "school_year"} <= set(look.columns):
        return
    unit = quoted(key[0])
    pairs = f"""SELECT *, lag(grade) OVER w AS was, lag(year) OVER w AS before FROM (
          SELECT min({look.seq}) AS r, {unit} AS unit, school_year AS year, max(grade_level) AS grade
          FROM {look.typed} GROUP BY unit, year) WINDOW w AS (PARTITION BY unit ORDER BY year)"""
    for code, where in _GRADES.items():
        rows = f"SELECT r FROM ({pairs}) WHERE {where}"
        yield look.problem(replace(check, **check.more[code]), code, look.count(rows), "pairs of years", rows)


def _overlapping_spells(look: Looking, check: Declared) -> Iterator[Defect]:
    key, spell = check.key(look.table, look.columns), check.spell(look.columns)
    other = check.first("other", look.columns)
    if not key or not spell or ("other" in check.more and other is None):
        return
    begins, ends = lasting(*map(quoted, spell))
    same = " AND ".join(f"a.{quoted(k)} = b.{quoted(k)}" for k in key)
    different = f"AND a.{quoted(other)} <> b.{quoted(other)}" if other else ""
    longer = int(check.more.get("longer", 0))
    spells = f"""(SELECT *, {look.seq} AS _n, {begins} AS _begins, {ends} AS _ends FROM {look.typed}
        WHERE ({impossible_sql(*map(quoted, spell))}) IS NOT TRUE {_primary(look, check)})"""
    rows = f"""SELECT b._n FROM {spells} a JOIN {spells} b ON {same} {different} AND a._n <> b._n
        AND (a._begins, a._n) < (b._begins, b._n) AND least(a._ends, b._ends) - b._begins > {longer}"""
    code = "-".join(["overlapping-spells", *(["longer"] if longer else [])]) + (f":{other}" if other else "")
    yield look.problem(check, code, one(look.con, f"SELECT count(DISTINCT _n) FROM ({rows})"), "rows", rows)


def _primary(look: Looking, check: Declared) -> str:
    field = check.first("primary", look.columns)
    values = ", ".join(text_literal(str(v)) for v in check.more.get("means_primary", ()))
    return f"AND upper({quoted(field)}::VARCHAR) IN ({values})" if field else ""


def _exit_contradicts(look: Looking, check: Declared) -> Iterator[Defect]:
    key, reason = check.key(look.table, look.columns), check.first("reason", look.columns)
    spell = check.spell(look.columns)
    if not key or reason is None or not spell:
        return
    entry, leave = spell
    final = ", ".join(text_literal(str(v)) for v in check.more["final"])
    rows = f"""SELECT {look.seq} FROM {look.typed} QUALIFY upper({quoted(reason)}::VARCHAR) IN ({final})
        AND max({quoted(entry)}) OVER (PARTITION BY {quoted(key[0])}) > {quoted(leave)}"""
    yield look.problem(check, "exit-contradicts", look.count(rows), "rows", rows)


def _two_people(look: Looking, check: Declared) -> Iterator[Defect]:
    key, fields = check.key(look.table, look.columns), check.fields(look.columns)
    if not key or len(fields) < 2:
        return
    unit, name, day = quoted(key[0]), plain_name(quoted(fields[0])), quoted(fields[1])
    people = f"""SELECT {unit} FROM {look.typed} WHERE {day} IS NOT NULL AND {name} <> '' GROUP BY {unit}
        HAVING min({name}) <> max({name}) AND min({day}) <> max({day})"""
    rows = f"SELECT t.{look.seq} FROM {look.typed} AS t JOIN ({people}) USING ({unit})"
    yield look.problem(check, "two-people", look.count(people), "identifiers", rows)


def _two_identifiers(look: Looking, check: Declared) -> Iterator[Defect]:
    key, fields = check.key(look.table, look.columns), check.fields(look.columns)
    if not key or len(fields) < 3:
        return
    unit = quoted(key[0])
    same = ", ".join(
        f"{plain_name(quoted(f))} AS {quoted(f)}" if f.endswith("name") else quoted(f) for f in fields
    )
    group = ", ".join(map(quoted, fields))
    rows = f"""SELECT r, unit FROM (SELECT {unit} AS unit, {look.seq} AS r, {same} FROM {look.typed})
        WHERE {" AND ".join(f"{quoted(f)} IS NOT NULL" for f in fields)}
        QUALIFY min(unit) OVER (PARTITION BY {group}) <> max(unit) OVER (PARTITION BY {group})"""
    count = one(look.con, f"SELECT count(DISTINCT unit) FROM ({rows})")
    yield look.problem(check, "two-identifiers", count, "identifiers", f"SELECT r FROM ({rows})")


ROW_CHECKS: Mapping[str, Callable[[Looking, Declared], Iterator[RowTest]]] = MappingProxyType(
    {
        "missing": _missing,
        "at-most": _at_most,
        "values": _values,
        "impossible-spells": _impossible_spells,
        "outside-year": _outside_year,
    }
)
GROUP_CHECKS: Mapping[str, Callable[[Looking, Declared], Iterator[Defect]]] = MappingProxyType(
    {
        "key": _key,
        "changing": _changing,
        "conflict-in-year": _conflict_in_year,
        "grades": _grades,
        "overlapping-spells": _overlapping_spells,
        "exit-contradicts": _exit_contradicts,
        "two-identifiers": _two_identifiers,
        "two-people": _two_people,
    }
)
