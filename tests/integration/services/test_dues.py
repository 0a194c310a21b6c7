"""What is due, from the register's rows, for each person; and the end of a project followed up to the district's word."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from rpp_hub.domain.attestations import AttestationKind, AttestationTerms
from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.store.model_clocks import Ending
from rpp_hub.store.model_projects import ProjectRound
from rpp_hub.store.models import Cut, Destruction, Project
from sqlalchemy import delete, event, select

from tests.factories import NOW, SETUP, World, actor

TODAY = NOW.date()


def seen(world: World, person: str) -> list[tuple[str, str, bool]]:
    return [(d.kind, d.subject, d.mine) for d in world.dues.seen_by(actor(person))]


def alter(world: World, project: str, **changes: object) -> None:
    with world.store.act(SETUP, "project:edit", f"project:{project}") as act:
        for name, value in changes.items():
            setattr(act.session.get(Project, project), name, value)


def test_nothing_is_due_where_all_is_in_order(world: World) -> None:
    for person in ("dora", "rosa", "paula", "vera", "dirk", "otto", "ada", "stranger"):
        assert seen(world, person) == []


def test_ends_are_told_to_their_people_before_they_come(world: World) -> None:
    alter(world, "alpha", irb_ends=TODAY + timedelta(days=29), agreement_ends=TODAY + timedelta(days=30))
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY + timedelta(days=10))
    assert seen(world, "rosa") == [
        ("training", "rosa", True), ("irb", "alpha", True), ("agreement", "alpha", True),
    ]  # fmt: skip
    for person in ("dora", "dirk"):
        assert seen(world, person) == [
            ("training", "rosa", False), ("irb", "alpha", False), ("agreement", "alpha", False),
        ]  # fmt: skip
    assert seen(world, "paula") == [("agreement", "alpha", False)]
    assert seen(world, "remy") == seen(world, "vera") == seen(world, "otto") == []


def test_an_approved_project_without_data_is_due_within_thirty_days(world: World) -> None:
    with world.store.act(SETUP, "cut:build", "project:alpha") as act:
        act.session.execute(delete(Cut).where(Cut.project == "alpha"))
    alter(world, "alpha", decided_at=datetime(2026, 10, 1, tzinfo=UTC))
    (due,) = world.dues.seen_by(actor("dora"))
    assert (due.kind, due.on, due.mine, due.late) == ("transfer", date(2026, 10, 31), True, True)
    assert seen(world, "rosa") == [("transfer", "alpha", False)]


def test_an_application_waits_for_its_sponsor(world: World) -> None:
    alter(world, "alpha", status="applied")
    with world.store.act(SETUP, "project:edit", "project:alpha") as act:
        (once,) = act.session.scalars(select(ProjectRound).where(ProjectRound.project == "alpha"))
        once.sent_at, once.answered_at = datetime(2026, 11, 1, tzinfo=UTC), None
    assert seen(world, "paula") == [("application", "alpha", True)]
    assert world.dues.seen_by(actor("paula"))[0].on == date(2026, 12, 27)
    assert seen(world, "rosa") == []


def test_an_examined_request_waits_for_those_who_may_review_it(world: World) -> None:
    view = world.examined()
    assert seen(world, "vera") == [("review", view.name, True)]
    world.finish("vera", view)
    assert seen(world, "vera") == []
    assert seen(world, "viktor") == [("review", view.name, True)]
    assert seen(world, "dirk") == [("review", view.name, False)]


def test_a_paper_waits_for_another_data_manager(world: World) -> None:
    terms = AttestationTerms(AttestationKind.TRAINING, date(2026, 1, 1), date(2028, 1, 1))
    world.attestations.send(actor("dora"), "dora", terms, "x.pdf", b"%PDF-1")
    assert seen(world, "dora") == []
    sent = world.attestations.send(actor("rosa"), "rosa", terms, "x.pdf", b"%PDF-1")
    assert seen(world, "dora") == [("paper", sent.name, True)]
    assert seen(world, "dirk") == []


def end(world: World, project: str = "alpha") -> None:
    world.projects.close(actor("dora"), project, "done")
    with world.store.act(SETUP, "project:edit", f"project:{project}") as act:
        act.session.get_one(Ending, project).ended_on = TODAY


def destroyed(world: World, project: str = "alpha") -> None:
    """As vault:destroy leaves it; what it does to files is tested where it is done."""
    with world.store.act(SETUP, "vault:destroy", f"project:{project}") as act:
        act.session.add(
            Destruction(project=project, certificate={}, signature="", destroyed_by="dora", destroyed_at=NOW)
        )


def test_an_ended_projects_data_is_followed_until_the_district_confirms_that_it_is_gone(world: World) -> None:
    end(world)
    (due,) = world.dues.seen_by(actor("dora"))
    assert (due.kind, due.on, due.mine) == ("destruction", TODAY + timedelta(days=7), True)
    assert seen(world, "paula") == seen(world, "dirk") == [("destruction", "alpha", False)]
    with pytest.raises(ActionRefused) as caught:
        world.dues.confirm_destruction(actor("paula"), "alpha")
    assert caught.value.code == "not-destroyed"
    destroyed(world)
    assert seen(world, "dora") == [("confirmation", "alpha", False)]
    assert seen(world, "paula") == [("confirmation", "alpha", True)]
    for person in ("dora", "dirk", "rosa", "vera"):
        with pytest.raises(NotPermitted):
            world.dues.confirm_destruction(actor(person), "alpha")
    world.dues.confirm_destruction(actor("paula"), "alpha")
    assert seen(world, "paula") == seen(world, "dora") == []
    with pytest.raises(ActionRefused):
        world.dues.confirm_destruction(actor("paula"), "alpha")


def test_an_agreement_that_ran_out_is_an_end_too(world: World) -> None:
    alter(world, "alpha", agreement_ends=TODAY - timedelta(days=8))
    (due,) = world.dues.seen_by(actor("dora"))
    assert (due.kind, due.late) == ("destruction", True)


def test_what_is_due_takes_as_many_queries_for_many_projects_as_for_few(world: World) -> None:
    counts = []
    for number in range(2):
        asked: list[str] = []

        def count(
            _connection: object, _cursor: object, statement: str, *_: object, asked: list[str] = asked
        ) -> None:
            asked.append(statement)

        event.listen(world.store._reader, "before_cursor_execute", count)
        world.dues.seen_by(actor("dirk"))
        event.remove(world.store._reader, "before_cursor_execute", count)
        counts.append(len(asked))
        for extra in range(5):
            world.project(f"more{number}{extra}", "rosa")
            alter(world, f"more{number}{extra}", irb_ends=TODAY)
    asked.clear()
    event.listen(world.store._reader, "before_cursor_execute", count)
    found = world.dues.seen_by(actor("dirk"))
    assert len(found) == 10
    assert (
        len(asked) <= counts[0] + 3
    )  # members of projects, and of requests, are asked for only where there are any
