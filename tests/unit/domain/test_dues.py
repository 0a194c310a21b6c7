"""What is due: every clock counts from its day, is late on the day after its last, and is told to whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.dues import (
    Clocks,
    DueKind,
    Facts,
    PaperFacts,
    PersonFacts,
    ProjectFacts,
    ReviewFacts,
    SignatureFacts,
    UmbrellaFacts,
    dues,
    dues_of,
)
from rpp_hub.domain.permissions import Role

TODAY = date(2026, 11, 24)
CLOCKS = Clocks()
MANAGER, DIRECTOR, REVIEWER = {Role.DATA_MANAGER}, {Role.DIRECTOR}, {Role.OUTPUT_REVIEWER}


def days(number: int) -> timedelta:
    return timedelta(days=number)


def held(roles: Collection[Role]) -> Callable[[str], Collection[Role]]:
    """The same roles for every district."""
    return lambda _district: roles


def project(**changes: object) -> ProjectFacts:
    known: dict[str, object] = {
        "name": "alpha", "sponsor": "paula", "lead": "rosa", "members": frozenset({"rosa", "ben"}), "has_cut": True,
    }  # fmt: skip
    return ProjectFacts(**{**known, **changes})  # type: ignore[arg-type]


CLOCK_ROWS: tuple[tuple[Facts, DueKind, date], ...] = (
    (project(answer_by=TODAY, has_cut=False), DueKind.APPLICATION, TODAY),
    (
        SignatureFacts("a0001", "project", "alpha", TODAY, "bayview", frozenset({"rosa"})),
        DueKind.SIGNATURE,
        TODAY + days(14),
    ),
    (project(approved=TODAY, has_cut=False), DueKind.TRANSFER, TODAY + days(30)),
    (project(irb_ends=TODAY + days(30)), DueKind.IRB, TODAY + days(30)),
    (project(agreement_ends=TODAY + days(30)), DueKind.AGREEMENT, TODAY + days(30)),
    (project(ended=TODAY), DueKind.DESTRUCTION, TODAY + days(7)),
    (project(ended=TODAY, destroyed=TODAY), DueKind.CONFIRMATION, TODAY + days(14)),
    (PersonFacts("rosa", training_ends=TODAY), DueKind.TRAINING, TODAY),
    (PersonFacts("rosa", access_agreement_ends=TODAY), DueKind.ACCESS_AGREEMENT, TODAY),
    (PersonFacts("rosa", third_party_ends=TODAY), DueKind.THIRD_PARTY, TODAY),
    (PersonFacts("rosa", partner_until=TODAY), DueKind.INSTITUTION, TODAY),
    (ReviewFacts("r0001", "alpha", TODAY, frozenset({"dora"})), DueKind.REVIEW, TODAY + days(5)),
    (PaperFacts("d0001", "rosa", "training", TODAY), DueKind.PAPER, TODAY + days(5)),
    (UmbrellaFacts("bayview", TODAY), DueKind.UMBRELLA, TODAY),
)


@pytest.mark.parametrize(("fact", "kind", "on"), CLOCK_ROWS, ids=[row[1] for row in CLOCK_ROWS])
def test_each_clock_has_its_last_day_and_is_late_after_it(fact: Facts, kind: DueKind, on: date) -> None:
    (due,) = dues([fact], CLOCKS, TODAY)
    assert (due.kind, due.on) == (kind, on)
    assert not due.late(on)
    assert due.late(on + days(1))
    assert due.sentence.endswith(".")


def test_every_kind_of_clock_is_tried_here() -> None:
    assert {row[1] for row in CLOCK_ROWS} == set(DueKind) - {
        DueKind.EXCEPTION
    }  # below: it comes with an application


@pytest.mark.parametrize(
    "fact",
    [
        project(irb_ends=TODAY + days(31)),
        project(agreement_ends=TODAY + days(31)),
        project(approved=TODAY, has_cut=True),
        project(ended=TODAY, has_cut=False),
        project(ended=TODAY, destroyed=TODAY, confirmed=True),
        PersonFacts("rosa", training_ends=TODAY + days(31), partner_until=date.max),
        PersonFacts("rosa", partner_until=TODAY, third_party_ends=TODAY + days(365)),
        UmbrellaFacts("bayview", TODAY + days(31)),
    ],
)
def test_what_is_far_off_or_settled_is_not_listed(fact: Facts) -> None:
    assert dues([fact], CLOCKS, TODAY) == ()


def test_an_end_is_told_to_those_it_closes_the_workspace_of() -> None:
    found = dues([project(agreement_ends=TODAY)], CLOCKS, TODAY)
    for person, roles in (
        ("rosa", set()),
        ("ben", set()),
        ("paula", set()),
        ("dora", MANAGER),
        ("dirk", DIRECTOR),
    ):
        assert len(dues_of(found, person, held(roles))) == 1, person
    assert dues_of(found, "remy", held(set())) == ()
    assert dues_of(found, "vera", held(REVIEWER)) == ()


def test_the_director_sees_what_ends_within_thirty_days() -> None:
    facts = [row[0] for row in CLOCK_ROWS]
    seen = {d.kind for d in dues_of(dues(facts, CLOCKS, TODAY), "dirk", held(DIRECTOR))}
    assert seen == set(DueKind) - {DueKind.PAPER, DueKind.EXCEPTION}


def test_a_name_for_linkage_waits_for_the_director_as_long_as_the_application_waits() -> None:
    found = dues([project(answer_by=TODAY, open_exceptions=("first_name",))], CLOCKS, TODAY)
    assert {d.kind for d in dues_of(found, "dirk", held(DIRECTOR))} == {
        DueKind.EXCEPTION,
        DueKind.APPLICATION,
    }
    (mine,) = [d for d in found if d.kind is DueKind.EXCEPTION]
    assert mine.doers.holds("dirk", DIRECTOR)
    assert not mine.doers.holds("dora", MANAGER)


def test_a_paper_is_signed_by_those_it_names_and_by_a_role_of_its_district() -> None:
    facts = SignatureFacts(
        "a0001", "umbrella", "bayview", TODAY, "bayview", roles=frozenset({Role.PRACTITIONER})
    )
    (due,) = dues([facts], CLOCKS, TODAY)
    assert due.district == "bayview"
    assert due.doers.holds("paula", {Role.PRACTITIONER})
    assert dues_of([due], "pia", lambda _district: ()) == ()


def test_who_may_not_review_is_not_asked_to() -> None:
    found = dues([ReviewFacts("r0001", "alpha", TODAY, frozenset({"dora"}))], CLOCKS, TODAY)
    assert dues_of(found, "vera", held(REVIEWER))
    assert dues_of(found, "dora", held(REVIEWER | MANAGER)) == ()


def test_who_sent_a_paper_is_not_asked_to_confirm_it() -> None:
    found = dues([PaperFacts("d0001", "dora", "training", TODAY)], CLOCKS, TODAY)
    assert dues_of(found, "dora", held(MANAGER)) == ()
    assert dues_of(found, "dolly", held(MANAGER))


_day = st.none() | st.dates(TODAY - days(400), TODAY + days(400))
_projects = st.builds(
    ProjectFacts, st.just("alpha"), st.just("paula"), st.just("rosa"), answer_by=_day, approved=_day,
    has_cut=st.booleans(), irb_ends=_day, agreement_ends=_day, ended=_day, destroyed=_day, confirmed=st.booleans(),
)  # fmt: skip
_people = st.builds(PersonFacts, st.just("rosa"), _day, _day, _day, _day)


@given(st.lists(_projects | _people, max_size=8))
def test_the_most_urgent_comes_first_and_everything_has_somebody_whose_move_it_is(facts: list[Facts]) -> None:
    found = dues(facts, CLOCKS, TODAY)
    assert [d.on for d in found] == sorted(d.on for d in found)
    assert all(d.doers.people or d.doers.roles for d in found)
