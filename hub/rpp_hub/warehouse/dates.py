"""How do districts write dates, and what does a text say when it is read in one of these ways?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# What is read without anybody's word. %d%b%Y is Stata's 14may2009. Day/month/year is not among them: it cannot be told
# from month/day/year, so somebody has to confirm it.
FORMATS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d%b%Y", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class DateForm:
    """One way to write dates: with `formats`, or as a number of `unit`s since `epoch`."""

    name: str
    words: str
    formats: tuple[str, ...] = ()
    epoch: str = ""
    unit: str = "days"

    @property
    def counts(self) -> bool:
        """Whether a date is a bare number here, which only the column's name tells from other numbers."""
        return bool(self.epoch) or self.formats == ("%Y%m%d",)

    def sql(self, value: str) -> str:
        """The date that a text says, in SQL; NULL where it says none."""
        if self.epoch:
            number = f"try_cast(try_cast({value} AS DOUBLE) AS BIGINT)"
            days = number if self.unit == "days" else f"CAST(floor({number} / 86400000) AS BIGINT)"
            # DuckDB's dates reach further than this, and then their text no longer has four digits for the year
            near = f"{days} BETWEEN -36500 AND 73500"
            return f"CASE WHEN {near} THEN DATE '{self.epoch}' + CAST({days} AS INTEGER) END"
        return f"CAST(try_strptime({value}, {list(self.formats)}) AS DATE)"

    def iso(self, value: str) -> str:
        """The text as year-month-day; what says no date stays as it was written, for the check to count."""
        return f"coalesce(strftime({self.sql(value)}, '%Y-%m-%d'), {value})"


_ALL = (
    DateForm("iso", "year-month-day (2019-08-20)", ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")),
    DateForm("month-first", "month/day/year (08/20/2019)", ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S")),
    DateForm("day-first", "day/month/year (20/08/2019)", ("%d/%m/%Y", "%d/%m/%Y %H:%M:%S")),
    DateForm("month-first-short", "month/day/year of two digits (8/20/19)", ("%m/%d/%y",)),
    DateForm("day-first-short", "day/month/year of two digits (20/8/19)", ("%d/%m/%y",)),
    DateForm("month-first-dashes", "month-day-year (08-20-2019)", ("%m-%d-%Y",)),
    DateForm("day-first-dashes", "day-month-year (20-08-2019)", ("%d-%m-%Y",)),
    DateForm("day-first-dots", "day.month.year (20.08.2019)", ("%d.%m.%Y",)),
    DateForm("stata", "day, month's name, year (20aug2019)", ("%d%b%Y", "%d-%b-%Y", "%d %b %Y")),
    DateForm("compact", "year, month, day without anything between (20190820)", ("%Y%m%d",)),
    DateForm("stata-days", "days since 1960 (Stata, SAS)", epoch="1960-01-01"),
    DateForm("excel-days", "days since 1900 (Excel)", epoch="1899-12-30"),
    DateForm("stata-milliseconds", "milliseconds since 1960 (Stata)", epoch="1960-01-01", unit="milliseconds"),
)  # fmt: skip
DATE_FORMS: Mapping[str, DateForm] = MappingProxyType({form.name: form for form in _ALL})
# Pairs that one text can be read as: which is meant only the other texts of the column can tell, or a person.
TWINS = MappingProxyType(
    {
        "month-first": "day-first",
        "month-first-short": "day-first-short",
        "month-first-dashes": "day-first-dashes",
        "stata-days": "excel-days",
    }
)
