"""Results by code go back under the district's identifiers, encrypted, and mistakes are named by their rows."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted
from rpp_hub.linkage.envelope import draw_keys, open_box
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.returning import Returning, Wanted
from rpp_hub.settings import District, Settings

from tests.factories import SETUP, actor
from tests.integration.data.conftest import acts
from tests.integration.linkage.conftest import DORA, write_survey

PHRASE = "five random words make it"


@pytest.fixture
def codes(rpp: Rpp) -> dict[str, str]:
    """code → identifier of the project's students."""
    rpp.cutting.build(DORA, "absence")
    found = rpp.cutting._vault.crosswalks.load("absence").codes("student")
    return {code: identifier for identifier, code in found.items()}


def opened(out: Path, **how: str) -> list[dict[str, str]]:
    text = open_box(out.read_bytes(), **how).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def results(
    folder: Path, rows: list[tuple[object, ...]], header: tuple[str, ...] = ("student", "risk")
) -> Wanted:
    return Wanted(write_survey(folder / "risk.csv", header, rows), folder / "risk.sealed", passphrase=PHRASE)


def test_codes_become_identifiers_for_whoever_has_the_districts_key(
    rpp: Rpp, codes: dict[str, str], tmp_path: Path
) -> None:
    private, public = draw_keys()
    settings = Settings(districts={"bayview": District(title="Bayview", return_key=public)})
    returning = Returning(rpp.store, settings, rpp.installation, rpp.cutting._vault)
    some = list(codes)[:20]
    wanted = replace(results(tmp_path, [(c, n / 10) for n, c in enumerate(some)]), passphrase="")
    made = returning.give_back(DORA, "absence", wanted)
    assert (made.rows, made.returned, made.unmatched) == (20, 20, 0)
    rows = opened(wanted.out, private=private)
    assert [r["student_id"] for r in rows] == [codes[c] for c in some]
    assert [r["risk"] for r in rows] == [str(n / 10) for n in range(20)]
    with pytest.raises(Invalid, match="another one's"):
        opened(wanted.out, private=draw_keys()[0])


def test_nothing_is_readable_without_the_passphrase(rpp: Rpp, codes: dict[str, str], tmp_path: Path) -> None:
    wanted = results(tmp_path, [(c, "Kumquat") for c in list(codes)[:20]])
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    rpp.returning.give_back(DORA, "absence", wanted)
    box = wanted.out.read_bytes()
    assert b"Kumquat" not in box
    assert not any(identifier.encode() in box for identifier in codes.values())
    for path in {p for p in tmp_path.rglob("*") if p.is_file()} - before:
        assert b"Kumquat" not in path.read_bytes(), path
    assert len(opened(wanted.out, passphrase=PHRASE)) == 20
    with pytest.raises(Invalid, match="another one's"):
        opened(wanted.out, passphrase=PHRASE + "!")
    with pytest.raises(Invalid, match="another one's"):
        open_box(box[:-1] + bytes([box[-1] ^ 1]), passphrase=PHRASE)


def test_typing_errors_are_named_by_row_and_nothing_is_written(
    rpp: Rpp, codes: dict[str, str], tmp_path: Path
) -> None:
    some = list(codes)[:10]
    wrong = some[3][:4] + ("A" if some[3][4] != "A" else "B") + some[3][5:]
    swapped = (
        some[6][:2] + some[6][3] + some[6][2] + some[6][4:] if some[6][2] != some[6][3] else some[6][:-1]
    )
    rows: list[tuple[object, ...]] = [(c, 1) for c in some]
    rows[3], rows[6], rows[8] = (wrong, 1), (swapped, 1), (f" {some[8].lower()} ", 1)  # the last is none
    wanted = results(tmp_path, rows)
    with pytest.raises(ActionRefused, match=r"row 4, 7, counted") as refused:
        rpp.returning.give_back(DORA, "absence", wanted)
    assert refused.value.code == "mistyped-code"
    assert not wanted.out.exists()
    assert "return:make" not in acts(rpp)
    made = rpp.returning.give_back(DORA, "absence", replace(wanted, skip_mistyped=True))
    assert (made.returned, made.mistyped) == (8, (4, 7))


