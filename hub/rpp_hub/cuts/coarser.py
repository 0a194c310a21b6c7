"""How coarse is a field given: which declaration holds, can it be done, and how is it said in SQL?

Attachment A decides, else the codebook, else birth dates are given by the month. Values are rare or common by the people
of the cut, over all its tables and years; the same value is so in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.generalisation import NONE, Calendar, Generalisation, parse_generalisation
from rpp_hub.warehouse.codebook import Field, Type
from rpp_hub.warehouse.engine import first, one, quoted, text_literal

_BIRTH_DATES = "month"
_COUNTED = ("student", "staff")
_SPRING = 7  # the month with which the next school year begins


def coarser_of(declared: str, field: Field) -> Generalisation | None:
    """What is left of a field; None if all of it."""
    return parse_generalisation(declared or (_BIRTH_DATES if field.is_birth_date else NONE))


def reason_not_to(declared: str, field: Field, key: Field | None) -> str:
    """Why a field cannot be made as coarse as declared, and so is not given; empty if it can."""
    if field.is_key:
        return ""
    try:
        coarser = coarser_of(declared, field)
    except Invalid as error:
        return f"The codebook's word for how coarse it is given cannot be used: {error.message}"
    if coarser is None:
        return ""
    fits = (
        (Type.DATE,) if coarser.calendar else (Type.STRING,) if coarser.first else (Type.STRING, Type.INTEGER)
    )
    if field.type not in fits:
        return f"It is to be generalised ({coarser.declared}), which cannot be done with {field.type}s. Declare it otherwise, or give it another type in the codebook."
    if coarser.below and (key is None or key.unit not in _COUNTED):
        return f"It is to be generalised ({coarser.declared}), but its table does not say of whom, so nobody can be counted."
    return ""


def refuse_differences(columns: Iterable[tuple[str, str, Generalisation | None]]) -> None:
    """The same field in two tables in two ways: whoever has both has the finer one."""
    seen: dict[str, tuple[str, Generalisation | None]] = {}
    for table, name, coarser in columns:
        other, before = seen.setdefault(name, (table, coarser))
        if coarser != before:
            ways = " and ".join(
                f"{c.declared if c else NONE} in {t}" for t, c in ((other, before), (table, coarser))
            )
            raise Invalid(
                f"{name} is to be generalised in two ways, {ways}, and one would undo the other. Declare it alike in both tables.",
                code="generalised-differently",
            )


def coarser_sql(value: str, coarser: Generalisation, common: str) -> str:
    """A value made coarser, in SQL; `common` is the relation of the values that are not rare."""
    match coarser.calendar:
        case Calendar.MONTH:
            return f"strftime({value}, '%Y-%m')"
        case Calendar.YEAR:
            return f"year({value})::INTEGER"
        case Calendar.SCHOOL_YEAR:
            return f"(year({value}) + (month({value}) >= {_SPRING})::INTEGER)::INTEGER"
    text = _text(value, coarser)
    if not coarser.below:
        return text
    return f"CASE WHEN {text} IS NULL THEN NULL WHEN {text} IN (SELECT value FROM {common}) THEN {text} ELSE {text_literal(coarser.label)} END"


def common_name(unit: str, field: str) -> str:
    """The relation of a field's common values, as SQL takes it."""
    return quoted(f"common {unit} {field}")


def find_common(
    con: duckdb.DuckDBPyConnection, common: str, coarser: Generalisation, rows: Iterable[str]
) -> None:
    """Make the relation of common values. `rows` are queries of `unit` and `value` in all tables that have the field.

    What is left over counts, too: while those with a rare value are too few together, the least common value joins them.
    """
    united = " UNION ".join(
        f"SELECT unit, {_text('value', coarser)} AS value FROM ({query})" for query in rows
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE said AS SELECT * FROM ({united}) WHERE unit IS NOT NULL AND value IS NOT NULL"
    )
    con.execute(
        f"CREATE TABLE {common} AS SELECT value, count(*) AS n FROM said WHERE value <> {text_literal(coarser.label)} "
        f"GROUP BY value HAVING count(*) >= {coarser.below}"
    )
    together = f"SELECT count(DISTINCT unit) FROM said ANTI JOIN {common} USING (value)"
    while 0 < one(con, together) < coarser.below:
        least = first(
            con, f"DELETE FROM {common} WHERE value = (SELECT value FROM {common} ORDER BY n, value LIMIT 1)"
        )
        if not least or not least[0]:
            break
    con.execute("DROP TABLE said")


def _text(value: str, coarser: Generalisation) -> str:
    return f"left({value}::VARCHAR, {coarser.first})" if coarser.first else f"{value}::VARCHAR"
