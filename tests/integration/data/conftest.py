"""Real installations with a small synthetic district: empty, or with its files received and its masters built."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.bootstrap import Rpp, initialise, open_installation
from rpp_hub.cli import main
from rpp_hub.domain.permissions import Role
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.synthetic import Summary, write_district

from tests import approving
from tests.factories import FAR, SETUP, actor, umbrella
from tests.harness import remove

STUDENTS = 150
CONFIG = '[districts.bayview]\ntitle = "Bayview"\n'
PEOPLE = {
    "dora": Role.DATA_MANAGER, "paula": Role.PRACTITIONER, "vera": Role.OUTPUT_REVIEWER,
    "otto": Role.OPERATOR, "dirk": Role.DIRECTOR, "ada": Role.AUDITOR, "rosa": None,
}  # fmt: skip

APPLICATION = """\
project: {project}
title: Absence by grade
district: bayview
sponsor: paula
questions: ["How does absence differ by grade?"]
irb: {{number: IRB-1, ends: 2030-06-30}}
agreement: {{ends: 2030-12-31}}
tables:
  student_demographics:
    fields:
      - {{name: student_id, rationale: to follow students}}
      - {{name: sex, rationale: the groups}}
      - {{name: birth_date, rationale: age}}
      - {{name: first_name, rationale: asked for in error}}
  student_classifications:
    fields:
      - {{name: student_id, rationale: to follow students}}
      - {{name: school_year, rationale: the years}}
      - {{name: grade_level, rationale: the groups}}
      - {{name: total_days_absent, rationale: the outcome}}
      - {{name: frpl, rationale: asked for in error}}
years: [2020, 2023]
cohort: {{table: student_classifications, where: "6 <= grade_level <= 8"}}
members: [{{person: rosa, role: lead}}]
"""


def make_home(home: Path) -> Rpp:
    """An installation with everybody, and no data."""
    initialise(home, CONFIG)
    rpp = open_installation(home)
    umbrella(rpp.umbrellas, rpp.signing)
    for name, role in PEOPLE.items():
        rpp.people.add(SETUP, name, name.title(), institutions=["bayview"], roles=[role] if role else [])
        rpp.people.certify(SETUP, name, training_ends=FAR, access_signed=date(2026, 1, 1))
    return rpp


def approve(rpp: Rpp, project: str = "absence", application: str = "") -> None:
    """A project that may have a cut."""
    approving.approve(rpp, project, application or APPLICATION.format(project=project))


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    """The district's two deliveries, and what is wrong with them."""
    folder = tmp_path_factory.mktemp("district")
    return folder, write_district(folder, students=STUDENTS)


@pytest.fixture(scope="session")
def templates(
    district: tuple[Path, Summary], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Path]]:
    """Homes to copy: `empty`, and `built` with an approved project."""
    folder = tmp_path_factory.mktemp("homes")
    make_home(folder / "empty").store.close()
    _copy(folder / "empty", folder / "built")
    rpp = open_installation(folder / "built")
    for drop in sorted(district[0].iterdir()):
        rpp.warehousing.receive(actor("dora"), drop, "bayview")
    rpp.warehousing.build(actor("dora"), "bayview")
    approve(rpp)
    rpp.store.close()
    yield {"empty": folder / "empty", "built": folder / "built"}
    remove(folder)


@pytest.fixture
def home(templates: dict[str, Path], tmp_path: Path) -> Iterator[Path]:
    """An installation with masters and one approved project without a cut."""
    yield _copy(templates["built"], tmp_path / "home")
    remove(tmp_path / "home")


@pytest.fixture
def rpp(home: Path) -> Iterator[Rpp]:
    """The same, opened."""
    yield from _opened(home)


@pytest.fixture
def empty(templates: dict[str, Path], tmp_path: Path) -> Iterator[Rpp]:
    """An installation that has received nothing."""
    yield from _opened(_copy(templates["empty"], tmp_path / "empty"))
    remove(tmp_path / "empty")


def _opened(home: Path) -> Iterator[Rpp]:
    rpp = open_installation(home)
    yield rpp
    rpp.store.close()


def _copy(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, symlinks=True)
    return target


def contents(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder with its bytes, links with where they point."""
    return {
        str(p.relative_to(folder)): os.readlink(p) if p.is_symlink() else p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_symlink() or p.is_file()
    }


def acts(rpp: Rpp) -> list[str]:
    """The audit log's acts, in order."""
    return [event.act for event in reversed(rpp.auditing.events(SETUP, AuditFilter(limit=1000)))]


@dataclass
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """`rpp` on the built home, as dora."""
    monkeypatch.setenv("RPP_HOME", str(home))
    monkeypatch.setenv("RPP_ACTOR", "dora")
    mask = os.umask(0o077)

    def command(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["rpp", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    yield command
    os.umask(mask)
