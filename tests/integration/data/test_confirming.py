"""A delivery is kept once a person has confirmed how it is read; what was confirmed is not asked again."""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, RppError, Stale, Unavailable
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.waiting_drops import FileReading
from rpp_hub.store.model_agreements import Paper
from rpp_hub.warehouse.build import build_masters
from rpp_hub.warehouse.column_habits import Habit
from rpp_hub.warehouse.receive import read_drop

from tests.factories import SETUP, actor
from tests.integration.data.conftest import Command, acts
from tests.unit.data.small import current

DORA = actor("dora")
HEAD = "student_id,school_year,joined,grade,country\n"
FIRST = HEAD + "0000001,2024,03/04/2023,9,US\n0000002,2024,05/06/2023,-9,NA\n0000003,2024,,NA,DE\n"
NEXT = HEAD + "0000001,2025,07/08/2024,10,US\n0000002,2025,09/10/2024,-9,NA\n0000004,2025,,NA,DE\n"


def folder(parent: Path, text: str, name: str = "202409_clubs", encoding: str = "utf-8") -> Path:
    sent = parent / name
    sent.mkdir(parents=True, exist_ok=True)
    (sent / "Clubs.csv").write_bytes(text.encode(encoding))
    return sent


def answered(rpp: Rpp, name: str = "202409_clubs") -> None:
    """What dora says of the first delivery: days first, -9 stands for nothing, NA is Namibia."""
    view = rpp.warehousing.receiving.waiting_drop(DORA, "bayview", name)
    habits = (
        Habit("joined", "day-first"),
        Habit("grade", "", ("-9", "NA")),
        Habit("country", "", (), ("NA",)),
    )
    view = rpp.warehousing.receiving.change(
        DORA, "bayview", name, view.version, [FileReading("Clubs.csv", habits=habits)]
    )
    rpp.warehousing.receiving.confirm(DORA, "bayview", name, view.version)


def test_what_can_be_read_in_two_ways_is_not_kept_until_somebody_says_which(
    empty: Rpp, tmp_path: Path
) -> None:
    receiving = empty.warehousing.receiving
    view = receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    assert [a.column for a in view.asked if a.open] == ["joined"]
    with pytest.raises(ActionRefused, match=r"month/day/year .* or day/month/year") as refused:
        receiving.confirm(DORA, "bayview", view.name, view.version)
    assert refused.value.code == "reading-undecided"
    assert empty.warehousing.drops("bayview") == ()
    answered(empty)
    assert [d.name for d in empty.warehousing.drops("bayview")] == ["202409_clubs"]
    assert receiving.waiting(DORA, "bayview") == ()


def test_what_was_confirmed_is_what_check_and_build_read(empty: Rpp, tmp_path: Path) -> None:
    empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    answered(empty)
    empty.warehousing.check(DORA, "bayview")
    empty.warehousing.build(DORA, "bayview")
    masters = current(empty.installation.warehouse_dir("bayview"))
    rows = sorted(pq.read_table(masters.tables["clubs"]).to_pylist(), key=lambda r: r["student_id"])
    assert [str(r["joined"]) for r in rows] == ["2023-04-03", "2023-06-05", "None"]
    assert [r["grade"] for r in rows] == [9, None, None]
    assert [r["country"] for r in rows] == ["US", "NA", "DE"]


def test_the_same_files_read_otherwise_are_another_build(empty: Rpp, tmp_path: Path) -> None:
    empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    answered(empty)
    home = empty.installation.warehouse_dir("bayview")
    first = build_masters(home, "Bayview", ["202409_clubs"])
    manifest = home / "received" / "202409_clubs" / "manifest.json"
    manifest.parent.chmod(0o755)
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text().replace("day-first", "month-first"))
    assert build_masters(home, "Bayview", ["202409_clubs"]).sha256 != first.sha256


