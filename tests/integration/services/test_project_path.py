"""A project from its first draft to a second version of its agreement, by everybody who has a part in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml
from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, Stale
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.project_lifecycle import ProjectAct, ProjectStatus
from rpp_hub.services.agreements import Extension
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.field_choice import choices_of, with_choices
from rpp_hub.services.personal_papers import ThirdParty
from rpp_hub.services.project_discussion import Kind
from rpp_hub.services.project_drafts import Beginning
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import Judged, Survey, Topic
from rpp_hub.services.project_rounds import IrbLetter
from rpp_hub.services.umbrellas import UmbrellaTerms, groups_from
from rpp_hub.settings import District, Settings
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table

from tests.approving import LETTER, SOUND, approve, review, sign
from tests.factories import APPLICATION, NOW, SETUP, World, actor

BOOK = Codebook(
    "Bayview",
    (
        Table(
            "students",
            (
                Field("student_id", identifier=Identifier.DIRECT, unit="student"),
                Field("sex"),
                Field("frpl", never_share="State law keeps meal eligibility."),
                Field(
                    "first_name",
                    identifier=Identifier.DIRECT,
                    person_name=True,
                    never_share="A person's name.",
                ),
            ),
        ),
        Table(
            "classifications",
            (Field("grade_level"), Field("days_absent", description="Days absent in the year")),
        ),
    ),
)
_EVENTS = AuditFilter(limit=200)
GAMMA = Beginning("gamma", "Absence by grade", "bayview", "rosa", "paula")
WORDS = {
    "questions": ["How does absence differ by grade?"],
    "design": "Compare grades within schools.",
    "timeline": "One year.",
    "irb": {"number": "IRB-7", "ends": "2030-06-30"},
    "agreement": {"ends": "2029-12-31"},
    "years": [2019, 2024],
}


@pytest.fixture
def booked(world: World) -> World:
    """The world with a codebook, and rita, who is research staff of the district."""
    world.codebook = BOOK
    world.person("rita", Role.PRACTITIONER)
    return world


def save(world: World, who: str, changes: Mapping[str, Any], name: str = "gamma") -> None:
    world.drafts.save(actor(who), name, changes, world.drafts.opened(actor(who), name).version)


def choose(world: World, who: str, name: str = "gamma", **fields: str) -> None:
    """fields: table__field → rationale."""
    said = {k.replace("__", "."): {"need": "critical", "rationale": v} for k, v in fields.items()}
    draft = world.drafts.opened(actor(who), name)
    save(world, who, {"tables": with_choices(BOOK, draft.content, said)}, name)


def written(world: World) -> None:
    """A complete draft with the IRB's letter."""
    world.drafts.begin(actor("rosa"), GAMMA)
    save(world, "rosa", WORDS)
    choose(world, "paula", classifications__grade_level="the groups", students__sex="the groups")
    world.drafts.attach_irb(actor("rosa"), "gamma", LETTER)


def judge(world: World, who: str = "rita", **words: Word) -> None:
    application = world.projects.get("gamma").application
    assert application is not None
    fields = {f"{t}.{f.name}": (Word.NECESSARY, "") for t, f in application.fields()}
    fields |= {k.replace("__", "."): (w, "said so") for k, w in words.items()}
    world.reviews.judge(actor(who), "gamma", Judged(SOUND, SOUND, fields))


def test_a_project_goes_from_a_draft_of_two_to_an_agreement_that_both_have_signed(booked: World) -> None:
    world = booked
    written(world)
    assert world.projects.get("gamma").status is ProjectStatus.DRAFT
    world.drafts.send(actor("rosa"), "gamma")
    world.reviews.answer(actor("paula"), "gamma", Survey(dict.fromkeys(Topic, 5), {Topic.COSTS: "Little."}))
    judge(world, students__sex=Word.NOT_NEEDED)
    view = world.projects.decide(
        actor("paula"), "gamma", approve=True, reason="Fits.", conditions=["Show us first."]
    )
    assert (view.status, view.agreement_ends) == (ProjectStatus.APPROVED, None)
    assert "agreement-missing" in {r.code for r in world.projects.gate("rosa", "gamma", NOW.date())}
    paper = world.agreements.versions(actor("rosa"), "gamma")[0]
    document = world.agreements.document(actor("rosa"), paper.name).decode()
    for said in ("Show us first.", "Attachment B", "Rosa", "IRB-7", "Research staff: not needed."):
        assert said in document
    sign(world, "gamma")
    granted = world.agreements.granted("gamma")
    assert granted is not None
    assert list(granted.application.tables) == ["classifications"]
    assert world.projects.get("gamma").agreement_ends == date(2029, 12, 31)
    assert "agreement-missing" not in {r.code for r in world.projects.gate("rosa", "gamma", NOW.date())}
    assert world.auditing.verify(SETUP).ok


