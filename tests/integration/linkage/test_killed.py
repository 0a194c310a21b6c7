"""Kill -9 at any moment of link, a decision, finish, return, rotate and destroy: the old state or the new, and a second try succeeds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.linkage.columns import By
from rpp_hub.linkage.envelope import open_box
from rpp_hub.services.linking import Survey
from rpp_hub.services.returning import Wanted
from rpp_hub.vault.keys import write_master_key

from tests.factories import SETUP, actor
from tests.harness import remove
from tests.integration.data.conftest import acts, contents
from tests.integration.data.deaths import mortals
from tests.integration.data.test_killed import after_each_death, leftovers
from tests.integration.data.test_killed_words import after_each_word
from tests.integration.linkage.conftest import DORA, Person, write_survey

MORTAL = Path(__file__).with_name("mortal.py")
PHRASE = "five random words make it"


@pytest.fixture(scope="module")
def mortal() -> Iterator[Any]:
    """Does one act on a copy of a home, and dies of it."""
    with mortals(MORTAL) as do:
        yield do


@contextmanager
def at_every_moment(
    mortal: Any, template: Path, folder: Path, name: str, subject: str
) -> Iterator[Iterator[tuple[str, Rpp]]]:
    """As `after_each_death`, for acts that have few moments."""

    def copies() -> Iterator[tuple[str, Rpp]]:
        shutil.copytree(template, folder / "whole", symlinks=True)
        moments = mortal(folder / "whole", name, subject)["moments"]
        assert len(moments) > 5
        remove(folder / "whole")
        for moment, what in enumerate(moments):
            shutil.copytree(template, folder / "home", symlinks=True)
            mortal(folder / "home", name, subject, moment)
            rpp = open_installation(folder / "home")
            yield what, rpp
            assert rpp.auditing.verify(SETUP).ok
            rpp.store.close()
            remove(folder / "home")

    yield copies()


def survey_of(people: list[Person], folder: Path, *, doubtful: bool) -> Path:
    rows = [(p.first_name, p.last_name, p.birth_date, n) for n, p in enumerate(people[:20])]
    if doubtful:
        rows.append((people[25].first_name, "Completelyother", people[25].birth_date, 77))
    return write_survey(folder / "mindset.csv", ("first_name", "last_name", "birth_date", "grit"), rows)


def sealed_files(rpp: Rpp) -> int:
    folder = rpp.installation.vault_dir / "sealed" / "absence"
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_link(mortal: Any, template: Path, people: list[Person], tmp_path: Path) -> None:
    file = survey_of(people, tmp_path, doubtful=False)
    with after_each_death(mortal, template, tmp_path / "l", "link", str(file), 3) as deaths:
        seen = set()
        for moment, rpp in deaths:
            known = rpp.linking.list(DORA, "absence")
            seen.add(len(known))
            assert acts(rpp).count("link:make") == len(known), moment
            if not known:
                assert rpp.linking.link(DORA, "absence", Survey(file, By.NAME)).counts["linked"] == 20, moment
            assert rpp.cutting.build(DORA, "absence").rows["mindset"] == 20, moment
            assert sealed_files(rpp) == 1, moment
            assert leftovers(rpp.installation.cuts_dir("absence")) == []
    assert 0 in seen


def test_finish(mortal: Any, template: Path, people: list[Person], tmp_path: Path) -> None:
    file = survey_of(people, tmp_path, doubtful=True)
    shutil.copytree(template, tmp_path / "reviewed", symlinks=True)
    rpp = open_installation(tmp_path / "reviewed")
    name = rpp.linking.link(DORA, "absence", Survey(file, By.NAME)).name
    for view in rpp.linking.pairs(DORA, "absence", name):
        rpp.linking.decide(
            DORA, "absence", name, view.pair.number, accept=view.pair.person == 0 or view.pair.number == 1
        )
    rpp.store.close()
    with after_each_death(mortal, tmp_path / "reviewed", tmp_path / "f", "finish", name, 2) as deaths:
        seen = set()
        for moment, rpp in deaths:
            status = rpp.linking.get(DORA, "absence", name).status
            seen.add(status)
            assert acts(rpp).count("link:finish") == (status == "finished"), moment
            if status == "in review":
                assert rpp.linking.finish(DORA, "absence", name).counts["linked"] == 21, moment
            rpp.linking.withdraw(DORA, "absence", name)  # works at once: no lock is left behind
            assert sealed_files(rpp) == 0, moment
    assert "in review" in seen
    remove(tmp_path / "reviewed")


def test_a_decision_about_a_doubtful_pair(
    mortal: Any, template: Path, people: list[Person], tmp_path: Path
) -> None:
    file = survey_of(people, tmp_path, doubtful=True)
    shutil.copytree(template, tmp_path / "doubtful", symlinks=True)
    rpp = open_installation(tmp_path / "doubtful")
    view = rpp.linking.link(DORA, "absence", Survey(file, By.NAME))
    pair = rpp.linking.pairs(DORA, "absence", view.name)[0].pair.number
    rpp.store.close()
    subject = json.dumps([view.name, pair])
    with after_each_word(mortal, tmp_path / "doubtful", tmp_path / "w", "say", subject) as deaths:
        ends = set()
        for moment, rpp in deaths:
            said = [
                v.accepted for v in rpp.linking.pairs(DORA, "absence", view.name) if v.accepted is not None
            ]
            ends.add(bool(said))
            assert said in ([], [True]), moment
            assert acts(rpp).count("link:accept") == len(said), moment
            assert rpp.linking.get(DORA, "absence", view.name).undecided == view.pairs - len(said), moment
            again = rpp.linking.decide(DORA, "absence", view.name, pair, accept=True)
            assert again.undecided == view.pairs - 1, moment
    assert ends == {True, False}
    remove(tmp_path / "doubtful")


def test_return(mortal: Any, template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "cut", symlinks=True)
    (tmp_path / "cut" / "out").mkdir()
    rpp = open_installation(tmp_path / "cut")
    rpp.cutting.build(DORA, "absence")
    codes = list(rpp.cutting._vault.crosswalks.load("absence").codes("student").values())
    rpp.store.close()
    file = write_survey(tmp_path / "risk.csv", ("student", "risk"), [(c, "Kumquat") for c in codes])
    subject = json.dumps([str(file), PHRASE])
    with at_every_moment(mortal, tmp_path / "cut", tmp_path / "r", "give_back", subject) as deaths:
        for moment, rpp in deaths:
            out = rpp.installation.home / "out" / "risk.sealed"
            if out.exists():  # never without an event
                assert "return:make" in acts(rpp), moment
                assert open_box(out.read_bytes(), passphrase=PHRASE).count(b"Kumquat") == len(codes), moment
            for left in out.parent.iterdir():
                assert b"Kumquat" not in left.read_bytes(), moment
            rpp.returning.give_back(DORA, "absence", Wanted(file, out, passphrase=PHRASE, force=True))
            assert [p.name for p in out.parent.iterdir()] == ["risk.sealed"], moment
    remove(tmp_path / "cut")


def test_rotate_at_every_moment_there_is(mortal: Any, template: Path, tmp_path: Path) -> None:
    write_master_key(tmp_path / "new.key")
    rpp = open_installation(template)
    codes = rpp.cutting._vault.crosswalks.load("pathways").codes("student")
    rpp.store.close()
    with at_every_moment(mortal, template, tmp_path / "v", "rotate", str(tmp_path / "new.key")) as deaths:
        ends = set()
        for moment, rpp in deaths:
            happened = "vault:rotate" in acts(rpp)
            ends.add(happened)
            vault = contents(rpp.installation.vault_dir)
            assert (vault["master.key"] == (tmp_path / "new.key").read_bytes()) == happened, moment
            assert not [name for name in vault if name.endswith(".next") or name.startswith("rotation")], (
                moment
            )
            assert rpp.cutting._vault.crosswalks.load("pathways").codes("student") == codes, moment
            if not happened:
                rpp.vaulting.rotate(actor("otto"), tmp_path / "new.key")
                open_installation(rpp.installation.home).store.close()
    assert ends == {True, False}


def test_destroy(mortal: Any, template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "closed", symlinks=True)
    rpp = open_installation(tmp_path / "closed")
    rpp.projects.close(DORA, "pathways")
    rpp.store.close()
    with at_every_moment(mortal, tmp_path / "closed", tmp_path / "d", "destroy", "pathways") as deaths:
        ends = set()
        for moment, rpp in deaths:
            happened = "vault:destroy" in acts(rpp)
            ends.add(happened)
            left = [name for name in contents(rpp.installation.vault_dir) if "pathways" in name]
            assert bool(left) != happened, moment
            cuts = rpp.installation.cuts_dir("pathways")
            assert (rpp.cutting.verify("pathways") == ()) != happened, moment  # whole, or not there at all
            assert (cuts / "c0001" / "data").is_dir() != happened, moment
            made = (
                rpp.vaulting.certificate(DORA, "pathways")
                if happened
                else rpp.vaulting.destroy(DORA, "pathways")
            )
            assert not cuts.exists(), moment
            assert {p.name for p in made.folder.iterdir()} == {
                "certificate.json",
                "certificate.sig",
                "certificate.html",
            }, moment
    assert ends == {True, False}
    remove(tmp_path / "closed")
