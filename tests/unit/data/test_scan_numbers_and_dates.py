"""Numbers and dates of birth that survive in columns where most values are innocent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.cuts.look import Leak
from rpp_hub.vault import Vault
from rpp_hub.warehouse.masters import Masters

from tests.unit.data import small

ROWS = 60
# one in 450 numbers of seven digits is somebody's, as in a real district of twenty thousand students
IDS = [f"{(i * 7_919_393 + 431_007) % 8_900_000 + 1_000_000}" for i in range(20_000)]
BORN = [dt.date(2008, 1, 1) + dt.timedelta(days=37 * n % 3000) for n in range(len(IDS))]
Scan = Callable[[Sequence[Any]], list[tuple[int, str]]]


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Masters:
    names = [("Grace", "White"), ("Ada", "O'Brien"), ("Mei", "Nguyễn")]
    rows = [(i, *names[n % 3], born) for n, (i, born) in enumerate(zip(IDS, BORN, strict=True))]
    fields = (small.STUDENT, small.FIRST, small.LAST, small.BORN)
    return small.masters(tmp_path_factory.mktemp("m") / "m", {"students": (fields, rows)})


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return small.vault(tmp_path_factory.mktemp("v") / "vault")


@pytest.fixture
def scan(district: Masters, vault: Vault, tmp_path: Path) -> Scan:
    """What is found in a column beside the codes of the first students, by rows."""

    def found(values: Sequence[Any]) -> list[tuple[int, str]]:
        leaks: tuple[Leak, ...] = small.scan_column(
            tmp_path / "d", district, vault, values, ids=IDS[: len(values)]
        )
        return [(leak.rows, leak.what) for leak in leaks if leak.rows]

    return found


def among_grades(*values: Any) -> list[Any]:
    return [*values, *(n % 12 for n in range(ROWS - len(values)))]


@pytest.mark.parametrize("as_", [int, float], ids=["integer", "float"])
@pytest.mark.parametrize("who", [0, 100], ids=["own", "another's"])
def test_a_single_identifier_among_grades_is_found(as_: type, who: int, scan: Scan) -> None:
    assert scan([as_(v) for v in among_grades(int(IDS[who]))]) == [(1, "true identifiers")]


def test_identifiers_of_classmates_in_a_sparse_numeric_column_are_found(scan: Scan) -> None:
    assert scan([int(IDS[100]), int(IDS[7000]), *[None] * (ROWS - 2)]) == [(2, "true identifiers")]


def test_numbers_as_long_as_identifiers_are_no_leak_when_as_many_meet_one_as_chance_explains(
    scan: Scan,
) -> None:
    free = sorted(set(range(1_000_000, 1_100_000)) - {int(i) for i in IDS})[: 20 * ROWS]
    by_chance = [int(i) for i in IDS[500:503]]
    assert scan([*free, *by_chance]) == []


WRITTEN = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%m/%d/%y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d %B %Y",
]


@pytest.mark.parametrize("form", WRITTEN)
def test_a_single_day_of_birth_within_a_text_is_found_however_it_is_written(form: str, scan: Scan) -> None:
    told = f"born on {BORN[8]:{form}}, moved here"
    assert scan([f"says {n}" for n in range(8)] + [told] + ["nothing"] * 9) == [(1, "days of birth")]


DAYS = [
    ([b for b in BORN[:ROWS]], ROWS, "dates"),
    ([dt.datetime.combine(b, dt.time(12)) for b in BORN[:ROWS]], ROWS, "times"),
    ([BORN[0], *[dt.date(2024, 5, n % 28 + 1) for n in range(ROWS - 1)]], 1, "one date among days of tests"),
    ([int(f"{b:%Y%m%d}") for b in BORN[:ROWS]], ROWS, "20100315"),
    ([int(f"{BORN[0]:%Y%m%d}"), *[20240501] * (ROWS - 1)], 1, "one 20100315"),
    ([(b - dt.date(1960, 1, 1)).days for b in BORN[:ROWS]], ROWS, "days since 1960"),
    ([float((b - dt.date(1970, 1, 1)).days) for b in BORN[:ROWS]], ROWS, "days since 1970"),
    ([str((b - dt.date(1899, 12, 30)).days) for b in BORN[:ROWS]], ROWS, "a spreadsheet's days, as text"),
]


@pytest.mark.parametrize(("values", "rows"), [d[:2] for d in DAYS], ids=[d[2] for d in DAYS])
def test_days_of_birth_are_found_as_dates_and_as_numbers(values: list[Any], rows: int, scan: Scan) -> None:
    assert scan(values) == [(rows, "days of birth")]


INNOCENT = {
    "days of tests": [dt.date(2024, 5, n % 28 + 1) for n in range(ROWS)],
    "days as numbers": [20240501 + n % 28 for n in range(ROWS)],
    "days since 1960 of tests": [23_500 + n for n in range(ROWS)],
    "years of birth": [b.year for b in BORN[:ROWS]],
    "months of birth": [f"{b:%Y-%m}" for b in BORN[:ROWS]],
    "another's day of birth": [BORN[n + 1] for n in range(ROWS)],
    "rates": [n / 7 for n in range(ROWS)],
    "yes and no": [n % 2 == 0 for n in range(ROWS)],
    "dollars": [950_000 + n for n in range(ROWS)],
    "nothing": ["-"] * ROWS,
}


@pytest.mark.parametrize("values", INNOCENT.values(), ids=INNOCENT.keys())
def test_innocent_columns_are_no_leak(values: list[Any], scan: Scan) -> None:
    assert scan(values) == []


@pytest.mark.parametrize(
    "text",
    ["Grace M. White", "White, Grace M.", "<b>Grace</b> White", "grace.white@mail.example", "Ada O'Brien"],
)
def test_a_name_is_found_with_an_initial_or_markup_between(text: str, scan: Scan) -> None:
    assert scan([text, "a", "b"]) == [(1, "names of people")]


@pytest.mark.parametrize(
    "text", ["grade A white board", "G. White", "a White House", "white grace", "Grace County, White Plains"]
)
def test_words_that_are_also_names_are_no_leak_unless_they_name_a_person(text: str, scan: Scan) -> None:
    assert scan([text, "a", "b"]) == ([(1, "names of people")] if text == "white grace" else [])
