"""What a data manager says of fields is kept version by version, and holds for cuts at once where it is stricter."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.cuts.seal import CODEBOOK
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, Stale
from rpp_hub.warehouse.codebook import Codebook, read_codebook
from rpp_hub.warehouse.codebook_edits import with_attributes, with_change, with_note
from rpp_hub.warehouse.masters import known_identifiers

from tests.factories import actor
from tests.integration.data.conftest import Command, acts
from tests.unit.data.small import current

DORA = actor("dora")
TABLE, FIELD = "student_classifications", "grade_level"
SHARED = Path(__file__).parents[4] / "shared" / "data"


def said(rpp: Rpp, **attributes: object) -> Codebook:
    """Dora changes attributes of the grade."""
    now = rpp.warehousing.codebooks.current(DORA, "bayview")
    edited = with_attributes(now.codebook, TABLE, FIELD, attributes)
    rpp.warehousing.codebooks.save(DORA, "bayview", now.number, edited)
    return edited


def field_of_cut(path: Path) -> dict[str, object]:
    package = json.loads((path / "data" / CODEBOOK).read_text())
    table = next(r for r in package["resources"] if r["name"] == TABLE)
    found: dict[str, object] = next(f for f in table["schema"]["fields"] if f["name"] == FIELD)
    return found


def test_what_is_said_is_in_the_next_cut_and_the_version_before_is_kept(rpp: Rpp) -> None:
    said(rpp, description="Grade on census day.", sensitivity="low")
    now = rpp.warehousing.codebooks.current(DORA, "bayview")
    edited = with_change(now.codebook, TABLE, FIELD, 2021, "counted in autumn")

    edited = with_note(edited, TABLE, FIELD, "Grade 13 was used until 2019.", date(2026, 11, 24))
    rpp.warehousing.codebooks.save(DORA, "bayview", now.number, edited, "as the registrar said")
    field = field_of_cut(rpp.cutting.build(DORA, "absence").path)
    assert field["description"] == "Grade on census day."
    ours = field["rpp"]
    assert isinstance(ours, dict)
    assert ours["changes"] == [{"meaning": "counted in autumn", "since": 2021}]
    assert ours["notes"] == [{"on": "2026-11-24", "text": "Grade 13 was used until 2019."}]
    versions = rpp.warehousing.codebooks.history(DORA, "bayview")
    assert versions[0].number == max(v.number for v in versions)
    assert versions[0].reason == "as the registrar said"
    first = rpp.warehousing.codebooks.version(DORA, "bayview", versions[1].number).table(TABLE)
    assert first is not None
    known = first.field(FIELD)
    assert known is not None
    assert (known.description, known.notes) == ("Grade on census day.", ())
    assert acts(rpp).count("codebook:edit") == 2


def test_a_field_that_may_not_be_shared_any_more_is_in_no_further_cut(rpp: Rpp) -> None:
    absent = "total_days_absent"
    assert absent in {c.name for t in rpp.cutting.plan("absence").agreed.tables for c in t.columns}
    now = rpp.warehousing.codebooks.current(DORA, "bayview")
    edited = with_attributes(now.codebook, TABLE, absent, {"never_share": "The board decided so."})
    rpp.warehousing.codebooks.save(DORA, "bayview", now.number, edited)
    agreed = rpp.cutting.plan("absence").agreed
    assert absent not in {c.name for t in agreed.tables for c in t.columns}
    assert {d.reason for d in agreed.dropped if d.field == absent} == {"The board decided so."}


def test_what_would_be_looser_waits_for_the_next_build(rpp: Rpp) -> None:
    now = rpp.warehousing.codebooks.current(DORA, "bayview")
    edited = with_attributes(now.codebook, "student_demographics", "first_name", {"never_share": "", "identifier": "none", "person_name": False})  # fmt: skip
    rpp.warehousing.codebooks.save(DORA, "bayview", now.number, edited)
    book = rpp.warehousing.codebook("bayview").table("student_demographics")
    assert book is not None
    name = book.field("first_name")
    assert name is not None
    assert (name.person_name, bool(name.never_share)) == (True, True)


def test_the_build_reads_what_was_said_even_if_nobody_came_to_write_the_file(rpp: Rpp) -> None:
    said(rpp, title="Grade, as said")
    file = rpp.installation.warehouse_dir("bayview") / "codebook" / CODEBOOK
    file.unlink()  # as after a kill between the row and the file
    rpp.warehousing.build(DORA, "bayview")
    table = current(rpp.installation.warehouse_dir("bayview")).codebook.table(TABLE)
    assert table is not None
    field = table.field(FIELD)
    assert field is not None
    assert field.title == "Grade, as said"


def test_a_file_that_was_changed_by_hand_is_not_overwritten(rpp: Rpp) -> None:
    said(rpp, title="Grade, as said")
    file = rpp.installation.warehouse_dir("bayview") / "codebook" / CODEBOOK
    file.write_text(file.read_text().replace("as said", "as scribbled"))
    with pytest.raises(ActionRefused, match="changed by hand"):
        rpp.warehousing.build(DORA, "bayview")
    assert "as scribbled" in file.read_text()


def test_two_people_who_edit_at_once_do_not_overwrite_each_other(rpp: Rpp) -> None:
    books = rpp.warehousing.codebooks
    now = books.current(DORA, "bayview")
    edited = with_attributes(now.codebook, TABLE, FIELD, {"title": "One"})
    books.save(DORA, "bayview", now.number, edited)
    with pytest.raises(Stale):
        books.save(DORA, "bayview", now.number, with_attributes(now.codebook, TABLE, FIELD, {"title": "Two"}))
    with pytest.raises(Invalid, match="says that already"):
        books.save(DORA, "bayview", now.number + 1, edited)
    for name in ("rosa", "paula", "vera", "otto"):
        with pytest.raises(NotPermitted):
            books.save(actor(name), "bayview", 0, edited)


@pytest.mark.parametrize("written", ["{}", "s-{}", "(no. {})", "00{}"])
def test_a_text_that_names_somebody_is_refused_and_would_not_get_into_a_cut(rpp: Rpp, written: str) -> None:
    home = rpp.installation.warehouse_dir("bayview")
    identifier = max(known_identifiers(current(home)), key=len)
    text = f"Wrong for {written.format(identifier)} in 2021."
    with pytest.raises(ActionRefused, match="true identifier or the name") as refused:
        said(rpp, description=text)
    assert identifier not in str(refused.value)
    # and if it had come by another way, the cut's own scan would stop it
    build = current(home).folder
    build.chmod(0o755)
    package = build / CODEBOOK
    package.chmod(0o644)
    package.write_text(package.read_text().replace('"title": "Grade level"', f'"title": {json.dumps(text)}'))
    assert identifier in package.read_text()
    with pytest.raises(ActionRefused) as refused:
        rpp.cutting.build(DORA, "absence")
    assert refused.value.code == "identifier-survived"
    assert identifier not in str(refused.value)


def test_an_answer_is_a_note_in_every_later_cut(rpp: Rpp) -> None:
    rpp.cutting.build(DORA, "absence")
    questions, rosa = rpp.warehousing.questions, actor("rosa")
    asked = questions.ask(rosa, "absence", TABLE, FIELD, "What is grade 13?")
    identifier = max(known_identifiers(current(rpp.installation.warehouse_dir("bayview"))), key=len)
    with pytest.raises(ActionRefused, match="true identifier"):
        questions.answer(DORA, asked.name, f"Only {identifier} is in it.")
    questions.answer(DORA, asked.name, "Ungraded.")
    path = rpp.cutting.build(DORA, "absence").path
    ours = field_of_cut(path)["rpp"]
    assert isinstance(ours, dict)
    (note,) = ours["notes"]
    assert (note["question"], note["text"]) == ("What is grade 13?", "Ungraded.")
    assert "rosa" not in (path / "data" / CODEBOOK).read_text()


def test_asking_tells_nothing_about_identifiers(rpp: Rpp) -> None:
    """Whoever asks is not told whether a number is somebody's: that would be a way to find out."""
    rpp.cutting.build(DORA, "absence")
    identifier = max(known_identifiers(current(rpp.installation.warehouse_dir("bayview"))), key=len)
    asked = rpp.warehousing.questions.ask(actor("rosa"), "absence", TABLE, FIELD, f"Is {identifier} one?")
    assert asked.status == "waiting"


