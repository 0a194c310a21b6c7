"""Two districts in one installation: who works for one sees and does nothing of the other's, in every act there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp, initialise, open_installation
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import Party
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, RppError
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import DISTRICT_ROLES, PERMISSIONS, Permission, Role
from rpp_hub.linkage.columns import By
from rpp_hub.services.linking import Survey
from rpp_hub.services.personal_papers import ThirdParty
from rpp_hub.services.project_drafts import Beginning
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import Judged
from rpp_hub.services.returning import Wanted
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms
from rpp_hub.store.model_codebook import FieldQuestion
from rpp_hub.store.model_workspace import Ingress
from rpp_hub.store.models import District, Release, Request, Round
from rpp_hub.warehouse.codebook import Codebook, Field, Table

from tests import approving
from tests.approving import LETTER, SOUND
from tests.factories import FAR, SETUP, actor, umbrella
from tests.harness import remove

DISTRICTS = {"bayview": "alpha", "hillside": "beta"}  # and its project
CONFIG = "".join(f'[districts.{d}]\ntitle = "{d.title()}"\n' for d in DISTRICTS)
_P, _PRACTITIONER, _MANAGER = Permission, Role.PRACTITIONER, Role.DATA_MANAGER
TODAY = datetime.now(UTC).date()
BOOK = Codebook("A district", (Table("staff", (Field("staff_code"),)),))


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, where they work, and the districts that they serve for it."""

    role: Role
    works: tuple[str, ...]
    serves: frozenset[str]
    until: date | None = None


