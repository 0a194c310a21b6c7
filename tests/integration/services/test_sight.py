"""What somebody may know of is one rule: a list shows exactly what they would be shown one by one."""

from __future__ import annotations

import pytest
from rpp_hub.domain.agreements import PaperKind
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import PERMISSIONS, Permission, Role
from rpp_hub.services.project_lines import ProjectFilter
from rpp_hub.store.models import District, Project

from tests.factories import NOW, SETUP, World, actor

PEOPLE = ("rosa", "remy", "vera", "dora", "paula", "dirk", "otto", "ada", "olive", "owen")


@pytest.fixture
def two_districts(world: World) -> World:
    """A leader and a data manager of another district, to whom this one's projects are nothing."""
    world.institutions.add(SETUP, "hillside", "Hillside", InstitutionKind.DISTRICT, partner=True)
    for name, role in (("olive", Role.PRACTITIONER), ("owen", Role.DATA_MANAGER)):
        world.people.add(SETUP, name, name.title(), roles=[role], institutions=["hillside"])
    world.submit()
    world.submit(project="beta", author="remy")
    return world


@pytest.mark.parametrize("person", [*PEOPLE, SETUP.name])
def test_a_list_shows_what_is_shown_one_by_one(two_districts: World, person: str) -> None:
    world, who = two_districts, SETUP if person == SETUP.name else actor(person)

    def known(names: list[str], ask: object) -> set[str]:
        found = set()
        for name in names:
            try:
                ask(who, name)  # type: ignore[operator]
            except NotFound:
                continue
            found.add(name)
        return found

    requests = [line.name for line in world.requests.page(SETUP, PageAt())]
    papers = [line.name for line in world.agreements.lines(SETUP, PageAt())]
    assert len(requests) == 2
    assert papers
    assert known(requests, world.requests.seen_by) == {
        line.name for line in world.requests.page(who, PageAt())
    }
    assert {view.name for view in world.requests.list(who)} == known(requests, world.requests.seen_by)
    assert known(["alpha", "beta"], world.projects.seen_by) == {
        line.name for line in world.projects.lines(who, PageAt())
    }
    of_papers = known(papers, world.agreements.get)
    assert of_papers == {line.name for line in world.agreements.lines(who, PageAt())}
    assert of_papers == {view.name for view in world.agreements.page(who, PageAt())}
    umbrellas = world.agreements.lines(who, PageAt(), kind=str(PaperKind.UMBRELLA))
    assert {line.name for line in umbrellas} <= of_papers


def test_pages_of_projects_walked_through_are_the_whole_list(two_districts: World) -> None:
    """Of a leader who is a member elsewhere, too: each of the reasons to see a project fills pages of its own."""
    world = two_districts
    with world.store.act(SETUP, "project:edit", "project:beta") as act:
        act.session.add(District(name="hillside", title="Hillside", added_at=NOW))
        act.session.flush()
        act.session.get_one(Project, "beta").district = "hillside"
    world.project("gamma", "rosa")
    world.projects.add_member(actor("dora"), "alpha", "olive")
    for person, seen in (("olive", ["alpha", "beta"]), ("paula", ["alpha", "gamma"]), ("vera", [])):
        assert [view.name for view in world.projects.list(actor(person))] == seen
        for wanted in (ProjectFilter(), ProjectFilter(status="approved"), ProjectFilter(district="bayview")):
            at, walked = PageAt(limit=1), []
            for _ in range(4):
                page = world.projects.lines(actor(person), at, wanted)
                walked += [line.name for line in page]
                if not page.next:
                    break
                at = PageAt(page.next, 1)
            assert walked == [name for name in seen if not wanted.district or name != "beta"]


def test_another_district_sees_nothing_of_this_one(two_districts: World) -> None:
    for person in ("olive", "owen"):
        assert not list(two_districts.projects.lines(actor(person), PageAt()))
        assert not list(two_districts.agreements.lines(actor(person), PageAt()))


def test_whoever_reviews_reads_all_requests() -> None:
    """The desk asks nothing else of a reviewer."""
    for held in PERMISSIONS.values():
        assert Permission.REQUEST_REVIEW not in held or Permission.REQUEST_READ_ALL in held