# --- on the command line


def test_the_codebook_is_shown_edited_taken_out_and_in(run: Command, tmp_path: Path) -> None:
    assert "student identifier" in run("warehouse", "codebook", "show", "bayview", TABLE).out
    ended = run("warehouse", "codebook", "edit", "bayview", TABLE, FIELD, "--description", "Grade.")
    assert (ended.code, "[changes-not-confirmed]" in ended.err) == (3, True)
    assert "→ Grade." in ended.out
    edit = ("warehouse", "codebook", "edit", "bayview", TABLE, FIELD)
    assert run(*edit, "--description", "Grade.", "--label", "0=kindergarten", "--note", "Ask me.", "--since", 2021, "--means", "in autumn", "--yes").code == 0  # fmt: skip
    shown = run("warehouse", "codebook", "show", "bayview", TABLE, FIELD).out
    assert "0 = kindergarten" in shown
    assert "from 2021: in autumn" in shown
    assert (
        run("warehouse", "codebook", "show", "bayview", TABLE, FIELD, "--json").json["description"]
        == "Grade."
    )
    assert "Grade." in run("warehouse", "codebook", "history", "bayview").out
    package = tmp_path / "book.json"
    assert run("warehouse", "codebook", "export", "bayview", package).code == 0
    assert read_codebook(package).table(TABLE) is not None
    package.write_text(package.read_text().replace("Grade.", "The grade."))
    assert run("warehouse", "codebook", "import", "bayview", package, "--yes").code == 0
    assert (
        run("warehouse", "codebook", "edit", "bayview", "--file", package, "--yes").code == 2
    )  # says that already
    assert run("warehouse", "codebook", "show", "bayview", "grades").code == 4
    assert run(*edit, "--unit", "student", "--yes").code == 2
    package.write_text("[1]")
    assert run("warehouse", "codebook", "import", "bayview", package, "--yes").code == 2
    assert (
        "Student_School_Year.grade_level" in run("warehouse", "codebook", "map", "bayview", "--to", "sdp").out
    )


