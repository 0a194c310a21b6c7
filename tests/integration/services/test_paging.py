"""Lists a page at a time: every row once, in order, whatever comes or goes meanwhile."""

from __future__ import annotations

import pytest
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.paging import MOST, PageAt
from rpp_hub.services.accounts import Accounts, Identity

from tests.factories import SETUP, World, actor


def pages(world: World, who: str, limit: int) -> list[list[str]]:
    at, seen = PageAt(limit=limit), []
    while True:
        page = world.requests.page(actor(who), at)
        seen.append([line.name for line in page])
        if not page.next:
            return seen
        at = PageAt(page.next, limit)


def test_the_pages_of_a_list_hold_every_row_once_newest_first(world: World) -> None:
    names = [world.submit().name for _ in range(5)]
    assert pages(world, "vera", 2) == [names[:2:-1], names[2:0:-1], names[:1]]
    assert pages(world, "vera", 5) == [names[::-1]]


def test_a_page_shows_only_what_the_person_may_see(world: World) -> None:
    own = world.submit().name
    world.submit(project="beta", author="remy")
    assert pages(world, "rosa", 1) == [[own]]
    assert pages(world, "ada", 1) == [[]]


def test_a_row_that_comes_meanwhile_neither_repeats_nor_skips_another(world: World) -> None:
    names = [world.submit().name for _ in range(3)]
    first = world.requests.page(actor("vera"), PageAt(limit=2))
    world.submit()
    second = world.requests.page(actor("vera"), PageAt(first.next, 2))
    assert [line.name for line in (*first, *second)] == names[::-1]
    assert first.first
    assert not second.first


def test_a_line_says_what_the_request_itself_says(world: World) -> None:
    view = world.examined()
    world.finish("vera", view)
    line = world.requests.page(actor("vera"), PageAt()).items[0]
    whole = world.requests.seen_by(SETUP, view.name)
    for name in ("name", "project", "author", "status", "round", "file_name", "submitted_at", "examined_at"):
        assert getattr(line, name) == getattr(whole, name), name
    assert (line.reviewers_decided, line.reviewers_needed) == (1, 2)
    assert line.tally == whole.tally
    assert line.tally.items == len(whole.items)


@pytest.mark.parametrize("mark", ["x", "-1", "1.5", "٣", "9" * 10, "1;--"])
def test_a_mark_that_is_no_key_is_refused(world: World, mark: str) -> None:
    with pytest.raises(Invalid):
        world.requests.page(actor("vera"), PageAt(mark))


def test_no_page_is_longer_than_the_most(world: World) -> None:
    assert MOST == 500
    assert len(world.projects.page(SETUP, PageAt(limit=10**9))) == 2
    assert len(world.projects.page(SETUP, PageAt(limit=0))) == 1


def test_accounts_of_one_person_fall_on_two_pages_without_loss(world: World) -> None:
    accounts, dora = Accounts(world.store), actor("dora")
    for subject, person in (("1", "vera"), ("2", "ada"), ("3", "vera"), ("4", "rosa")):
        accounts.link_identity(SETUP, Identity("https://idp.example", subject), person)
    accounts.seen(Identity("https://idp.example", "5"))
    seen, at = [], PageAt(limit=1)
    while True:
        page = accounts.linked(dora, at)
        seen += [(a.person, a.subject) for a in page]
        if not page.next:
            break
        at = PageAt(page.next, 1)
    assert seen == [("ada", "2"), ("rosa", "4"), ("vera", "1"), ("vera", "3")]
    assert [a.subject for a in accounts.waiting(dora)] == ["5"]


@pytest.mark.parametrize("mark", ["vera", "vera:", "vera:x", "vera:-1"])
def test_a_mark_that_is_no_pair_is_refused(world: World, mark: str) -> None:
    with pytest.raises(Invalid):
        Accounts(world.store).linked(actor("dora"), PageAt(mark))
