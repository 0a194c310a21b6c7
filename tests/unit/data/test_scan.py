"""The scan finds what survived, and does not cry wolf."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.vault import Vault
from rpp_hub.warehouse.codebook import Field, Identifier
from rpp_hub.warehouse.masters import Masters

from tests.unit.data import small

# as a district numbers its students: seven digits, some with leading zeros
IDS = [f"{(i * 7_919_393 + 431_007) % 9_900_000 + 50_000:07d}" for i in range(400)]
IDS[3] = "0412345"
PEOPLE = [
    ("María José", "García"),
    ("Ada", "O'Brien"),
    ("Mei", "Nguyễn"),
    ("André", "de la Cruz"),
    ("Grace", "White"),
    ("Sam", "Young"),
]
STAFF = Field("staff_id", identifier=Identifier.DIRECT, unit="staff")


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Masters:
    rows = [(i, *PEOPLE[n % len(PEOPLE)]) for n, i in enumerate(IDS)]
    staff = [("E004711", "Ivy", "Walker"), ("E120034", "Omar", "Haddad")]
    fields = (small.STUDENT, small.FIRST, small.LAST)
    return small.masters(
        tmp_path_factory.mktemp("m") / "masters",
        {"students": (fields, rows), "staff": ((STAFF, small.FIRST, small.LAST), staff)},
    )


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return small.vault(tmp_path_factory.mktemp("v") / "vault")


PLAIN = "ordinary text"
ONE, LEADING = IDS[1], IDS[3]
LEAKS = [
    ONE, f" {ONE} ", f"{ONE}.", f"id{ONE}", f"ID {ONE}", f"#{ONE}", f"({ONE})", f"00{ONE}", f"000000{ONE}",
    f"{ONE[:3]}-{ONE[3:]}", f"{ONE[:1]}-{ONE[1:4]}-{ONE[4:]}", f"{ONE[:3]} {ONE[3:]}", f"{ONE[:3]}_{ONE[3:]}",
    f"{ONE[:2]}/{ONE[2:]}", f"see {ONE[:3]}-{ONE[3:]} today", f"moved with sibling {ONE} in May", f"a{ONE}b", f"x_{ONE}_y",
    f"http://sis/s/{ONE}", f"{ONE}@students.example", f"{ONE}.jpg", f"photo_{ONE}.jpg", f"[{ONE}]", f"{ONE},{IDS[1]}",
    f"student={ONE};ok", f"\t{ONE}\n", f"«{ONE}»", LEADING, LEADING.lstrip("0"), f"0{LEADING}", f"student {LEADING.lstrip('0')}",
    "E004711", "e004711", "E-004711", "e 004711", "see E004711", "staffE004711", "E004711's class", "E/120034",
    "María José García", "maria jose garcia", "MARIA JOSE GARCIA", "García, María José", "with Ada O'Brien", "O’Brien Ada",
    "Mei_Nguyen", "NGUYỄN, Mei", "André de la Cruz", "de la Cruz, André", "asked Grace White about it", "haddad omar",
]  # fmt: skip
LOOK_ALIKES = [
    ONE[:6], ONE[1:], ONE[:4], f"{ONE}9", f"9{ONE}", f"1{ONE}2", ONE[:3], "2019-06-15", "2019-2020",
    "2024-05", "9 to 12", "White", "Young", "Black or White", "young adult", "grace period", "Garcia Elementary", "E160", "T470",
    "E155", "4.0", "1,234,567,890", "Room 12", "grade 5", "5th grade", "English", "2-year", "746460-00", "NA", "-", "E0047",
    "004711", "Cruz", "brien", "May", "Ivy League", "class of 2024", "S-7K3M9QX2T-W", "P.E. 2", "period 3-4", "Algebra 1",
    "3.14159", "ELA/MATH", "N/A", "100%", "12:30", "7th & 8th", "Walker Middle School", "Mei",
]  # fmt: skip


def _wide(digits: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(d)) for d in digits)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


DISGUISED = [
    # digits of other scripts and forms, and what nobody sees
    _wide(ONE, "０"), f"see {_wide(ONE, '٠')} today", _wide(ONE, "𝟎"), _wide(ONE, "०"), f"{ONE[:3]}\u200b{ONE[3:]}",
    f"{ONE[:3]}\u00ad{ONE[3:]}", f"{ONE[:3]}–{ONE[3:]}", f"{ONE[:3]}−{ONE[3:]}", f"{ONE[:3]}\u00a0{ONE[3:]}", "Ｅ００４７１１",
    # as numbers are written
    f"{ONE}.0", f"{ONE}.00", f"{ONE}.", f"{int(ONE):.6e}", f"{int(ONE):.6E}".replace("+0", ""), f"scored {int(ONE):.6e} once",
    f"{int(ONE):,}", f"{int(ONE):,}".replace(",", "."), f"{int(ONE):,}".replace(",", "’"), f"about {int(ONE):,} of them",
    ".".join(ONE), "|".join(ONE),
    # encoded
    _b64(ONE), _b64(ONE).rstrip("="), f"token {_b64(f'student {ONE}')}", ONE.encode().hex(), f"0x{ONE.encode().hex()}",
    b"E004711".hex().upper(), _b64("E004711"), hashlib.new("md5", ONE.encode()).hexdigest(), hashlib.new("sha1", ONE.encode()).hexdigest(),  # noqa: S324
    f"key {hashlib.sha256(ONE.encode()).hexdigest().upper()}",
]  # fmt: skip
NAMES_RUN_TOGETHER = [
    "MariaJoseGarcia", "mariajosegarcia", "GARCIAMARIAJOSE", "garcia_maria_jose", "GarciaMariaJose", "Garcia.MariaJose",
    "AdaOBrien", "obrienada@mail.example", "AdaObrien2010", "xx-graceWHITE", "ANDRÉDELACRUZ", "Andre DelaCruz", "omarhaddad.jpg",
    "ＡＤＡ Ｏ’ＢＲＩＥＮ", "Ada O\u2019Brie\u0301n", "iVyWaLkEr",
]  # fmt: skip
INNOCENT = [
    "２０２４", "٢٠٢٤", "1.5e3", "2.5E-4", "1e9", "12345.67", "3.1415926", "99.9999", "0.5", "1,234", "12.345", "1.2.3", "v1.10.2",
    "1:2:3:4:5", "10.0.0.1", "5|4|3|2|1", "0xdeadbeef", "cafebabecafebabe", "d41d8cd98f00b204e9800998ecf8427e", "aGVsbG8gd29ybGQ=",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "WhiteGrace Elementary".replace("Grace", "board"),
    "GraceUnderPressure", "youngsters", "Samyoung".replace("Sam", "Very"), "Adaptation", "brienne", "garciaparra", "meiosis",
    "walkerville", "IvyLeague", "Maryland", "José", "naïve", "10–12", "−5", "½ day", "№ 7", "1️⃣", "½", "x²", "2⁄3", "ⅩⅡ", "Ⓐ", "grade５",
    "12345678.9", "4.004711", "100,000", "1.000.000,50", "50–60 %",
]  # fmt: skip


def _missed(texts: list[str], scan: Callable[[list[str]], int]) -> list[str]:
    """Those that are not counted, looked at together first and one by one only when some are missing."""
    return [] if scan([PLAIN, *texts]) == len(texts) else [t for t in texts if scan([PLAIN, t]) != 1]


@pytest.mark.parametrize(
    ("texts", "what"), [(DISGUISED, "true identifiers"), (NAMES_RUN_TOGETHER, "names of people")]
)
def test_disguised_identifiers_and_names_run_together_are_found(
    texts: list[str], what: str, district: Masters, vault: Vault, tmp_path: Path
) -> None:
    def scan(values: list[str]) -> int:
        leaks = small.scan_column(tmp_path / "d", district, vault, values, ids=IDS[10 : 10 + len(values)])
        return sum(leak.rows for leak in leaks if leak.what == what)

    assert len(set(texts)) == len(texts)
    assert _missed(texts, scan) == []


def test_what_only_looks_disguised_is_no_leak(district: Masters, vault: Vault, tmp_path: Path) -> None:
    leaks = small.scan_column(tmp_path / "d", district, vault, INNOCENT, ids=IDS[10 : 10 + len(INNOCENT)])
    assert leaks == ()


def test_an_identifier_with_a_point_in_it_is_found_where_it_is_no_measurement(
    district: Masters, vault: Vault, tmp_path: Path
) -> None:
    def rows(values: list[Any]) -> int:
        leaks = small.scan_column(tmp_path / "d", district, vault, values, ids=IDS[100 : 100 + len(values)])
        return sum(leak.rows for leak in leaks)

    assert rows([PLAIN, f"{ONE[:3]}.{ONE[3:]}"]) == 1
    assert rows([int(i) / 1000 for i in IDS[:30] if i[-1] != "0"]) == sum(i[-1] != "0" for i in IDS[:30])
    assert rows([int(i) / 100 for i in IDS[100:130]]) >= 25  # of its own student
    measured = [round(n * 7.123457 % 1000, 4) for n in range(1, 260)]
    assert rows([str(m) for m in measured]) == 0
    assert rows(measured) == 0


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(leak: str, district: Masters, vault: Vault, tmp_path: Path) -> None:
    leaks = small.scan_column(tmp_path / "d", district, vault, [PLAIN, leak, "other"], ids=IDS[10:13])
    assert [(found.column, found.rows) for found in leaks if found.rows] == [("note", 1)]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_a_look_alike_is_no_leak(text: str, district: Masters, vault: Vault, tmp_path: Path) -> None:
    assert small.scan_column(tmp_path / "d", district, vault, [PLAIN, text, "other"], ids=IDS[10:13]) == ()


def test_a_finding_never_says_the_value(district: Masters, vault: Vault, tmp_path: Path) -> None:
    leaks = small.scan_column(
        tmp_path / "d", district, vault, [f"with {ONE}", "Ada O'Brien", "x"], ids=IDS[:3]
    )
    said = " ".join(leak.sentence for leak in leaks)
    assert "note" in said
    assert "1 row" in said
    assert ONE not in said
    assert "Brien" not in said


@given(
    number=st.integers(0, len(IDS) - 1),
    around=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "L", "N")), max_size=6),
    zeros=st.integers(0, 3),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_identifier_is_found_in_any_surroundings(
    number: int, around: str, zeros: int, district: Masters, vault: Vault, tmp_path: Path
) -> None:
    text = f"{around}{'0' * zeros}{IDS[number]}{around}"
    assert small.scan_column(tmp_path / "d", district, vault, [PLAIN, text], ids=IDS[50:52])


@given(numbers=st.lists(st.integers(1, 99_999).map(str), min_size=1, max_size=40))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_shorter_than_identifiers_are_no_leak(
    numbers: list[str], district: Masters, vault: Vault, tmp_path: Path
) -> None:
    assert (
        small.scan_column(tmp_path / "d", district, vault, numbers, ids=IDS[100 : 100 + len(numbers)]) == ()
    )


def test_a_numeric_copy_of_the_identifier_is_found(district: Masters, vault: Vault, tmp_path: Path) -> None:
    leaks = small.scan_column(tmp_path / "d", district, vault, [int(i) for i in IDS[:30]], ids=IDS[:30])
    assert [(leak.column, leak.rows) for leak in leaks] == [("note", 30)]


def test_a_numeric_column_of_other_students_identifiers_is_found(
    district: Masters, vault: Vault, tmp_path: Path
) -> None:
    siblings = [float(i) for i in IDS[60:90]]
    leaks = small.scan_column(tmp_path / "d", district, vault, siblings, ids=IDS[:30])
    assert [(leak.column, leak.rows) for leak in leaks] == [("note", 30)]


def test_a_column_of_single_names_is_found(tmp_path: Path, vault: Vault) -> None:
    surnames = [f"Name{chr(97 + i)}son" for i in range(20)]
    people = small.masters(
        tmp_path / "m",
        {"students": ((small.STUDENT, small.LAST), [(IDS[i], n) for i, n in enumerate(surnames)])},
    )
    leaks = small.scan_column(tmp_path / "d", people, vault, [n.upper() for n in surnames], ids=IDS[:20])
    assert [(leak.what, leak.rows) for leak in leaks] == [("names of people", 20)]


COUNTED = tuple(str(i) for i in range(1, 2001))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Masters:
    return small.masters(
        tmp_path_factory.mktemp("m") / "m", {"students": ((small.STUDENT,), [(i,) for i in COUNTED])}
    )


class TestADistrictThatCountsItsStudents:
    """Identifiers 1 to 2,000: every grade and every number of days is somebody's identifier."""

    ids = COUNTED

    @pytest.mark.parametrize(
        "values",
        [
            [n % 13 for n in range(2000)],
            [n % 181 for n in range(2000)],
            [(n * 37) % 800 + 200 for n in range(2000)],
            [str(n % 13) for n in range(2000)],
            [f"{746_000 + n % 300}-00" for n in range(2000)],
            ["2-year" if n % 2 else "4-year" for n in range(2000)],
        ],
        ids=["grades", "days", "scores", "grades as text", "college codes", "kinds of college"],
    )
    def test_grades_days_and_scores_are_no_leak(
        self, values: list[object], counted: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        assert small.scan_column(tmp_path / "d", counted, vault, values, ids=self.ids) == ()

    def test_days_in_a_small_cohort_are_no_leak(self, counted: Masters, vault: Vault, tmp_path: Path) -> None:
        few = self.ids[:300]
        assert (
            small.scan_column(tmp_path / "d", counted, vault, [(n * 7) % 150 for n in range(300)], ids=few)
            == ()
        )

    @pytest.mark.parametrize("form", ["{}", "{:05d}", "{:08d}", "{}.0"])
    def test_the_students_own_number_is_found(
        self, form: str, counted: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        values = [form.format(int(i)) for i in self.ids]
        leaks = small.scan_column(tmp_path / "d", counted, vault, values, ids=self.ids)
        assert next((leak.column, leak.rows) for leak in leaks if leak.rows) == ("note", 2000)

    @pytest.mark.parametrize(
        "text", ["sid 412", "Student 0412 was late", "student_id=412", "pupil no. 412", "staff #412"]
    )
    def test_a_short_number_called_a_student_is_found(
        self, text: str, counted: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        leaks = small.scan_column(tmp_path / "d", counted, vault, [PLAIN, text, "x"], ids=self.ids[:3])
        assert [(leak.column, leak.rows) for leak in leaks if leak.rows] == [("note", 1)]


class TestTheFilesOwnNotes:
    """What stands beside the rows."""

    def scan(
        self, folder: Path, district: Masters, vault: Vault, table: pa.Table, **writing: object
    ) -> set[str]:
        crosswalk = vault.crosswalks.extend("absence", {"student": pa.array(IDS[:3])})
        small.scan_table(folder, district, crosswalk, ["a", "b", "c"], "note", IDS[:3])  # makes the folder
        codes = crosswalk.codes("student")
        whole = table.add_column(0, "student_id", pa.array([codes[i] for i in IDS[:3]]))
        pq.write_table(whole, folder / "notes.parquet", **writing)
        return {leak.what for leak in small.rescan(folder, district, crosswalk, "note")}

    def test_a_clean_file_has_none(self, district: Masters, vault: Vault, tmp_path: Path) -> None:
        assert (
            self.scan(
                tmp_path / "d", district, vault, pa.table({"note": ["a", "b", "c"]}), store_schema=False
            )
            == set()
        )

    def test_metadata_is_found(self, district: Masters, vault: Vault, tmp_path: Path) -> None:
        noted = pa.table({"note": ["a", "b", "c"]}).replace_schema_metadata({"made of": f"student {ONE}"})
        assert self.scan(tmp_path / "d", district, vault, noted) == {
            "metadata that was not agreed",
            "true identifiers",
        }

    def test_pandas_index_metadata_is_found(self, district: Masters, vault: Vault, tmp_path: Path) -> None:
        noted = pa.table({"note": ["a", "b", "c"]}).replace_schema_metadata({"pandas": "{}"})
        assert "metadata that was not agreed" in self.scan(tmp_path / "d", district, vault, noted)

    def test_a_column_that_was_not_agreed_is_found(
        self, district: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        more = pa.table({"note": ["a", "b", "c"], "__index_level_0__": [1, 2, 3]})
        assert self.scan(tmp_path / "d", district, vault, more, store_schema=False) == {
            "columns that were not agreed"
        }

    def test_an_unused_dictionary_value_is_found(
        self, district: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        encoded = pa.DictionaryArray.from_arrays(
            pa.array([0, 0, 1], pa.int32()), pa.array(["a", "b", "Secret School"])
        )
        assert "values that no row has" in self.scan(
            tmp_path / "d", district, vault, pa.table({"note": encoded}), store_schema=False
        )

    def test_something_else_among_the_codes_is_found(
        self, district: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        crosswalk = vault.crosswalks.extend("absence", {"student": pa.array(IDS[:3])})
        small.scan_table(tmp_path / "d", district, crosswalk, ["a", "b", "c"], "note", IDS[:3])
        foreign = vault.crosswalks.extend("another", {"student": pa.array(IDS[:2])}).codes("student")[ONE]
        codes = crosswalk.codes("student")
        rows = [codes[IDS[0]], IDS[1], foreign]
        pq.write_table(
            pa.table({"student_id": rows, "note": ["a", "b", "c"]}),
            tmp_path / "d" / "notes.parquet",
            store_schema=False,
        )
        found = [
            (leak.column, leak.rows)
            for leak in small.rescan(tmp_path / "d", district, crosswalk, "note")
            if leak.rows
        ]
        assert found == [("student_id", 2)]

    def test_an_identifier_in_the_codebook_is_found(
        self, district: Masters, vault: Vault, tmp_path: Path
    ) -> None:
        crosswalk = vault.crosswalks.extend("absence", {"student": pa.array(IDS[:3])})
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "datapackage.json").write_text(f'{{"description": "for example {ONE}"}}')
        leaks = small.scan_table(tmp_path / "d", district, crosswalk, ["a", "b", "c"], "note", IDS[:3])
        assert [(leak.table, leak.rows) for leak in leaks] == [("datapackage.json", 0)]