_BOTH = frozenset(DISTRICTS)
PEOPLE = {
    "paula": Who(_PRACTITIONER, ("bayview",), frozenset({"bayview"})),
    "pia": Who(_PRACTITIONER, ("hillside",), frozenset({"hillside"})),
    "pat": Who(_PRACTITIONER, ("bayview", "hillside"), _BOTH),
    "pete": Who(_PRACTITIONER, ("lakeside",), frozenset()),
    "gone": Who(_PRACTITIONER, ("bayview",), frozenset(), TODAY - timedelta(days=1)),
    "dora": Who(_MANAGER, ("lakeside",), _BOTH),
    "dean": Who(_MANAGER, (), _BOTH),
    "dan": Who(_MANAGER, ("bayview",), frozenset({"bayview"})),
    "duo": Who(_MANAGER, ("bayview", "hillside"), _BOTH),
    "dodo": Who(_MANAGER, ("bayview",), frozenset(), TODAY - timedelta(days=1)),
    "dirk": Who(Role.DIRECTOR, ("lakeside",), _BOTH),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A project of a district, and what there is of it."""

    rpp: Rpp
    folder: Path
    district: str
    project: str

    @property
    def number(self) -> int:
        return list(DISTRICTS).index(self.district) + 1

    @property
    def file(self) -> Path:
        path = self.folder / "file.csv"
        path.write_text("student_id\n1\n")
        return path


Do = Callable[[Case, Actor], object]
_JUDGED = Judged(SOUND, SOUND, {"classifications.grade_level": (Word.NECESSARY, "")})

# What is done for a district or a project of it, under the permission that it takes.
ACTS: dict[tuple[Permission, str], Do] = {
    (_P.PROJECT_READ_ALL, "project"): lambda c, a: c.rpp.projects.seen_by(a, c.project),
    (_P.PROJECT_READ_ALL, "discussion"): lambda c, a: c.rpp.discussions.of(a, c.project),
    (_P.PROJECT_READ_ALL, "agreement"): lambda c, a: c.rpp.agreements.get(a, f"a{c.number:04d}"),
    (_P.PROJECT_READ_ALL, "certificate"): lambda c, a: c.rpp.vaulting.certificate(a, c.project),
    (_P.PROJECT_JUDGE, "judge"): lambda c, a: c.rpp.reviews.judge(a, c.project, _JUDGED),
    (_P.PROJECT_DECIDE, "decline"): lambda c, a: c.rpp.projects.decide(a, c.project, approve=False, reason="No."),
    (_P.PROJECT_DECIDE, "send back"): lambda c, a: c.rpp.projects.send_back(a, c.project, "More."),
    (_P.PROJECT_EXCEPT, "except"): lambda c, a: c.rpp.reviews.decide_exception(a, c.project, "x", approve=True, reason="Yes."),
    (_P.AGREEMENT_MANAGE, "amend"): lambda c, a: c.rpp.drafts.begin_amendment(a, c.project),
    (_P.AGREEMENT_MANAGE, "record"): lambda c, a: c.rpp.signing.record(
        a, f"a{c.number:04d}", SignedElsewhere(Party.DISTRICT, "Somebody", TODAY, b"a scan")
    ),
    (_P.AGREEMENT_MANAGE, "umbrella"): lambda c, a: c.rpp.umbrellas.propose(a, c.district, UmbrellaTerms(TODAY)),
    (_P.AGREEMENT_MANAGE, "access"): lambda c, a: c.rpp.personal.access(a, "rosa", c.district),
    (_P.AGREEMENT_MANAGE, "third party"): lambda c, a: c.rpp.personal.third_party(
        a, ThirdParty(c.project, "rosa", "dora", "Elsewhere", FAR)
    ),
    (_P.MEMBER_CHANGE, "add"): lambda c, a: c.rpp.projects.add_member(a, c.project, "rosa"),
    (_P.MEMBER_CHANGE, "remove"): lambda c, a: c.rpp.projects.remove_member(a, c.project, "nobody"),
    (_P.DROP_READ, "check"): lambda c, a: c.rpp.warehousing.check(a, c.district),
    (_P.DROP_READ, "waiting"): lambda c, a: c.rpp.warehousing.receiving.waiting(a, c.district),
    (_P.DROP_READ, "codebook"): lambda c, a: c.rpp.warehousing.codebooks.history(a, c.district),
    (_P.DROP_RECEIVE, "bring"): lambda c, a: c.rpp.warehousing.receiving.bring(a, c.folder, c.district, "202601_staff"),
    (_P.DROP_RECEIVE, "discard"): lambda c, a: c.rpp.warehousing.receiving.discard(a, c.district, "202601_none", 1),
    (_P.MASTERS_BUILD, "build"): lambda c, a: c.rpp.warehousing.build(a, c.district),
    (_P.IDENTITY_DECIDE, "list"): lambda c, a: c.rpp.identities.list(a, c.district),
    (_P.IDENTITY_DECIDE, "get"): lambda c, a: c.rpp.identities.get(a, c.district, "i0001"),
    (_P.CODEBOOK_EDIT, "save"): lambda c, a: c.rpp.warehousing.codebooks.save(a, c.district, 0, BOOK),
    (_P.QUESTION_ANSWER, "answer"): lambda c, a: c.rpp.warehousing.questions.answer(a, f"q{c.number:04d}", "So."),
    (_P.QUESTION_ANSWER, "decline"): lambda c, a: c.rpp.warehousing.questions.decline(a, f"q{c.number:04d}", "No."),
    (_P.CUT_BUILD, "cut"): lambda c, a: c.rpp.cutting.build(a, c.project),
    (_P.LINK_MAKE, "link"): lambda c, a: c.rpp.linking.link(a, c.project, Survey(c.file, By.IDENTIFIER)),
    (_P.LINK_MAKE, "list"): lambda c, a: c.rpp.linking.list(a, c.project),
    (_P.RETURN_MAKE, "return"): lambda c, a: c.rpp.returning.give_back(a, c.project, Wanted(c.file, c.folder / "out")),
    (_P.WORKSPACE_REVOKE, "revoke"): lambda c, a: c.rpp.workspaces.revoke(a, "rosa", c.project, "Now."),
    (_P.WORKSPACE_KEEP, "archive"): lambda c, a: c.rpp.living.archive(a, c.project, "rosa"),
    (_P.WORKSPACE_DESTROY, "destroy"): lambda c, a: c.rpp.living.destroy(a, c.project, "rosa", "Over."),
    (_P.ENVIRONMENT_MOVE, "move"): lambda c, a: c.rpp.staying.move(a, c.project, "none", "Of age."),
    (_P.INGRESS_DECIDE, "read"): lambda c, a: c.rpp.ingress.get(a, f"i{c.number:04d}"),
    (_P.INGRESS_DECIDE, "refuse"): lambda c, a: c.rpp.ingress.decide(a, f"i{c.number:04d}", admit=False, reason="Too much."),
    (_P.EGRESS_RAISE, "raise"): lambda c, a: c.rpp.egress.raise_today(a, c.project, "rosa", 5, "A figure."),
    (_P.RELEASE_REVOKE, "revoke"): lambda c, a: c.rpp.releasing.revoke(a, f"e{c.number:04d}", "Wrong."),
    (_P.PROJECT_CLOSE, "close"): lambda c, a: c.rpp.projects.close(a, c.project),
    (_P.DESTRUCTION_CONFIRM, "confirm"): lambda c, a: c.rpp.dues.confirm_destruction(a, c.project),
    (_P.VAULT_DESTROY, "destroy"): lambda c, a: c.rpp.vaulting.destroy(a, c.project),
}  # fmt: skip

# What these roles may that is no district's: the register of people and institutions, and beginning a project, which is
# checked against the sponsor's district below. What lists show is checked below, too.
NO_DISTRICTS = frozenset(
    {
        _P.PERSON_ADD, _P.PERSON_READ, _P.ROLE_GIVE, _P.ACCOUNT_LINK, _P.ATTESTATION_DECIDE, _P.ATTESTATION_READ,
        _P.INSTITUTION_ADD, _P.PROJECT_APPLY, _P.CUT_READ, _P.EGRESS_READ,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def rpp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rpp]:
    """Two districts with a project each that waits for an answer, and everybody of PEOPLE."""
    yield from _two_districts(tmp_path_factory.mktemp("districts") / "home")


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rpp]:
    """The same, for acts that change it: whoever is let through may do it twice, and is told so."""
    yield from _two_districts(tmp_path_factory.mktemp("worn") / "home")


def _two_districts(home: Path) -> Iterator[Rpp]:
    initialise(home, CONFIG)
    rpp = open_installation(home)
    rpp.institutions.add(SETUP, "lakeside", "Lakeside", InstitutionKind.UNIVERSITY, partner=True)
    for name, who in PEOPLE.items():
        rpp.people.add(SETUP, name, name.title(), institutions=who.works, roles=[who.role])
        for place in who.works if who.until else ():
            rpp.people.affiliate(SETUP, name, place, until=who.until)
    for name in ("rosa", "remy"):
        rpp.people.add(SETUP, name, name.title(), institutions=["lakeside"])
    for district in DISTRICTS:  # a0001 and a0002
        umbrella(rpp.umbrellas, rpp.signing, district)
    for (district, project), sponsor in zip(DISTRICTS.items(), ("paula", "pia"), strict=True):
        text = APPLICATION.format(name=project, lead="remy", district=district, sponsor=sponsor)
        rpp.projects.apply(actor("remy"), text, LETTER)
        _things_of(rpp, district, project)
    yield rpp
    rpp.store.close()
    remove(home)


APPLICATION = """\
project: {name}
title: A project called {name}
district: {district}
sponsor: {sponsor}
questions: ["How does absence differ by grade?"]
irb: {{number: IRB-1, ends: 2030-06-30}}
agreement: {{ends: 2030-12-31}}
tables:
  classifications:
    fields: [{{name: grade_level, rationale: needed, need: critical}}]
years: [2019, 2024]
members: [{{person: {lead}, role: lead}}]
"""


def _things_of(rpp: Rpp, district: str, project: str) -> None:
    """A question, an offered file and a release, written as rows: how they come about is others' tests."""
    now = datetime.now(UTC)
    with rpp.store.act(SETUP, "test:rows", f"project:{project}") as act:
        request = Request(project=project, author="remy", status="released", created_at=now)
        request.rounds = [
            Round(
                number=1,
                file_name="a.ipynb",
                snapshot="0" * 64,
                outputs=[],
                context="",
                controls="",
                cut="c0001",
                submitted_at=now,
            )
        ]
        act.session.add(request)
        act.session.flush()
        act.session.add_all(
            [
                FieldQuestion(
                    district=district, project=project, table="staff", field="staff_code", question="What?",
                    asked_by="remy", asked_at=now, status="waiting",
                ),
                Ingress(
                    project=project, author="remy", file_name="a.csv", kind="table", size=1, findings=[], purpose="A list",
                    sha256=rpp.ingress._content.put(project.encode()), status="offered", offered_at=now,
                ),
                Release(request_id=request.id, project=project, bundle_sha256="0" * 64, items=1, released_at=now),
            ]
        )  # fmt: skip


def refused(do: Callable[[], object]) -> bool:
    """Whether it is refused because of who asks; any other answer means that they were let through."""
    try:
        do()
    except NotPermitted:
        return True
    except NotFound as error:
        return error.code in {"no-such-project", "no-such-agreement", "no-such-question", "no-ingress"}
    except RppError:
        return False
    return False


def test_every_permission_of_a_role_that_counts_for_districts_has_an_act_below() -> None:
    carried = frozenset().union(*(PERMISSIONS[role] for role in DISTRICT_ROLES))
    tried = {permission for permission, _ in ACTS}
    assert carried - NO_DISTRICTS <= tried
    assert not tried & NO_DISTRICTS


@pytest.mark.parametrize(("permission", "what"), list(ACTS))
def test_an_act_is_for_those_who_hold_its_permission_and_work_for_the_district(
    worn: Rpp, tmp_path: Path, permission: Permission, what: str
) -> None:
    for district, project in DISTRICTS.items():
        case = Case(worn, tmp_path, district, project)
        for name, who in PEOPLE.items():
            # a permission is needed, and sometimes more than it: being the sponsor, not being one
            allowed = permission in PERMISSIONS[who.role] and district in who.serves
            was_refused = refused(partial(ACTS[permission, what], case, actor(name)))
            if (permission, name) not in _MORE:
                assert was_refused != allowed, (name, district)
            assert was_refused or allowed, (name, district)


_MORE = (
    {(Permission.PROJECT_DECIDE, name) for name in PEOPLE}
    | {(Permission.PROJECT_JUDGE, name) for name in ("paula", "pia")}
    | {(Permission.DESTRUCTION_CONFIRM, name) for name in PEOPLE}
)


@pytest.mark.parametrize("name", PEOPLE)
def test_lists_hold_what_is_of_the_persons_districts_alone(rpp: Rpp, name: str) -> None:
    who, asked = PEOPLE[name], actor(name)
    mine = {DISTRICTS[d] for d in who.serves}
    assert {p.name for p in rpp.projects.list(asked)} == mine
    assert {p.name for p in rpp.projects.page(asked, PageAt())} == mine
    assert {p.name for p in rpp.projects.lines(asked, PageAt())} == mine
    assert {r.project for r in rpp.releasing.list(asked)} == mine
    assert {r.project for r in rpp.releasing.page(asked, PageAt())} == mine
    umbrellas = {p.district for p in rpp.agreements.page(asked, PageAt(), kind="umbrella")}
    assert umbrellas == set(who.serves)
    if who.role is Role.DATA_MANAGER:
        assert {q.project for q in rpp.warehousing.questions.list(asked)} == mine
        assert {i.project for i in rpp.ingress.list(asked)} == mine
    due = {d.subject for d in rpp.dues.seen_by(asked) if d.kind == "application"}
    assert due == ({"alpha"} if name == "paula" else {"beta"} if name == "pia" else mine if who.role is not Role.PRACTITIONER else set())  # fmt: skip


@pytest.mark.parametrize(("sponsor", "code"), [("pia", "sponsor-elsewhere"), ("gone", "sponsor-elsewhere")])
def test_a_sponsor_works_for_the_projects_district(rpp: Rpp, sponsor: str, code: str) -> None:
    with pytest.raises(Invalid) as invalid:
        rpp.drafts.begin(actor("rosa"), Beginning("gamma", "Absence", "bayview", "rosa", sponsor))
    assert invalid.value.code == code
    text = APPLICATION.format(name="gamma", lead="rosa", district="bayview", sponsor=sponsor)
    with pytest.raises(Invalid, match="works for the district"):
        rpp.projects.apply(actor("rosa"), text, LETTER)
    assert (sponsor, "bayview") not in {(s.name, s.district) for s in rpp.people.sponsors()}


def test_whoever_may_sponsor_is_named_with_each_of_their_districts(rpp: Rpp) -> None:
    found = {(s.name, s.district) for s in rpp.people.sponsors()}
    assert found == {("paula", "bayview"), ("pat", "bayview"), ("pat", "hillside"), ("pia", "hillside")}


def test_an_umbrella_agreement_is_signed_by_a_leader_of_its_own_district(rpp: Rpp) -> None:
    paper = rpp.umbrellas.propose(SETUP, "hillside", UmbrellaTerms(TODAY))
    for stranger in ("paula", "gone", "pete"):
        with pytest.raises((NotPermitted, NotFound)):
            rpp.signing.sign(actor(stranger), paper.name, paper.document_sha256, Party.DISTRICT)
    rpp.signing.sign(actor("pat"), paper.name, paper.document_sha256, Party.DISTRICT)


@pytest.mark.parametrize(
    ("name", "role", "place"),
    [("rosa", Role.DATA_MANAGER, None), ("pia", None, "bayview"), ("dan", None, "hillside"), ("dan", None, "lakeside")],
)  # fmt: skip
def test_who_serves_one_district_puts_nobody_in_charge_of_another(
    rpp: Rpp, name: str, role: Role | None, place: str | None
) -> None:
    before = rpp.people.get(name)
    with pytest.raises(ActionRefused) as caught:
        if role is not None:
            rpp.people.give_role(actor("dan"), name, role)
        if place is not None:
            rpp.people.affiliate(actor("dan"), name, place)
    assert caught.value.code == "beyond-own-districts"
    assert rpp.people.get(name) == before


def test_a_practitioner_who_comes_to_a_second_district_sees_it_from_that_day(rpp: Rpp) -> None:
    rpp.people.add(SETUP, "petra", "Petra", institutions=["bayview"], roles=[Role.PRACTITIONER])
    with pytest.raises(NotFound):
        rpp.projects.seen_by(actor("petra"), "beta")
    rpp.people.affiliate(SETUP, "petra", "hillside")
    assert rpp.projects.seen_by(actor("petra"), "beta").name == "beta"
    rpp.people.affiliate(SETUP, "petra", "hillside", until=TODAY - timedelta(days=1))
    with pytest.raises(NotFound):
        rpp.projects.seen_by(actor("petra"), "beta")


def test_each_project_goes_its_whole_way_with_the_people_of_its_district(rpp: Rpp) -> None:
    with rpp.store.read() as session:
        assert {d.name for d in session.query(District)} == set(DISTRICTS)
    text = APPLICATION.format(name="delta", lead="rosa", district="hillside", sponsor="pia")
    rpp.projects.apply(actor("rosa"), text, LETTER)
    approving.review(rpp, "delta", judge="pat")
    with pytest.raises(NotPermitted):
        rpp.projects.decide(actor("dan"), "delta", approve=True)
    rpp.projects.decide(actor("pia"), "delta", approve=True)
    approving.sign(rpp, "delta")
    assert rpp.projects.get("delta").agreement_ends == date(2030, 12, 31)