def test_a_delivery_written_as_the_last_one_is_kept_without_a_question(empty: Rpp, tmp_path: Path) -> None:
    receiving = empty.warehousing.receiving
    receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    answered(empty)
    view = receiving.bring(DORA, folder(tmp_path, NEXT, "202509_clubs"), "bayview")
    assert view.nothing_to_ask
    receiving.confirm(DORA, "bayview", view.name, view.version)
    kept = read_drop(empty.installation.warehouse_dir("bayview") / "received" / "202509_clubs").files[0]
    assert kept.habit("joined") == Habit("joined", "day-first")
    assert kept.habit("country") == Habit("country", "", (), ("NA",))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            NEXT.replace("07/08/2024", "07/28/2024"),
            "was written as day/month/year .* and these values are not",
        ),
        (NEXT + "0000005,2025,,99,US\n", r"grade has 99 \(1 row\), which 202409_clubs had not"),
        (NEXT.replace(",", ";"), "separated by semicolons; in 202409_clubs it had"),
        (NEXT.replace("country", "nation"), "has nation, which 202409_clubs had not"),
    ],
)
def test_only_what_differs_is_asked(empty: Rpp, tmp_path: Path, text: str, asked: str) -> None:
    receiving = empty.warehousing.receiving
    receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    answered(empty)
    view = receiving.bring(DORA, folder(tmp_path, text, "202509_clubs"), "bayview")
    sentences = [*view.unlike_before, *(a.sentence for a in view.asked)]
    assert any(re.search(asked, s) for s in sentences), sentences
    assert not view.nothing_to_ask
    assert len(sentences) <= 3


def test_a_code_that_the_standard_gives_a_meaning_is_asked_about_until_somebody_has_said(
    empty: Rpp, tmp_path: Path
) -> None:
    receiving = empty.warehousing.receiving
    races = "sid,school_year,male,race_ethnicity\n1,2024,0,NA\n2,2024,1,Unknown\n3,2024,1,W\n"
    sent = folder(tmp_path, races)
    (sent / "Clubs.csv").rename(sent / "Student_Demographics.csv")
    view = receiving.bring(DORA, sent, "bayview")
    (doubt,) = (a for a in view.asked if a.doubtful)
    assert "race_ethnicity: NA would stand for nothing" in doubt.sentence
    assert "Native American" in doubt.sentence
    kept = FileReading("Student_Demographics.csv", habits=(Habit("race_ethnicity", values=("NA",)),))
    view = receiving.change(DORA, "bayview", view.name, view.version, [kept])
    assert not any(a.doubtful for a in view.asked)


def test_another_encoding_reads_the_file_again(empty: Rpp, tmp_path: Path) -> None:
    receiving = empty.warehousing.receiving
    sent = folder(tmp_path, HEAD + "0000001,2024,2023-04-03,9,Österreich\n", encoding="cp1252")
    view = receiving.bring(DORA, sent, "bayview")
    assert view.files[0].encoding == "cp1252"
    changed = receiving.change(
        DORA, "bayview", view.name, view.version, [FileReading("Clubs.csv", "mac_roman", ";")]
    )
    assert (changed.files[0].encoding, changed.files[0].columns) == (
        "mac_roman",
        ("student_id_school_year_joined_grade_country",),
    )
    with pytest.raises(Stale):
        receiving.change(DORA, "bayview", view.name, view.version, [])
    with pytest.raises(Invalid, match="not written in utf-8"):
        receiving.change(DORA, "bayview", view.name, changed.version, [FileReading("Clubs.csv", "utf-8")])


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (FileReading("Choirs.csv"), "no-such-file"),
        (FileReading("Clubs.csv", "klingon"), "bad-reading"),
        (FileReading("Clubs.csv", "", "#"), "bad-reading"),
        (FileReading("Clubs.csv", habits=(Habit("joined", "backwards"),)), "bad-date-form"),
        (FileReading("Clubs.csv", habits=(Habit("left"),)), "no-such-column"),
    ],
)
def test_a_reading_that_cannot_be_is_refused(
    empty: Rpp, tmp_path: Path, reading: FileReading, code: str
) -> None:
    view = empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    with pytest.raises(RppError) as refused:
        empty.warehousing.receiving.change(DORA, "bayview", view.name, view.version, [reading])
    assert refused.value.code == code
    assert empty.warehousing.receiving.waiting_drop(DORA, "bayview", view.name).version == view.version


def test_a_discarded_delivery_is_gone_and_may_come_again(empty: Rpp, tmp_path: Path) -> None:
    receiving, sent = empty.warehousing.receiving, folder(tmp_path, FIRST)
    view = receiving.bring(DORA, sent, "bayview")
    assert receiving.bring(DORA, sent, "bayview") == view  # the same again changes nothing
    with pytest.raises(ActionRefused, match="Other files wait under the name 202409_clubs"):
        receiving.bring(DORA, folder(tmp_path / "other", NEXT), "bayview")
    receiving.discard(DORA, "bayview", view.name, view.version)
    waiting = empty.installation.warehouse_dir("bayview") / "waiting"
    assert [p for p in waiting.iterdir() if p.is_dir()] == []
    assert sent.is_dir()
    receiving.bring(DORA, sent, "bayview")
    assert acts(empty)[-3:] == ["drop:bring", "drop:discard", "drop:bring"]


