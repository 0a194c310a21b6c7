"""Does a column say, for the very person of its row, the day they were born?

As a date, as a text in the usual forms and inside longer ones, or as a number: 20100315, days since 1960 (Stata, SAS),
1970 or 1900 (spreadsheets).
"""

from __future__ import annotations

from collections.abc import Iterator

from rpp_hub.cuts.look import Leak, Look
from rpp_hub.cuts.plan import Treatment
from rpp_hub.vault import Crosswalk
from rpp_hub.warehouse.engine import first, quoted, text_literal
from rpp_hub.warehouse.masters import Masters

_WRITTEN = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%-m/%-d/%Y", "%m-%d-%Y", "%-m-%-d-%Y", "%d.%m.%Y", "%-d.%-m.%Y", "%d/%m/%Y",
    "%m/%d/%y", "%-d %B %Y", "%B %-d, %Y", "%B %d, %Y", "%b %-d, %Y", "%d-%b-%Y", "%d%b%Y",
)  # fmt: skip
_DAYS_SINCE = ("1960-01-01", "1970-01-01", "1899-12-30")
# A number of days may be the days since 1960 by chance, a date is not.
_FEWEST, _SHARE = 3, 0.05


def scan_birth_dates(look: Look, masters: Masters, crosswalk: Crosswalk) -> Iterator[Leak]:
    """Every column that says days of birth. All columns in one pass over the rows."""
    key = look.key
    # A birth date that is kept as it is was agreed to be: by itself it is the month at most.
    kept = [
        c
        for c in look.table.columns
        if c is not key and c.treatment is Treatment.KEEP and not c.field.is_birth_date
    ]
    if key is None or not kept or not _load_births(look, masters, crosswalk):
        return
    counts = ", ".join(_counts(f"c.{quoted(c.name)}", look.type_of(c)) for c in kept)
    query = f"SELECT {counts} FROM {look.file} c JOIN births b ON b.code = c.{quoted(key.name)}"
    row = first(look.con, query) or (0, 0, 0) * len(kept)
    for column, said, counted, present in zip(kept, row[::3], row[1::3], row[2::3], strict=True):
        enough = counted if counted >= max(_FEWEST, _SHARE * present) else 0
        yield from look.leak(column.name, said or enough, "days of birth")


def _counts(value: str, kind: str) -> str:
    """How many rows say the day of birth, how many have a number that is it if it is a number of days, how many anything."""
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        says, counts = f"{value}::DATE = b.born", "false"
    elif kind == "VARCHAR":
        says = " OR ".join(f"contains(lower({value}), b.written{i})" for i in range(len(_WRITTEN)))
        counts = f"list_contains(b.days, try_cast({value} AS DOUBLE))"
    else:
        says, counts = f"{value} = b.number", f"list_contains(b.days, {value}::DOUBLE)"
    return f"count(*) FILTER ({says}), count(*) FILTER ({counts}), count({value})"


def _load_births(look: Look, masters: Masters, crosswalk: Crosswalk) -> bool:
    """births(code, born, …) of the people of this table's unit; False if the masters know no birth dates."""
    source = _birth_date(masters, look.table.unit)
    if source is None:
        return False
    table, identifier, day = source
    written = "".join(
        f", lower(strftime(born, {text_literal(form)})) AS written{i}" for i, form in enumerate(_WRITTEN)
    )
    days = ", ".join(f"date_diff('day', DATE '{start}', born)::DOUBLE" for start in _DAYS_SINCE)
    look.con.register("codes_in", crosswalk.of_unit(look.table.unit))
    look.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE births AS
            SELECT *, strftime(born, '%Y%m%d')::BIGINT AS number, [{days}] AS days{written} FROM (
                SELECT DISTINCT x.code, m.{quoted(day)}::DATE AS born
                FROM {masters.sql(table)} m JOIN codes_in x ON x.identifier = m.{quoted(identifier)}::VARCHAR
                WHERE m.{quoted(day)} IS NOT NULL)"""
    )
    look.con.unregister("codes_in")
    return True


def _birth_date(masters: Masters, unit: str) -> tuple[str, str, str] | None:
    for table in masters.codebook.tables:
        key = table.key(unit) if unit else None
        day = next((f.name for f in table.fields if f.is_birth_date), None)
        if key is not None and day is not None and table.name in masters.tables:
            return table.name, key.name, day
    return None
