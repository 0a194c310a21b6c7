"""A survey with identifiers or names becomes a table of the next cut, with codes alone."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted
from rpp_hub.linkage.columns import By
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.linkage_rows import LinkageView
from rpp_hub.services.linking import Survey

from tests.factories import SETUP, actor
from tests.integration.data.conftest import acts
from tests.integration.linkage.conftest import DORA, Person, write_survey

HEADER = ("student_id", "email", "school_year", "belonging", "note")


def by_identifier(rpp: Rpp, people: list[Person], folder: Path, **more: object) -> LinkageView:
    forms = (
        str,
        lambda i: i.lstrip("0"),
        lambda i: f" {i} ",
        lambda i: f"{i[:3]}-{i[3:]}",
        lambda i: f"{i}.0",
    )
    rows = [
        (forms[n % 5](p.student_id), f"u{n}@x.org", 2022, n % 5, "fine") for n, p in enumerate(people[:40])
    ]
    rows += [("9" * 12, "x@x.org", 2022, 3, "a stranger"), ("", "y@x.org", 2022, 3, "nobody")]
    file = write_survey(folder / "climate_survey.csv", HEADER, rows)
    return rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER, **more))  # type: ignore[arg-type]


def by_name(rpp: Rpp, people: list[Person], folder: Path, encoding: str = "utf-8") -> LinkageView:
    rows = [(p.first_name.upper(), p.last_name, p.birth_date, n) for n, p in enumerate(people[:30])]
    unsure = people[30]
    rows.append((unsure.first_name, "Completelyother", unsure.birth_date, 77))
    rows.append(("Zebulon", "Quarkington", "1950-01-01", 99))
    file = write_survey(folder / "mindset.csv", ("First Name", "Surname", "DOB", "grit"), rows, encoding)
    return rpp.linking.link(DORA, "absence", Survey(file, By.NAME))


def test_a_survey_with_identifiers_is_linked_however_they_are_written(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    view = by_identifier(rpp, people, tmp_path)
    assert view.status == "finished"
    assert view.counts == {"rows": 42, "linked": 40, "doubtful": 0, "not linked": 2, "in the cut": 40}
    assert view.kept == ("school_year", "belonging", "note")
    assert {d["column"] for d in view.dropped} == {"student_id", "email"}


def test_the_next_cut_holds_the_survey_with_the_same_codes_and_no_identifier(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    by_identifier(rpp, people, tmp_path)
    plan = rpp.cutting.plan("absence")
    cut = rpp.cutting.build(DORA, "absence")
    assert cut.rows["climate_survey"] == plan.rows["climate_survey"] == 40
    assert rpp.cutting.verify("absence") == ()
    survey = pq.ParquetFile(cut.path / "data" / "climate_survey.parquet").read()
    assert survey.column_names == ["student_id", "school_year", "belonging", "note"]
    codes = rpp.cutting._vault.crosswalks.load("absence").codes("student")
    expected = {codes[p.student_id]: n % 5 for n, p in enumerate(people[:40])}
    assert (
        dict(zip(survey["student_id"].to_pylist(), survey["belonging"].to_pylist(), strict=True)) == expected
    )
    classifications = pq.ParquetFile(cut.path / "data" / "student_classifications.parquet").read()
    assert set(expected) <= set(classifications["student_id"].to_pylist())
    assert "climate_survey" in rpp.cutting.surroundings("absence").columns


def test_a_survey_adds_nobody_to_the_cohort(rpp: Rpp, people: list[Person], tmp_path: Path) -> None:
    cohort = rpp.cutting.plan("absence").units["student"]
    by_identifier(rpp, people, tmp_path)
    assert rpp.cutting.plan("absence").units["student"] == cohort


def test_names_and_birth_dates_are_linked_and_the_unsure_wait_for_a_person(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    view = by_name(rpp, people, tmp_path)
    assert view.status == "in review"
    assert (view.counts["linked"], view.counts["doubtful"], view.counts["not linked"]) == (30, 1, 1)
    assert view.kept == ("grit",)
    (shown,) = rpp.linking.pairs(DORA, "absence", view.name)
    assert shown.pair.typed["last"] == "Completelyother"
    assert shown.pair.known["last"] == people[30].last_name
    with pytest.raises(ActionRefused, match="not decided"):
        rpp.linking.finish(DORA, "absence", view.name)
    assert rpp.linking.decide(DORA, "absence", view.name, 1, accept=True).undecided == 0
    done = rpp.linking.finish(DORA, "absence", view.name)
    assert done.counts == {"rows": 32, "linked": 31, "doubtful": 0, "not linked": 1, "in the cut": 31}
    assert rpp.linking.pairs(DORA, "absence", view.name) == ()
    cut = rpp.cutting.build(DORA, "absence")
    grit = pq.ParquetFile(cut.path / "data" / "mindset.parquet").read()["grit"].to_pylist()
    assert sorted(grit) == [*range(30), 77]
    manifest = json.loads((cut.path / "manifest.json").read_text())
    assert [e.split(":")[0] for e in manifest["exceptions"]] == ["first_name", "last_name"]
    assert "version 1" in manifest["agreement"]
    assert "approved by Dirk" in (cut.path / "report.html").read_text()


def test_a_rejected_pair_is_in_no_cut(rpp: Rpp, people: list[Person], tmp_path: Path) -> None:
    view = by_name(rpp, people, tmp_path)
    rpp.linking.decide(DORA, "absence", view.name, 1, accept=True)
    rpp.linking.decide(DORA, "absence", view.name, 1, accept=False)  # they thought again
    assert rpp.linking.finish(DORA, "absence", view.name).counts["linked"] == 30


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_the_file_may_be_in_any_encoding_that_the_warehouse_reads(
    rpp: Rpp, people: list[Person], tmp_path: Path, encoding: str
) -> None:
    plain = [
        p
        for p in people
        if f"{p.first_name}{p.last_name}".encode(encoding, "ignore").decode(encoding)
        == f"{p.first_name}{p.last_name}"
    ]
    assert by_name(rpp, plain, tmp_path, encoding).counts["linked"] == 30


def test_nothing_of_a_person_lies_readable_on_disk_or_in_the_log(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    file = write_survey(
        tmp_path / "s.csv", ("first_name", "last_name", "birth_date", "answer"),
        [*((p.first_name, p.last_name, p.birth_date, "Kumquat") for p in people[:20]), (people[21].first_name, "Xylophonist", people[21].birth_date, "Kumquat")],
    )  # fmt: skip
    rpp.linking.link(DORA, "absence", Survey(file, By.NAME))
    home = rpp.installation.home
    for path in home.rglob("*"):
        if path.is_file() and "warehouse" not in path.parts:
            content = path.read_bytes()
            assert b"Xylophonist" not in content, path
            assert b"Kumquat" not in content, path
    event = rpp.auditing.events(SETUP, AuditFilter(limit=1))[0]
    assert event.act == "link:make"
    detail = json.loads(event.detail)
    assert detail["rows"] == 21
    assert set(detail) == {"linkage", "by", "pairs", "rows", "linked", "doubtful", "not linked"}


def test_a_project_whose_agreement_names_no_linkage_field_may_not_link(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    file = write_survey(tmp_path / "s.csv", ("student_id", "answer"), [(people[0].student_id, 1)])
    for by in By:
        with pytest.raises(ActionRefused, match="does not name") as refused:
            rpp.linking.link(DORA, "pathways", Survey(file, by))
        assert refused.value.code == "linkage-not-agreed"


@pytest.mark.parametrize("name", ["rosa", "paula", "vera", "otto", "dirk", "ada"])
def test_only_a_data_manager_links(rpp: Rpp, people: list[Person], tmp_path: Path, name: str) -> None:
    file = write_survey(tmp_path / "s.csv", ("student_id", "answer"), [(people[0].student_id, 1)])
    view = by_name(rpp, people, tmp_path)
    before = acts(rpp)
    someone = actor(name)
    for act in (
        lambda: rpp.linking.link(someone, "absence", Survey(file, By.IDENTIFIER)),
        lambda: rpp.linking.list(someone, "absence"),
        lambda: rpp.linking.pairs(someone, "absence", view.name),
        lambda: rpp.linking.decide(someone, "absence", view.name, 1, accept=True),
        lambda: rpp.linking.finish(someone, "absence", view.name),
        lambda: rpp.linking.withdraw(someone, "absence", view.name),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert acts(rpp) == before


def test_free_text_with_a_students_name_is_refused_and_nothing_is_kept(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    rows = [(p.student_id, f"My friend is {people[5].first_name} {people[5].last_name}") for p in people[:12]]
    file = write_survey(tmp_path / "s.csv", ("student_id", "note"), rows)
    with pytest.raises(ActionRefused, match="names of people") as refused:
        rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER))
    assert people[5].last_name not in str(refused.value)
    assert rpp.linking.list(DORA, "absence") == ()
    assert list((rpp.installation.vault_dir / "sealed" / "absence").iterdir()) == []


def test_a_withdrawn_survey_is_in_no_further_cut_and_its_file_is_gone(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    view = by_identifier(rpp, people, tmp_path)
    with pytest.raises(ActionRefused, match="already"):
        by_identifier(rpp, people, tmp_path)
    rpp.linking.withdraw(DORA, "absence", view.name, "wrong wave")
    assert list((rpp.installation.vault_dir / "sealed" / "absence").iterdir()) == []
    assert "climate_survey" not in rpp.cutting.build(DORA, "absence").rows
    assert by_identifier(rpp, people, tmp_path).name != view.name


def test_a_survey_may_not_take_the_name_of_a_table_of_the_district(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="--table"):
        by_identifier(rpp, people, tmp_path, table="student_classifications")
    assert by_identifier(rpp, people, tmp_path, table="wave_one").table == "wave_one"


def test_a_column_of_another_name_is_used_when_it_is_named(
    rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    file = write_survey(tmp_path / "s.csv", ("number", "answer"), [(p.student_id, 1) for p in people[:5]])
    with pytest.raises(Invalid, match="--column student_id="):
        rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER))
    view = rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER, columns={"student_id": "number"}))
    assert view.counts["linked"] == 5
    assert view.kept == ("answer",)


def test_a_file_of_strangers_is_refused(rpp: Rpp, tmp_path: Path) -> None:
    file = write_survey(tmp_path / "s.csv", ("student_id", "answer"), [("999999999999", 1)])
    with pytest.raises(ActionRefused, match="Nobody"):
        rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER))


def test_a_survey_of_staff_is_linked_by_names_and_the_day_they_were_hired(rpp: Rpp, tmp_path: Path) -> None:
    staff = rpp.installation.warehouse_dir("bayview") / "masters" / "current" / "staff" / "part-0.parquet"
    known = pq.ParquetFile(staff).read(["staff_id", "first_name", "last_name", "hire_date"]).to_pylist()
    names = [(k["first_name"], k["last_name"]) for k in known]
    alone = [k for k in known if names.count((k["first_name"], k["last_name"])) == 1][:12]
    rows = [(k["first_name"].upper(), k["last_name"], k["hire_date"], n) for n, k in enumerate(alone)]
    file = write_survey(
        tmp_path / "staff_climate.csv", ("First Name", "Surname", "Date hired", "trust"), rows
    )
    view = rpp.linking.link(DORA, "absence", Survey(file, By.NAME))
    assert (view.status, view.counts["linked"]) == ("finished", 12)
    cut = rpp.cutting.build(DORA, "absence")
    survey = pq.ParquetFile(cut.path / "data" / "staff_climate.parquet").read()
    assert survey.column_names == ["staff_id", "trust"]
    codes = rpp.cutting._vault.crosswalks.load("absence").codes("staff")
    expected = {codes[k["staff_id"]]: n for n, k in enumerate(alone) if k["staff_id"] in codes}
    assert (
        len(expected) == view.counts["in the cut"] > 0
    )  # the others did not work there in the granted years
    assert dict(zip(survey["staff_id"].to_pylist(), survey["trust"].to_pylist(), strict=True)) == expected
