"""People: where they work, what they send in, who confirms it, and which duties stay apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from rpp_hub.domain.attestations import AttestationKind, AttestationStatus, AttestationTerms, InstitutionKind
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import Role
from rpp_hub.services.people_views import PeopleFilter
from sqlalchemy import event

from tests.factories import FAR, LAKESIDE, NOW, SETUP, World, actor

PDF = b"%PDF-1.7\ncertificate"
TODAY = NOW.date()
TRAINING = AttestationTerms(AttestationKind.TRAINING, date(2026, 1, 1), date(2028, 12, 31))


def codes(world: World, person: str = "rosa", project: str = "alpha") -> list[str]:
    return [r.code for r in world.projects.gate(person, project, TODAY)]


def newcomer(world: World, name: str = "nina") -> str:
    world.people.add(SETUP, name, name.title(), institutions=[LAKESIDE])
    world.projects.add_member(actor("dora"), "alpha", name)
    return name


def test_a_certificate_counts_once_a_data_manager_has_confirmed_it(world: World) -> None:
    nina = newcomer(world)
    assert "training-missing" in codes(world, nina)
    sent = world.attestations.send(actor(nina), nina, TRAINING, "citi.pdf", PDF)
    assert "training-missing" in codes(world, nina)
    world.attestations.decide(actor("dora"), sent.name, confirm=True)
    assert "training-missing" not in codes(world, nina)
    assert world.people.get(nina).training_ends == date(2028, 12, 31)
    kept = world.attestations.file(actor("dora"), sent.name)
    assert (kept.content, kept.media_type, kept.file_name) == (PDF, "application/pdf", f"{sent.name}.pdf")


def test_a_refused_paper_changes_nothing_and_says_why(world: World) -> None:
    nina = newcomer(world)
    sent = world.attestations.send(actor(nina), nina, TRAINING, "citi.pdf", PDF)
    with pytest.raises(ActionRefused) as caught:
        world.attestations.decide(actor("dora"), sent.name, confirm=False)
    assert caught.value.code == "refusal-unexplained"
    world.attestations.decide(actor("dora"), sent.name, confirm=False, reason="This is another person's.")
    shown = world.attestations.of_person(actor(nina), nina)[0]
    assert (shown.status, shown.reason) == (AttestationStatus.REFUSED, "This is another person's.")
    assert "training-missing" in codes(world, nina)
    with pytest.raises(ActionRefused, match="refused already"):
        world.attestations.decide(actor("dora"), sent.name, confirm=True)


def test_nobody_confirms_or_certifies_their_own_papers(world: World) -> None:
    sent = world.attestations.send(actor("dora"), "dora", TRAINING, "citi.pdf", PDF)
    with pytest.raises(ActionRefused) as caught:
        world.attestations.decide(actor("dora"), sent.name, confirm=True)
    assert caught.value.code == "own-paper"
    with pytest.raises(NotPermitted):
        world.people.certify(actor("dora"), "dora", training_ends=FAR)


@pytest.mark.parametrize("who", ["remy", "vera", "paula", "dirk", "otto", "ada"])
def test_others_papers_are_for_data_managers_alone(world: World, who: str) -> None:
    sent = world.attestations.send(actor("rosa"), "rosa", TRAINING, "citi.pdf", PDF)
    with pytest.raises(NotFound):
        world.attestations.file(actor(who), sent.name)
    with pytest.raises(NotPermitted):
        world.attestations.of_person(actor(who), "rosa")
    with pytest.raises(NotPermitted):
        world.attestations.decide(actor(who), sent.name, confirm=True)
    with pytest.raises(NotPermitted):
        world.attestations.send(actor(who), "rosa", TRAINING, "x.pdf", PDF)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no-file"),
        (b"<html>", "paper-kind"),
        (b"MZ\x90", "paper-kind"),
        (PDF + b"x" * 3_000_000, "paper-too-large"),
    ],
)
def test_a_file_is_a_small_pdf_or_picture_or_is_not_kept(world: World, content: bytes, code: str) -> None:
    before = world.store.head().seq
    with pytest.raises(Invalid) as caught:
        world.attestations.send(actor("rosa"), "rosa", TRAINING, "x.pdf", content)
    assert caught.value.code == code
    assert world.store.head().seq == before
    assert not list(world.installation.attestations_dir.rglob("*"))


@pytest.mark.parametrize(
    "terms",
    [
        replace(TRAINING, begins=TODAY + timedelta(days=1)),
        replace(TRAINING, ends=date(2025, 1, 1)),
        replace(TRAINING, ends=None),
        replace(TRAINING, sponsor="rosa"),
        AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, date(2026, 1, 1), FAR),
        AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, date(2026, 1, 1), FAR, "paula"),
        AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, date(2026, 1, 1), FAR, "nobody"),
        AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, date(2026, 1, 1), FAR, "remy"),
    ],
)
def test_a_paper_with_impossible_terms_is_refused(world: World, terms: AttestationTerms) -> None:
    if terms.sponsor == "paula":  # a leader of the district is at no university
        world.people.affiliate(SETUP, "paula", "bayview")
        world.people.affiliate(SETUP, "paula", LAKESIDE, until=TODAY - timedelta(days=1))
    with pytest.raises(Invalid):
        world.attestations.send(actor("remy"), "remy", terms, "x.pdf", PDF)


def test_somebody_who_moves_away_needs_an_agreement_and_a_sponsor_at_the_university(world: World) -> None:
    world.institutions.add(SETUP, "elsewhere", "Elsewhere College", InstitutionKind.UNIVERSITY, partner=False)
    world.people.affiliate(actor("dora"), "rosa", "elsewhere")
    assert codes(world) == []  # in both
    world.people.affiliate(actor("dora"), "rosa", LAKESIDE, until=TODAY - timedelta(days=1))
    assert codes(world) == ["third-party-missing"]
    terms = AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, TODAY, FAR, "remy")
    sent = world.attestations.send(actor("rosa"), "rosa", terms, "third.pdf", PDF)
    world.attestations.decide(actor("dora"), sent.name, confirm=True)
    assert codes(world) == []
    world.people.set_active(actor("dora"), "remy", active=False)
    assert codes(world) == ["third-party-sponsor-gone"]


def _moved(world: World, person: str, sponsor: str) -> None:
    world.people.affiliate(actor("dora"), person, "elsewhere")
    world.people.affiliate(actor("dora"), person, LAKESIDE, until=TODAY - timedelta(days=1))
    terms = AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, TODAY, FAR, sponsor)
    sent = world.attestations.send(actor(person), person, terms, "third.pdf", PDF)
    world.attestations.decide(actor("dora"), sent.name, confirm=True)


def test_a_sponsor_whose_account_is_closed_is_none_though_others_have_one_who_is_there(world: World) -> None:
    world.institutions.add(SETUP, "elsewhere", "Elsewhere College", InstitutionKind.UNIVERSITY, partner=False)
    for sponsor in ("sam", "sue"):
        world.person(sponsor)
    world.person("nina")
    world.projects.add_member(actor("dora"), "alpha", "nina")
    _moved(world, "rosa", "sam")
    _moved(world, "nina", "sue")
    assert codes(world) == codes(world, "nina") == []
    world.people.set_active(actor("dora"), "sam", active=False)
    assert codes(world) == ["third-party-sponsor-gone"]
    assert codes(world, "nina") == []


def test_a_person_works_at_several_institutions(world: World) -> None:
    world.people.affiliate(actor("dora"), "rosa", "bayview")
    view = world.people.get("rosa")
    assert {a.institution for a in view.institutions} == {"bayview", LAKESIDE}
    assert view.institution == "Bayview, Lakeside University"
    with pytest.raises(Invalid) as caught:
        world.people.affiliate(actor("dora"), "rosa", "lakesid")
    assert "lakeside" in caught.value.message


def test_where_somebody_works_must_be_on_record(world: World) -> None:
    world.people.add(SETUP, "nina", "Nina")
    world.people.certify(SETUP, "nina", training_ends=FAR, access_signed=date(2026, 1, 1))
    world.projects.add_member(actor("dora"), "alpha", "nina")
    assert codes(world, "nina") == ["institution-missing"]


def test_roles_that_see_data_are_not_held_by_who_runs_or_audits_the_installation(world: World) -> None:
    for name, role in (("otto", Role.DATA_MANAGER), ("ada", Role.OUTPUT_REVIEWER), ("vera", Role.AUDITOR)):
        with pytest.raises(ActionRefused) as caught:
            world.people.give_role(actor("dora"), name, role)
        assert caught.value.code == "roles-apart"
    for name in ("otto", "ada"):
        with pytest.raises(ActionRefused):
            world.projects.add_member(actor("dora"), "alpha", name)
    with pytest.raises(ActionRefused):
        world.people.add(SETUP, "both", "Both", roles=[Role.OPERATOR, Role.DATA_MANAGER])
    with pytest.raises(ActionRefused):
        world.people.give_role(actor("dora"), "rosa", Role.AUDITOR)


def test_nobody_gives_themselves_a_role_and_a_lead_makes_no_reviewer(world: World) -> None:
    with pytest.raises(ActionRefused) as caught:
        world.people.give_role(actor("dora"), "dora", Role.OUTPUT_REVIEWER)
    assert caught.value.code == "own-role"
    world.person("nina")
    world.people.give_role(actor("dora"), "nina", Role.OUTPUT_REVIEWER)
    world.people.give_role(SETUP, "rosa", Role.DATA_MANAGER)  # rosa leads alpha
    with pytest.raises(ActionRefused) as caught:
        world.people.give_role(actor("rosa"), "remy", Role.OUTPUT_REVIEWER)
    assert caught.value.code == "lead-makes-reviewer"
    world.people.give_role(actor("rosa"), "remy", Role.DIRECTOR)


def test_the_last_data_manager_stays(world: World) -> None:
    for act in (
        lambda: world.people.take_role(SETUP, "dora", Role.DATA_MANAGER),
        lambda: world.people.set_active(SETUP, "dora", active=False),
    ):
        with pytest.raises(ActionRefused) as caught:
            act()
        assert caught.value.code == "last-data-manager"
    world.people.give_role(actor("dora"), "remy", Role.DATA_MANAGER)
    assert world.people.take_role(actor("remy"), "dora", Role.DATA_MANAGER).roles == ()


def test_people_are_found_by_what_is_asked_for(world: World) -> None:
    dirk = actor("dirk")
    names = lambda **wanted: [p.name for p in world.people.list(dirk, PeopleFilter(**wanted))]  # noqa: E731
    assert names(text="ro") == ["rosa"]
    assert names(role="researcher") == ["remy", "rosa"]
    assert names(role="output reviewer") == ["vera", "viktor", "zoe"]
    assert names(institution="bayview") == ["paula"]
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY + timedelta(days=10))
    assert names(ends_by=TODAY + timedelta(days=30)) == ["rosa"]
    page = world.people.page(dirk, PeopleFilter(), PageAt(limit=4))
    rest = world.people.page(dirk, PeopleFilter(), PageAt(page.next, 20))
    assert [p.name for p in (*page, *rest)] == sorted(p.name for p in (*page, *rest))
    assert len(page) + len(rest) == 10
    with pytest.raises(NotPermitted):
        world.people.list(actor("rosa"))


def test_everybody_sees_themselves_and_only_readers_of_the_register_see_others(world: World) -> None:
    assert world.people.seen_by(actor("rosa"), "rosa").name == "rosa"
    assert world.people.seen_by(actor("dirk"), "rosa").name == "rosa"
    with pytest.raises(NotPermitted):
        world.people.seen_by(actor("remy"), "rosa")


def test_a_gate_decision_takes_one_query_however_many_are_asked_for(world: World) -> None:
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(world.store._reader, "before_cursor_execute", count)
    world.projects.gate("rosa", "alpha", TODAY)
    world.projects.gate("rosa", "beta", TODAY)
    assert len(asked) == 2
    gates = world.projects.gates(["rosa", "remy", "stranger"], ["alpha", "beta"], TODAY)
    assert len(asked) == 3
    assert gates["rosa", "alpha"] == ()
    assert [r.code for r in gates["rosa", "beta"]] == ["not-member"]
    stranger = [r.code for r in gates["stranger", "alpha"]]
    assert stranger[:2] == ["person-inactive", "not-member"]
    assert gates["stranger", "alpha"] == world.projects.gate("stranger", "alpha", TODAY)


def test_the_gate_of_a_project_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.projects.gate("rosa", "gamma")


def test_an_umbrella_that_ended_closes_every_project_under_it(world: World) -> None:
    assert [r.code for r in world.projects.gate("rosa", "alpha", date(2031, 1, 1))][-4:].count(
        "umbrella-ended"
    ) == 1


def test_a_lead_who_made_somebody_a_reviewer_is_not_reviewed_by_them(world: World) -> None:
    world.person("nina")
    world.people.give_role(SETUP, "remy", Role.DATA_MANAGER)
    world.projects.close(
        actor("dora"), "beta", "done"
    )  # remy leads nothing any more, and may make a reviewer
    world.people.give_role(actor("remy"), "nina", Role.OUTPUT_REVIEWER)
    world.project("later", "remy")
    own, others = world.examined(project="later", author="remy"), world.examined()
    with pytest.raises(ActionRefused) as caught:
        world.finish("nina", own)
    assert caught.value.code == "reviewer-made-by-lead"
    assert world.finish("nina", others).reviewers_decided == 1