def test_codes_given_to_nobody_are_counted_and_left_out(
    rpp: Rpp, codes: dict[str, str], tmp_path: Path
) -> None:
    from rpp_review.codes import code

    some = list(codes)[:5]
    stranger = next(c for n in range(100) if (c := code("S", n)) not in codes)
    wanted = results(tmp_path, [*((c, 1) for c in some), (stranger, 1), ("", 1)])
    made = rpp.returning.give_back(DORA, "absence", wanted)
    assert (made.rows, made.returned, made.unmatched, made.blank) == (7, 5, 1, 1)
    assert len(opened(wanted.out, passphrase=PHRASE)) == 5


def test_another_projects_codes_are_refused(rpp: Rpp, codes: dict[str, str], tmp_path: Path) -> None:
    foreign = list(rpp.cutting._vault.crosswalks.load("pathways").codes("student").values())[:2]
    wanted = results(tmp_path, [*((c, 1) for c in list(codes)[:5]), *((c, 1) for c in foreign)])
    with pytest.raises(ActionRefused, match="another project") as refused:
        rpp.returning.give_back(DORA, "absence", wanted)
    assert refused.value.code == "code-of-another-project"
    assert not wanted.out.exists()


def test_what_a_spreadsheet_would_run_is_made_harmless(
    rpp: Rpp, codes: dict[str, str], tmp_path: Path
) -> None:
    evil = ['=HYPERLINK("http://x")', "+1+1", "@SUM(A1)", "-2+3", "\t=1", "|cmd", " =1", "-2.5", "12"]
    rows: list[tuple[object, ...]] = [(c, e) for c, e in zip(codes, evil, strict=False)]
    wanted = results(tmp_path, rows)
    rpp.returning.give_back(DORA, "absence", wanted)
    values = [r["risk"] for r in opened(wanted.out, passphrase=PHRASE)]
    assert values[:7] == [f"'{e}" for e in evil[:7]]
    assert values[7:] == ["-2.5", "12"]


def test_the_log_says_how_many_and_for_whom_and_no_value(
    rpp: Rpp, codes: dict[str, str], tmp_path: Path
) -> None:
    wanted = results(tmp_path, [(c, 1) for c in list(codes)[:3]])
    made = rpp.returning.give_back(DORA, "absence", wanted)
    event = rpp.auditing.events(SETUP, AuditFilter(limit=1))[0]
    assert (event.act, event.subject) == ("return:make", "project:absence")
    assert json.loads(event.detail) == {
        "rows": 3, "returned": 3, "unmatched": 0, "mistyped": 0, "blank": 0, "recipient": "passphrase", "sha256": made.sha256,
    }  # fmt: skip


def test_without_a_key_or_passphrase_nothing_leaves(rpp: Rpp, codes: dict[str, str], tmp_path: Path) -> None:
    wanted = results(tmp_path, [(c, 1) for c in list(codes)[:3]])
    with pytest.raises(Invalid, match="return_key"):
        rpp.returning.give_back(DORA, "absence", replace(wanted, passphrase=""))
    with pytest.raises(Invalid, match="too short"):
        rpp.returning.give_back(DORA, "absence", replace(wanted, passphrase="short"))


@pytest.mark.parametrize("name", ["rosa", "paula", "vera", "otto", "dirk", "ada"])
def test_only_a_data_manager_returns(rpp: Rpp, tmp_path: Path, name: str) -> None:
    with pytest.raises(NotPermitted):
        rpp.returning.give_back(actor(name), "absence", results(tmp_path, [("x", 1)]))
    assert "return:make" not in acts(rpp)


def test_a_file_without_codes_is_refused(rpp: Rpp, codes: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no column of project codes"):
        rpp.returning.give_back(DORA, "absence", results(tmp_path, [("a", 1), ("b", 2)]))


def test_a_file_that_is_there_is_overwritten_only_by_force(
    rpp: Rpp, codes: dict[str, str], tmp_path: Path
) -> None:
    wanted = results(tmp_path, [(c, 1) for c in list(codes)[:3]])
    wanted.out.write_bytes(b"kept")
    with pytest.raises(ActionRefused, match="--force") as refused:
        rpp.returning.give_back(DORA, "absence", wanted)
    assert refused.value.code == "file-exists"
    assert wanted.out.read_bytes() == b"kept"
    assert "return:make" not in acts(rpp)
    rpp.returning.give_back(DORA, "absence", replace(wanted, force=True))
    assert len(opened(wanted.out, passphrase=PHRASE)) == 3
