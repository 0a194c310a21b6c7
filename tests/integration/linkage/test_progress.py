"""Whoever waits for long work is told where it is: the service says each step, and a terminal shows it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.cli.progress import shown_progress
from rpp_hub.linkage.columns import By
from rpp_hub.services.linking import Survey
from rpp_hub.services.returning import Wanted
from rpp_hub.synthetic import write_district

from tests.integration.linkage.conftest import DORA, Person, write_survey


@dataclass
class Told:
    """What was told, step after step."""

    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, what: str, done: int, total: int) -> None:
        self.steps.append((what, done, total))


def _receive(rpp: Rpp, folder: Path, people: list[Person], told: Told) -> None:
    write_district(folder / "district", students=30)
    drop = next((folder / "district").glob("*_staff")).rename(folder / "203001_staff")
    rpp.warehousing.receive(DORA, drop, "bayview", progress=told)


def _check(rpp: Rpp, folder: Path, people: list[Person], told: Told) -> None:
    rpp.warehousing.check(DORA, "bayview", progress=told)


def _build(rpp: Rpp, folder: Path, people: list[Person], told: Told) -> None:
    rpp.warehousing.build(DORA, "bayview", told)


def _cut(rpp: Rpp, folder: Path, people: list[Person], told: Told) -> None:
    rpp.cutting.build(DORA, "absence", told)


def _link(rpp: Rpp, folder: Path, people: list[Person], told: Told) -> None:
    rows = [(p.first_name, p.last_name, p.birth_date, 1) for p in people[:20]]
    file = write_survey(folder / "mindset.csv", ("first_name", "last_name", "birth_date", "grit"), rows)
    rpp.linking.link(DORA, "absence", Survey(file, By.NAME), told)


def _give_back(rpp: Rpp, folder: Path, people: list[Person], told: Told) -> None:
    rpp.cutting.build(DORA, "absence")
    code = next(iter(rpp.cutting._vault.crosswalks.load("absence").codes("student").values()))
    file = write_survey(folder / "risk.csv", ("student", "risk"), [(code, 1)])
    rpp.returning.give_back(
        DORA, "absence", Wanted(file, folder / "out", passphrase="five random words"), told
    )


@pytest.mark.parametrize("act", [_receive, _check, _build, _cut, _link, _give_back])
def test_long_work_says_each_step_and_how_many_there_are(
    act: Callable[[Rpp, Path, list[Person], Told], None], rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    told = Told()
    act(rpp, tmp_path, people, told)
    assert len({what for what, _, _ in told.steps}) >= 3
    assert all(what and 0 <= done <= total for what, done, total in told.steps)
    values = {v for p in people for v in (p.student_id, p.last_name)}
    assert not [what for what, _, _ in told.steps if any(v in what for v in values)]


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_step_and_a_pipe_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setenv("TERM", "xterm")
        with shown_progress() as progress:
            progress("scrambling attendance", 1, 2)
        assert ("scrambling attendance" in screen.getvalue()) is shown
