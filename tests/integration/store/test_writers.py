"""Writers that race and writers that die: nothing is lost, doubled or half done, on either database."""

from __future__ import annotations

import pytest
from rpp_hub.store.models import AuditRow, Person, Request
from sqlalchemy import select

from tests.factories import World
from tests.integration.store.conftest import Looker, Mortal
from tests.integration.store.mortal import ACTS


@pytest.mark.parametrize("act", ACTS)
def test_killed_at_any_statement_an_act_has_happened_wholly_or_not_at_all(
    world: World, mortal: Mortal, act: str
) -> None:
    looker = Looker(world.url)
    before, events = looker.everything(), world.store.head().seq
    moment, died_of = 0, []
    while True:
        (end,) = mortal(home=str(world.home), url=world.url, act=act, moment=moment)
        assert end["killed"], end
        now = looker.everything()
        assert world.store.verify_audit().ok
        died_of.append(moment)
        if now != before:
            break  # this moment was after the commit
        moment += 1
    assert len(died_of) > 4, "there are more statements than that between the beginning and the commit"
    assert world.store.head().seq > events
    assert len(now["audit"]) == world.store.head().seq
    looker.close()


def test_an_act_that_was_killed_succeeds_the_second_time(world: World, mortal: Mortal) -> None:
    (end,) = mortal(home=str(world.home), url=world.url, act="add a district", moment=3)
    assert end["killed"]
    (end,) = mortal(home=str(world.home), url=world.url, act="add a district", moment=None)
    assert end["status"] == 0
    assert {"COMMIT", "committed"} <= set(end["did"])
    assert world.store.verify_audit().ok


def test_ten_writers_at_once_lose_and_duplicate_nothing(world: World, mortal: Mortal) -> None:
    before = world.store.head().seq
    ends = mortal(home=str(world.home), url=world.url, writers=10)
    assert [end["status"] for end in ends] == [0] * 10
    done = [what for end in ends for what in end["did"]]
    assert len(done) == len(set(done)) == 10 * 5 * 2 + 5
    with world.store.read() as session:
        people = set(session.scalars(select(Person.name)))
        requests = {r.name for r in session.scalars(select(Request))}
        seqs = list(session.scalars(select(AuditRow.seq).order_by(AuditRow.seq)))
    assert set(done) <= people | requests
    assert len(requests) == 51
    assert sum(name.startswith("prize") for name in people) == 5
    assert seqs == list(range(1, before + len(done) + 1))
    assert world.store.verify_audit().ok
