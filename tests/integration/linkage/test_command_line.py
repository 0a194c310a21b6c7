"""Linking, returning and the vault on the command line: from a survey to the district's file and the project's end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.cli import main

from tests.integration.linkage.conftest import Person, write_survey


@dataclass
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`rpp` on the home, as dora unless somebody else is named."""
    monkeypatch.setenv("RPP_HOME", str(home))

    def command(*arguments: object, actor: str = "dora") -> Ended:
        monkeypatch.setattr(sys, "argv", ["rpp", "--actor", actor, *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return command


def test_the_doubtful_are_reviewed_on_the_command_line(
    run: Run, people: list[Person], tmp_path: Path
) -> None:
    rows = [(p.first_name, p.last_name, p.birth_date, 1) for p in people[:10]]
    rows.append((people[12].first_name, "Completelyother", people[12].birth_date, 2))
    file = write_survey(tmp_path / "mindset.csv", ("first_name", "last_name", "birth_date", "grit"), rows)
    made = run("link", "absence", file, "--by", "name", "--json")
    assert made.code == 0, made.err
    name = json.loads(made.out)["name"]
    assert "1 doubtful pair" in run("link", "show", "absence", name).out
    review = run("link", "review", "absence", name).out
    assert f"≠ {people[12].last_name}" in review
    assert f"on record under {people[12].student_id}" in review
    early = run("link", "finish", "absence", name)
    assert (early.code, "[undecided-pairs]" in early.err) == (3, True)
    assert run("link", "accept", "absence", name, 7).code == 4
    assert "none left" in run("link", "reject", "absence", name, 1).out
    assert "finished" in run("link", "finish", "absence", name).out
    assert "mindset: 10 rows" in run("cut", "build", "absence").out
    assert "finished" in run("link", "list", "absence").out
    assert run("link", "withdraw", "absence", name).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--by", "identifier", "--column", "nonsense"), 2, "bad-column"),
        (("--column", "student_id=nothing"), 2, "no-such-column"),
        (("--table", "Bad Name"), 2, "bad-table-name"),
        ((), 2, "no-identifier-column"),
        (("--by", "name"), 2, "no-name-column"),
    ],
)
def test_what_cannot_be_linked_is_told(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    file = write_survey(tmp_path / "s.csv", ("number", "answer"), [("1", "2")])
    ended = run("link", "absence", file, *arguments)
    assert ended.code == code
    assert f"[{said}]" in ended.err
    assert ended.err.count("\n") == 1


def test_results_go_to_the_district_and_the_key_to_its_end(
    run: Run, rpp: Rpp, home: Path, tmp_path: Path
) -> None:
    private, box, out = tmp_path / "district.key", tmp_path / "risk.sealed", tmp_path / "risk.csv"
    public = run("return", "keygen", private).out.strip()
    assert private.stat().st_mode & 0o077 == 0
    config = home / "rpp.toml"
    config.write_text(f'[districts.bayview]\ntitle = "Bayview"\nreturn_key = "{public}"\n')
    codes = list(rpp.cutting._vault.crosswalks.load("pathways").codes("student").values())[:5]
    file = write_survey(
        tmp_path / "results.csv", ("student", "risk"), [*((c, 1) for c in codes), ("S-7K3M9QX2T-X", 1)]
    )
    refused = run("return", "pathways", file, "--to", box)
    assert (refused.code, "row 6" in refused.err, box.exists()) == (3, True, False)
    assert "5 of 6 rows" in run("return", "pathways", file, "--to", box, "--skip-mistyped").out
    assert run("return", "open", box, "--key", private, "--to", out).code == 0
    assert out.read_text(encoding="utf-8-sig").splitlines()[0] == "student_id,risk"
    assert run("return", "open", box, "--key", private, "--to", out).code == 1  # never over a file
    assert run("vault", "keygen", tmp_path / "new.key").code == 0
    assert run("vault", "rotate", "--new-key", tmp_path / "new.key").code == 3
    assert run("vault", "rotate", "--new-key", tmp_path / "new.key", actor="otto").code == 0
    assert run("vault", "destroy", "pathways", "--yes").code == 3
    assert run("project", "close", "pathways", "--yes").code == 0
    assert "certificate" in run("vault", "destroy", "pathways", "--yes", "--reason", "over").out
    assert "reason: over" in run("vault", "certificate", "pathways").out


def test_a_district_key_that_is_none_is_told(run: Run, rpp: Rpp, home: Path, tmp_path: Path) -> None:
    (home / "rpp.toml").write_text('[districts.bayview]\ntitle = "Bayview"\nreturn_key = "age1nonsense"\n')
    code = next(iter(rpp.cutting._vault.crosswalks.load("pathways").codes("student").values()))
    file = write_survey(tmp_path / "results.csv", ("student", "risk"), [(code, 1)])
    ended = run("return", "pathways", file, "--to", tmp_path / "x.sealed")
    assert (ended.code, "[bad-return-key]" in ended.err) == (2, True)