def test_what_a_draft_lacks_is_said_and_it_is_not_sent(booked: World) -> None:
    booked.drafts.begin(actor("paula"), GAMMA)
    faults = " ".join(booked.drafts.opened(actor("rosa"), "gamma").faults)
    assert "questions: this is missing" in faults
    with pytest.raises(ActionRefused) as refused:
        booked.drafts.send(actor("rosa"), "gamma")
    assert {r.code for r in refused.value.refusals} == {"application-incomplete"}
    save(booked, "rosa", WORDS)
    choose(booked, "rosa", classifications__grade_level="the groups")
    with pytest.raises(ActionRefused) as refused:
        booked.drafts.send(actor("rosa"), "gamma")
    assert [r.code for r in refused.value.refusals] == ["irb-document-missing"]
    assert booked.projects.get("gamma").status is ProjectStatus.DRAFT


def test_only_the_two_sides_edit_and_nobody_overwrites_what_they_have_not_seen(booked: World) -> None:
    booked.drafts.begin(actor("rosa"), GAMMA)
    version = booked.drafts.opened(actor("rosa"), "gamma").version
    booked.drafts.save(actor("paula"), "gamma", {"design": "From the district."}, version)
    with pytest.raises(Stale):
        booked.drafts.save(actor("rosa"), "gamma", {"design": "From research."}, version)
    for stranger in ("remy", "rita", "dora", "vera"):
        with pytest.raises(NotPermitted):
            booked.drafts.opened(actor(stranger), "gamma")
        with pytest.raises(NotPermitted):
            booked.drafts.save(actor(stranger), "gamma", {"design": "X"}, version)