def test_bytes_that_changed_while_they_waited_are_not_kept(empty: Rpp, tmp_path: Path) -> None:
    empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    file = empty.installation.warehouse_dir("bayview") / "waiting" / "202409_clubs" / "Clubs.csv"
    file.chmod(0o644)
    file.write_text(NEXT)
    with pytest.raises(Unavailable, match="not any more what was looked into"):
        answered(empty)
    assert empty.warehousing.drops("bayview") == ()


@pytest.mark.parametrize("name", ["paula", "rosa", "vera", "otto", "dirk", "ada"])
def test_only_a_data_manager_brings_looks_confirms_and_discards(
    empty: Rpp, tmp_path: Path, name: str
) -> None:
    receiving, sent = empty.warehousing.receiving, folder(tmp_path, FIRST)
    view = receiving.bring(DORA, sent, "bayview")
    other: Any = actor(name)
    for act in (
        lambda: receiving.bring(other, sent, "bayview", "202501_more"),
        lambda: receiving.waiting(other, "bayview"),
        lambda: receiving.change(other, "bayview", view.name, view.version, []),
        lambda: receiving.confirm(other, "bayview", view.name, view.version),
        lambda: receiving.discard(other, "bayview", view.name, view.version),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_drop_is_tied_to_the_umbrella_agreement_and_the_person(empty: Rpp, tmp_path: Path) -> None:
    empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    answered(empty)
    (drop,) = empty.warehousing.drops("bayview")
    paper = empty.umbrellas.in_force("bayview")
    assert paper is not None
    assert (drop.agreement, drop.received_by) == (paper.name, "dora")


def test_nothing_comes_from_a_district_without_an_umbrella_agreement(empty: Rpp, tmp_path: Path) -> None:
    view = empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST.replace("/", "-")), "bayview")
    paper = empty.umbrellas.in_force("bayview")
    assert paper is not None
    with empty.store.act(SETUP, "agreement:end", "district:bayview") as act:
        row = act.session.get(Paper, int(paper.name[1:]))
        assert row is not None
        row.ends = date(2026, 1, 2)
    for act_of in (
        lambda: empty.warehousing.receiving.bring(DORA, folder(tmp_path, NEXT, "202509_clubs"), "bayview"),
        lambda: answered(empty, view.name),
    ):
        with pytest.raises(ActionRefused, match="No umbrella agreement with bayview is in force") as refused:
            act_of()
        assert refused.value.code == "no-umbrella"
    assert empty.warehousing.drops("bayview") == ()


def only_over(rpp: Rpp, *fields: str) -> str:
    """The umbrella agreement covers no more than these."""
    paper = rpp.umbrellas.in_force("bayview")
    assert paper is not None
    with rpp.store.act(SETUP, "agreement:propose", "district:bayview") as act:
        row = act.session.get(Paper, int(paper.name[1:]))
        assert row is not None
        row.terms = {"groups": [{"title": "Agreed", "fields": list(fields)}]}
    return paper.name


def detail(rpp: Rpp) -> dict[str, object]:
    """What the audit log says of the newest receipt."""
    said: dict[str, object] = json.loads(
        rpp.auditing.events(SETUP, AuditFilter(act="drop:receive"))[0].detail
    )
    return said


def test_what_no_field_group_of_the_umbrella_agreement_covers_is_said_before_it_is_kept_and_recorded(
    empty: Rpp, tmp_path: Path
) -> None:
    name = only_over(empty, "attendance", "clubs.student_id", "clubs.school_year", "clubs.joined")
    text = FIRST.replace("/", "-").replace("NA", "FR")
    view = empty.warehousing.receiving.bring(DORA, folder(tmp_path, text), "bayview")
    (beyond,) = view.not_covered
    assert beyond.sentence == (
        f"No field group of the umbrella agreement {name} covers grade, country of the table clubs."
    )
    assert not view.nothing_to_ask
    answered(empty)
    assert detail(empty)["not_covered"] == {"clubs": ["grade", "country"]}
    only_over(empty, "attendance")
    view = empty.warehousing.receiving.bring(
        DORA, folder(tmp_path, text + "0000009,2025,,9,US\n", "202509_clubs"), "bayview"
    )
    assert "covers the table clubs." in view.not_covered[0].sentence


