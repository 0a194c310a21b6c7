"""A reviewer's desk says of each request what the rules say of it, however many there are."""

from __future__ import annotations

from rpp_hub.domain.lifecycle import Action, Verdict
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import Role
from rpp_hub.services.desk import Desk
from rpp_hub.services.request_lines import RequestLine

from tests.factories import SETUP, World, actor


def names(lines: tuple[RequestLine, ...]) -> list[str]:
    return [line.name for line in lines]


def desk(world: World, who: str = "vera") -> Desk:
    return world.requests.desk(actor(who))


def test_each_request_lies_where_its_state_puts_it(world: World) -> None:
    finished, begun, fresh, raw = world.examined(), world.examined(), world.examined(), world.submit()
    world.finish("vera", finished)
    verdicts = {i.identity: Verdict.APPROVE for i in begun.items}
    world.reviewing.save(actor("vera"), begun.name, 1, verdicts, {})
    found = desk(world)
    assert names(found.waiting) == [fresh.name]
    assert names(found.under_way) == [begun.name]
    assert names(found.examined_soon) == [raw.name]
    assert names(found.done) == [finished.name]
    assert found.not_mine == ()


def test_a_member_and_the_maker_of_the_cut_are_told_why_it_is_not_theirs(world: World) -> None:
    world.person("mia", Role.OUTPUT_REVIEWER)
    world.projects.add_member(actor("dora"), "alpha", "mia")
    request = world.examined()
    ((line, why),) = desk(world, "mia").not_mine
    assert (line.name, why.code) == (request.name, "reviewer-is-member")


def test_it_agrees_with_the_rules_of_the_act(world: World) -> None:
    views = [world.examined() for _ in range(3)]
    world.finish("viktor", views[0])
    world.finish("zoe", views[0])
    world.finish("viktor", views[1])
    for reviewer in ("vera", "viktor", "zoe"):
        may = {v.name for v in views if not world.requests.refusals(actor(reviewer), v.name, Action.REVIEW)}
        found = desk(world, reviewer)
        assert {*names(found.waiting), *names(found.under_way)} == may, reviewer


def test_reading_lists_takes_as_many_queries_for_many_rows_as_for_one(world: World) -> None:
    from sqlalchemy import event

    asked: list[str] = []

    @event.listens_for(world.store._reader, "before_cursor_execute")
    def _noted(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    def queries() -> tuple[int, ...]:
        counts = []
        for read in (
            lambda: desk(world),
            lambda: world.requests.page(actor("vera"), PageAt()),
            lambda: world.projects.lines(SETUP, PageAt()),
            lambda: world.projects.own(actor("rosa")),
        ):
            asked.clear()
            read()
            counts.append(len(asked))
        return tuple(counts)

    world.examined()
    few = queries()
    for _ in range(6):
        world.examined()
    assert queries() == few