@pytest.mark.parametrize(
    ("key", "says"),
    [("students.frpl", "State law"), ("students.first_name", "name"), ("students.nothing", "no field")],
)
def test_what_is_never_shared_cannot_be_chosen_and_says_why(booked: World, key: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        with_choices(BOOK, {}, {key: {"need": "critical", "rationale": "wanted"}})
    shown = choices_of(BOOK, {}, "students", "")
    barred = {c.field.name: c.barred for c in shown.choices}
    assert barred["frpl"] == "State law keeps meal eligibility."
    assert barred["sex"] == ""
    assert [c.key for c in choices_of(BOOK, {}, "", "absent").choices] == ["classifications.days_absent"]


def test_a_revision_stops_the_clock_and_asks_again_only_about_what_changed(booked: World) -> None:
    world = booked
    written(world)
    world.drafts.send(actor("rosa"), "gamma")
    judge(world)
    assert world.reviews.of("gamma").clock.due is not None  # type: ignore[union-attr]
    world.projects.send_back(actor("paula"), "gamma", "Say more of the design.")
    returned = world.reviews.of("gamma")
    assert returned.clock is not None
    assert returned.clock.due is None
    save(world, "rosa", {"design": "Compare grades within schools, with fixed effects."})
    choose(world, "rosa", students__sex="because of gender gaps", classifications__grade_level="the groups")
    world.drafts.send(actor("rosa"), "gamma")
    missing = {r.code: r.reason for r in world.reviews.of("gamma").missing}
    assert "1 field is not judged" in missing["judgement-missing"]
    judge(world)
    world.reviews.answer(actor("paula"), "gamma", Survey(dict.fromkeys(Topic, 3)))
    world.projects.decide(actor("paula"), "gamma", approve=True)
    rounds = world.reviews.of("gamma").rounds
    assert [(r.number, r.answer) for r in rounds] == [(1, "return"), (2, "approve")]


def test_a_district_with_windows_takes_drafts_only_then(booked: World) -> None:
    world = booked
    written(world)
    closed = Settings(districts={"bayview": District(title="Bayview", windows=("01-15/02-15",))})
    world.drafts._around = replace(world.around, settings=closed)
    with pytest.raises(ActionRefused) as refused:
        world.drafts.send(actor("rosa"), "gamma")
    assert "15 January 2027" in refused.value.refusals[0].reason
    opened = Settings(districts={"bayview": District(title="Bayview", windows=("11-01/12-01",))})
    world.drafts._around = replace(world.around, settings=opened)
    world.drafts.send(actor("rosa"), "gamma")


def test_names_for_linkage_need_the_directors_leave_and_show_everywhere(booked: World) -> None:
    world = booked
    written(world)
    save(
        world,
        "rosa",
        {"linkage": ["student_id", "first_name"], "linkage_rationale": "Surveys have no numbers."},
    )
    world.drafts.send(actor("rosa"), "gamma")
    judge(world)
    world.reviews.answer(actor("paula"), "gamma", Survey(dict.fromkeys(Topic, 4)))
    with pytest.raises(ActionRefused) as refused:
        world.projects.decide(actor("paula"), "gamma", approve=True)
    assert [r.code for r in refused.value.refusals] == ["exception-open"]
    for who in ("rosa", "paula", "dora"):
        with pytest.raises(NotPermitted):
            world.reviews.decide_exception(actor(who), "gamma", "first_name", approve=True, reason="Please.")
    world.reviews.decide_exception(
        actor("dirk"), "gamma", "first_name", approve=True, reason="Deleted after the join."
    )
    world.projects.decide(actor("paula"), "gamma", approve=True)
    sign(world, "gamma")
    granted = world.agreements.granted("gamma")
    assert granted is not None
    assert [e["field"] for e in granted.exceptions] == ["first_name"]
    paper = world.agreements.versions(actor("rosa"), "gamma")[0]
    assert "Deleted after the join." in world.agreements.document(actor("rosa"), paper.name).decode()
    assert [(e.field, e.approved) for e in world.reviews.of("gamma").exceptions] == [("first_name", True)]
    assert "project:except" in {
        e.act for e in world.auditing.events(SETUP, replace(_EVENTS, subject="project:gamma"))
    }


def test_a_name_that_the_director_refuses_is_not_in_the_agreement(booked: World) -> None:
    world = booked
    written(world)
    save(world, "rosa", {"linkage": ["student_id", "first_name"]})
    world.drafts.send(actor("rosa"), "gamma")
    judge(world)
    world.reviews.answer(actor("paula"), "gamma", Survey(dict.fromkeys(Topic, 4)))
    world.reviews.decide_exception(
        actor("dirk"), "gamma", "first_name", approve=False, reason="Numbers are enough."
    )
    world.projects.decide(actor("paula"), "gamma", approve=True)
    sign(world, "gamma")
    assert world.agreements.granted("gamma").application.linkage == ("student_id",)  # type: ignore[union-attr]


def test_an_amendment_grants_nothing_before_both_have_signed_and_shows_what_it_changes(world: World) -> None:
    text = APPLICATION.format(name="alpha", lead="rosa").replace("2019", "2020")
    before = world.agreements.granted("alpha")
    paper = world.agreements.amend(actor("rosa"), "alpha", text, "Fewer years.")
    assert world.agreements.granted("alpha") == before
    changes = world.agreements.changes(actor("rosa"), paper.name)
    assert [(c.what, c.before, c.after) for c in changes] == [
        ("years of classifications", "2019 to 2024", "2020 to 2024")
    ]
    sign(world, "alpha")
    granted = world.agreements.granted("alpha")
    assert granted is not None
    assert granted.application.years == (2020, 2024)
    assert [p.status for p in world.agreements.versions(actor("rosa"), "alpha")] == ["signed", "replaced"]
    with pytest.raises(NotPermitted):
        world.agreements.amend(actor("remy"), "alpha", text, "Mine.")
    with pytest.raises(Invalid):
        world.agreements.amend(actor("rosa"), "alpha", text.replace("paula", "rita"), "Another sponsor.")


def test_an_amendment_is_written_page_by_page_and_proposed(booked: World) -> None:
    world = booked
    world.drafts.begin_amendment(actor("rosa"), "alpha")
    choose(world, "rosa", "alpha", students__sex="gender gaps")
    paper = world.agreements.propose_draft(actor("rosa"), "alpha", "Gender gaps.")
    assert paper.number == 2
    assert "field students.sex" in {c.what for c in world.agreements.changes(actor("rosa"), paper.name)}
    with pytest.raises(ActionRefused):
        world.drafts.opened(actor("rosa"), "alpha")  # it has become a version


def test_more_time_comes_with_signatures_and_the_irbs_with_its_letter(world: World) -> None:
    paper = world.agreements.extend(actor("dora"), "alpha", Extension(agreement_ends=date(2031, 6, 30)))
    assert paper is not None
    assert world.projects.get("alpha").agreement_ends == date(2030, 12, 31)
    sign(world, "alpha")
    assert world.projects.get("alpha").agreement_ends == date(2031, 6, 30)
    with pytest.raises(Invalid):
        world.agreements.extend(actor("dora"), "alpha", Extension(irb_ends=date(2031, 1, 1)))
    letter = IrbLetter("renewal.pdf", b"%PDF-1.7 renewed")
    with pytest.raises(NotPermitted):
        world.agreements.extend(actor("rosa"), "alpha", Extension(irb_ends=date(2031, 1, 1), letter=letter))
    world.agreements.extend(actor("dora"), "alpha", Extension(irb_ends=date(2031, 1, 1), letter=letter))
    assert world.projects.get("alpha").irb_ends == date(2031, 1, 1)
    assert world.reviews.of("alpha").files[-1].file_name == "renewal.pdf"


def test_nothing_is_agreed_outside_of_the_umbrella(world: World) -> None:
    narrow = UmbrellaTerms(NOW.date(), groups=groups_from(["Staff: staff"]))
    paper = world.umbrellas.propose(SETUP, "bayview", narrow)
    world.signing.sign(actor("paula"), paper.name, paper.document_sha256)
    world.signing.sign(actor("dirk"), paper.name, paper.document_sha256)
    world.projects.apply(actor("rosa"), APPLICATION.format(name="gamma", lead="rosa"), LETTER)
    review(world, "gamma")
    with pytest.raises(ActionRefused, match=r"does not cover classifications\.grade_level"):
        world.projects.decide(actor("paula"), "gamma", approve=True)
    with pytest.raises(ActionRefused, match="does not cover"):
        world.agreements.amend(
            actor("rosa"), "alpha", APPLICATION.format(name="alpha", lead="rosa"), "Again."
        )


def test_the_discussion_is_dated_by_both_sides_and_hours_are_summed(world: World) -> None:
    world.discussions.write(actor("rosa"), "alpha", Kind.PLANNED, "Compare absences.", date(2026, 9, 1))
    world.discussions.write(actor("paula"), "alpha", Kind.FOUND, "2020 was remote.", date(2026, 8, 1))
    entries = world.discussions.of(actor("dirk"), "alpha")
    assert [(e.on.month, e.side, e.kind) for e in entries] == [
        (8, "district", "found"),
        (9, "research", "planned"),
    ]
    world.discussions.spend(actor("paula"), "alpha", 1.5, "Codebook", None)
    world.discussions.spend(actor("rosa"), "alpha", 0.25, "Call", None)
    assert world.discussions.hours(actor("paula"), "alpha").totals == {"district": 1.5, "research": 0.25}
    for stranger in ("remy", "vera", "otto"):
        with pytest.raises(NotFound):
            world.discussions.write(actor(stranger), "alpha", Kind.FOUND, "I should not.")
    with pytest.raises(Invalid):
        world.discussions.write(actor("rosa"), "alpha", Kind.FOUND, "Tomorrow.", date(2027, 1, 1))


def test_an_access_agreement_counts_from_the_day_it_is_signed(world: World) -> None:
    world.person("nina", certified=False)
    paper = world.personal.access(actor("dora"), "nina", "bayview")
    assert world.people.get("nina").access_agreement_signed is None
    with pytest.raises(NotPermitted):
        world.signing.sign(actor("rosa"), paper.name, paper.document_sha256)
    world.signing.sign(actor("nina"), paper.name, paper.document_sha256)
    assert world.agreements.get(actor("nina"), paper.name).status is PaperStatus.SIGNED
    assert world.people.get("nina").access_agreement_signed == NOW.date()


def test_somebody_who_moved_away_needs_a_sponsor_at_the_university(world: World) -> None:
    world.institutions.add(SETUP, "elsewhere", "Elsewhere College", InstitutionKind.UNIVERSITY, partner=False)
    world.people.add(SETUP, "gus", "Gus Gone", institutions=["elsewhere"])
    world.person("prof")
    wanted = ThirdParty("alpha", "gus", "prof", "Elsewhere College", date(2028, 6, 30))
    with pytest.raises(Invalid):
        world.personal.third_party(actor("dora"), replace(wanted, sponsor="gus"))
    with pytest.raises(Invalid, match="university of the partnership"):
        world.personal.third_party(actor("dora"), replace(wanted, person="prof", sponsor="gus"))
    paper = world.personal.third_party(actor("dora"), wanted)
    for who in ("gus", "prof", "paula"):
        world.signing.sign(actor(who), paper.name, paper.document_sha256)
    signed = world.agreements.get(actor("gus"), paper.name)
    assert (signed.kind, signed.status, signed.project) == (
        PaperKind.THIRD_PARTY,
        PaperStatus.SIGNED,
        "alpha",
    )
    assert "third-party-missing" not in {r.code for r in world.projects.gate("gus", "alpha", NOW.date())}
    with pytest.raises(NotFound):
        world.agreements.get(actor("rosa"), paper.name)


def test_the_pdf_says_what_the_page_says(world: World) -> None:
    paper = world.agreements.versions(actor("rosa"), "alpha")[0]
    pdf = world.agreements.pdf(actor("rosa"), paper.name)
    assert pdf.startswith(b"%PDF-")
    assert pdf == world.agreements.pdf(actor("paula"), paper.name)


def test_an_application_in_yaml_still_goes_the_same_way(world: World) -> None:
    raw = yaml.safe_load(APPLICATION.format(name="gamma", lead="rosa"))
    raw["tables"]["classifications"]["years"] = [2021, 2022]
    approve(world, "gamma", yaml.safe_dump(raw))
    assert world.agreements.granted("gamma").application.years_of("classifications") == (2021, 2022)  # type: ignore[union-attr]
    assert world.reviews.may(actor("dora"), "gamma", ProjectAct.CLOSE) == ()
