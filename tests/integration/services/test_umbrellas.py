"""Umbrella agreements: proposed, signed by both sides here or elsewhere, in force for their time, amended."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.domain.agreements import EVERYTHING, FieldGroup, PaperStatus, Party, covers, last_day
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, Stale
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms, groups_from

from tests.factories import NOW, SETUP, World, actor

TODAY = NOW.date()
SCAN = b"%PDF-1.7 a scan of both signatures"


def elsewhere(party: Party, **changes: object) -> SignedElsewhere:
    given = {"party": party, "signer": "Superintendent Ada Hall", "signed_on": TODAY, "file": SCAN}
    return SignedElsewhere(**{**given, **changes})  # type: ignore[arg-type]


def test_it_holds_once_both_sides_have_signed_and_for_three_years(world: World) -> None:
    paper = world.umbrellas.propose(actor("dirk"), "bayview", UmbrellaTerms(TODAY))
    assert (paper.number, paper.ends) == (2, date(2029, 11, 23))
    assert world.umbrellas.in_force("bayview").number == 1  # type: ignore[union-attr]
    world.signing.sign(actor("paula"), paper.name, paper.document_sha256)
    half = world.umbrellas.versions("bayview")[0]
    assert (half.status, half.missing) == (PaperStatus.PROPOSED, (Party.UNIVERSITY,))
    done = world.signing.record(actor("dora"), paper.name, elsewhere(Party.UNIVERSITY))
    assert (done.status, done.missing) == (PaperStatus.SIGNED, ())
    assert [v.status for v in world.umbrellas.versions("bayview")] == ["signed", "replaced"]
    here, there = done.signatures
    assert (here.signer, here.file_sha256) == ("Paula", "")
    assert there.file_sha256 == hashlib.sha256(SCAN).hexdigest()
    assert world.papers.get(there.file_sha256) == SCAN
    assert hashlib.sha256(world.papers.get(here.document_sha256)).hexdigest() == paper.document_sha256
    for day, holds in ((TODAY, True), (date(2029, 11, 23), True), (date(2029, 11, 24), False)):
        assert (world.umbrellas.in_force("bayview", day) is not None) is holds


def test_a_renewal_that_begins_later_leaves_the_present_one_in_force(world: World) -> None:
    later = TODAY + timedelta(days=100)
    paper = world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(later, later + timedelta(days=9)))
    for party in paper.missing:
        world.signing.record(SETUP, paper.name, elsewhere(party))
    held = {d: world.umbrellas.in_force("bayview", later + timedelta(days=d)) for d in (-1, 0, 10)}
    assert [p.number if p else None for p in held.values()] == [1, 2, None]


def test_another_document_than_the_one_that_was_read_is_not_signed(world: World) -> None:
    paper = world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(TODAY))
    with pytest.raises(Stale):
        world.signing.sign(actor("paula"), paper.name, "0" * 64)
    assert world.umbrellas.versions("bayview")[0].signatures == ()


@pytest.mark.parametrize("who", ["rosa", "vera", "otto", "ada", "dora"])
def test_whoever_is_no_party_does_not_sign(world: World, who: str) -> None:
    paper = world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(TODAY))
    assert world.signing.parties_of(actor(who), paper.name) == ()
    with pytest.raises(NotPermitted):
        world.signing.sign(actor(who), paper.name, paper.document_sha256)


@pytest.mark.parametrize("who", ["rosa", "paula", "vera", "otto", "ada"])
def test_only_director_and_data_manager_propose_and_record(world: World, who: str) -> None:
    before = world.store.head().seq
    with pytest.raises(NotPermitted):
        world.umbrellas.propose(actor(who), "bayview", UmbrellaTerms(TODAY))
    with pytest.raises(NotPermitted):
        world.signing.record(actor(who), "a0001", elsewhere(Party.DISTRICT))
    assert world.store.head().seq == before


def test_a_paper_that_is_signed_or_withdrawn_is_not_signed_again(world: World) -> None:
    with pytest.raises(ActionRefused):
        world.signing.record(SETUP, "a0001", elsewhere(Party.DISTRICT))
    first = world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(TODAY))
    world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(TODAY, reason="More fields."))
    with pytest.raises(ActionRefused):
        world.signing.sign(actor("paula"), first.name, first.document_sha256)


@pytest.mark.parametrize(
    "changes", [{"file": b""}, {"signed_on": TODAY + timedelta(days=1)}, {"signer": " "}], ids=str
)
def test_a_signature_from_elsewhere_needs_a_file_a_name_and_a_day(
    world: World, changes: dict[str, object]
) -> None:
    paper = world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(TODAY))
    with pytest.raises(Invalid):
        world.signing.record(SETUP, paper.name, elsewhere(Party.DISTRICT, **changes))


def test_groups_of_fields_are_read_and_cover_what_they_name() -> None:
    groups = groups_from(["Attendance: attendance, people.sex", "enrollment"])
    assert groups[1] == FieldGroup(title="enrollment", fields=("enrollment",))
    assert covers(groups, "attendance", "days")
    assert covers(groups, "people", "sex")
    assert not covers(groups, "people", "name")
    assert groups_from([]) == (EVERYTHING,)
    assert covers((EVERYTHING,), "anything", "at_all")
    with pytest.raises(Invalid):
        groups_from(["Bad: no such; thing"])


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 5))
def test_so_many_years_end_the_day_before_they_would_begin_anew(starts: date, years: int) -> None:
    ends = last_day(starts, years)
    after = ends + timedelta(days=1)
    assert (after.year, after.month) == (
        starts.year + years,
        3 if starts.day == 29 and after.day == 1 and starts.month == 2 else starts.month,
    )
    assert 365 * years - 1 <= (ends - starts).days <= 366 * years