def test_an_umbrella_agreement_over_everything_leaves_nothing_uncovered(empty: Rpp, tmp_path: Path) -> None:
    view = empty.warehousing.receiving.bring(DORA, folder(tmp_path, FIRST), "bayview")
    assert view.not_covered == ()
    answered(empty)
    assert "not_covered" not in detail(empty)


# --- on the command line


def test_on_the_command_line_what_the_umbrella_agreement_does_not_cover_is_said(
    run: Command, rpp: Rpp, tmp_path: Path
) -> None:
    only_over(rpp, "clubs.student_id")
    told = run("warehouse", "receive", folder(tmp_path, FIRST), "--district", "bayview").out
    assert "Not in the umbrella agreement:" in told
    assert "school_year, joined, grade, country of the table clubs" in told
    assert "discard the delivery and ask for files without it" in told


def test_on_the_command_line_a_script_is_told_to_confirm(run: Command, tmp_path: Path) -> None:
    sent = folder(tmp_path, FIRST)
    ended = run("warehouse", "receive", sent, "--district", "bayview")
    assert ended.code == 3
    assert "[reading-not-confirmed]" in ended.err
    assert "joined: the dates are month/day/year" in ended.out
    assert "NA (1 row) kept as values, though they look like codes" in ended.out
    assert run("warehouse", "confirm", "bayview", "202409_clubs").code == 3  # still undecided
    assert run("warehouse", "read", "bayview", "202409_clubs", "Clubs.csv", "--column", "joined", "--dates", "day-first").code == 0  # fmt: skip
    shown = run("warehouse", "read", "bayview", "202409_clubs", "Clubs.csv", "--column", "grade", "--missing", "-9", "--json").json  # fmt: skip
    assert {h["column"]: h["missing"] for h in shown["files"][0]["habits"]}["grade"] == ["NA", "-9"]
    assert "202409_clubs" in run("warehouse", "waiting", "bayview").out
    confirmed = run("warehouse", "confirm", "bayview", "202409_clubs", "--json").json
    assert confirmed["files"][0]["confirmed"]
    later = run("warehouse", "receive", folder(tmp_path, NEXT, "202509_clubs"), "--district", "bayview")
    assert (later.code, later.err) == (0, "")


def test_a_reading_from_a_file_answers_everything(run: Command, tmp_path: Path) -> None:
    sent = folder(tmp_path, FIRST)
    run("warehouse", "receive", sent, "--district", "bayview")
    shown = run("warehouse", "waiting", "bayview", "202409_clubs", "--json").json
    run("warehouse", "discard", "bayview", "202409_clubs", "--yes")
    for habit in shown["files"][0]["habits"]:
        if habit["column"] == "joined":
            habit["dates"] = "day-first"
    reading = tmp_path / "reading.json"
    reading.write_text(json.dumps(shown))
    ended = run("warehouse", "receive", sent, "--district", "bayview", "--reading", reading)
    assert (ended.code, ended.err) == (0, "")
    reading.write_text("[]")
    ended = run("warehouse", "receive", folder(tmp_path, NEXT, "202509_clubs"), "--district", "bayview", "--reading", reading)  # fmt: skip
    assert ended.code == 2


def test_yes_does_not_decide_what_is_undecided(run: Command, tmp_path: Path) -> None:
    ended = run("warehouse", "receive", folder(tmp_path, FIRST), "--district", "bayview", "--yes")
    assert ended.code == 3
    assert "[reading-undecided]" in ended.err


def test_on_a_terminal_the_questions_are_asked(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("day-first\ny\n"))
    ended = run("warehouse", "receive", folder(tmp_path, FIRST), "--district", "bayview")
    assert ended.code == 0, ended.err
    assert "Say which." in ended.err
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    changed = folder(tmp_path, NEXT.replace(",", ";"), "202509_clubs")
    ended = run("warehouse", "receive", changed, "--district", "bayview")
    assert ended.code == 3
    assert "202509_clubs" in run("warehouse", "waiting", "bayview").out