def test_questions_are_asked_and_answered_on_the_command_line(run: Command) -> None:
    assert run("cut", "build", "absence").code == 0
    ask = ("warehouse", "question", "ask", "absence", TABLE, FIELD)
    assert run("--actor", "rosa", *ask, "What is 13?").code == 0
    assert run("--actor", "paula", *ask, "What is 13?").code == 4
    assert "q0001  waiting" in run("warehouse", "question", "list", "--waiting").out
    assert run("--actor", "rosa", "warehouse", "question", "answer", "q0001", "I know.").code == 3
    assert run("warehouse", "question", "answer", "q0001", "Ungraded.").code == 0
    assert "→ Ungraded." in run("--actor", "rosa", "warehouse", "question", "show", "q0001").out
    assert "Ungraded." in run("warehouse", "codebook", "show", "bayview", TABLE, FIELD).out
    assert run("warehouse", "question", "decline", "q0001", "No.").code == 3
    assert run("warehouse", "question", "show", "q0099").code == 4


def test_the_ed_fi_sample_begins_with_a_filled_codebook(empty: Rpp, tmp_path: Path) -> None:
    sample = SHARED / "edfi_Student.xml"
    if not sample.exists():
        pytest.skip("the Ed-Fi sample students are not beside the checkout")
    sent = tmp_path / "202409_students"
    sent.mkdir()
    (sent / "Student.csv").write_text(_as_csv(sample), encoding="utf-8")
    empty.warehousing.receive(DORA, sent, "bayview")
    book = empty.warehousing.codebooks.current(DORA, "bayview").codebook
    table = book.table("student")
    assert table is not None
    assert all(f.description for f in table.fields)
    assert {f.name for f in table.fields if f.person_name} == {"firstname", "middlename", "lastsurname"}
    key = table.key("student")
    assert key is not None
    assert key.name == "studentuniqueid"


def _as_csv(sample: Path) -> str:
    lines = ["StudentUniqueId,FirstName,MiddleName,LastSurname,BirthDate,BirthSexDescriptor"]
    for student in ET.parse(sample).getroot():  # noqa: S314 - our own sample
        values = {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in student.iter()}
        lines.append(
            ",".join(values.get(n, "").replace(",", " ") for n in lines[0].split(","))
            if values.get("StudentUniqueId")
            else ""
        )
    return "\n".join(line for line in lines if line) + "\n"
