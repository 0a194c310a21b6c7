"""Drafts that a researcher and a practitioner write together, page by page, and send; and revisions of what was sent back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.application import application_from, parse_application
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, Stale
from rpp_hub.domain.names import check_person_name, check_project_name, printable
from rpp_hub.domain.project_lifecycle import ProjectAct, ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.project_fields import check_fields
from rpp_hub.services.project_papers import check_may_amend, grant_for_cut
from rpp_hub.services.project_rounds import IrbLetter, keep_file, project_exists, send
from rpp_hub.services.project_state import Surroundings, check_act, get_project, listed_members
from rpp_hub.services.role_rules import check_may_join, check_sponsor
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Act, Store
from rpp_hub.store.model_projects import AmendmentDraft
from rpp_hub.store.models import District, Membership, Person, Project


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a draft begins with: its two co-creators and where it belongs."""

    name: str
    title: str
    district: str
    lead: str
    sponsor: str


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft or revision as it is edited. `version` guards against two people who save at once."""

    name: str
    status: ProjectStatus
    content: Mapping[str, Any]
    version: int
    faults: tuple[str, ...] = field(default=())
    amendment: bool = False


class Drafts:
    """Applications before they are sent."""

    def __init__(
        self, store: Store, papers: ContentStore, around: Surroundings, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._papers = papers
        self._around = around
        self._now = now

    def begin(self, actor: Actor, beginning: Beginning) -> str:
        """Start a draft; either of its two co-creators does."""
        name = check_project_name(beginning.name)
        if not 3 <= len(beginning.title.strip()) <= 2000:
            raise Invalid("Give the project a title.", code="no-title")
        with self._store.act(actor, "project:draft", f"project:{name}") as act:
            _check_co_creators(act.session, actor, beginning)
            if act.session.get(Project, name) is not None:
                raise project_exists(name)
            act.session.add(_draft_row(actor, beginning, self._now()))
            act.detail.update(district=beginning.district, lead=beginning.lead, sponsor=beginning.sponsor)
        return name

    def opened(self, actor: Actor, name: str) -> DraftView:
        """A draft, a revision or an amendment that this person may edit, with what it still lacks."""
        with self._store.read() as session:
            project = get_project(session, name)
            if project.status == ProjectStatus.APPROVED:
                amendment = _amendment(session, actor, name)
                faults = self._faults(project, amendment.application)
                return DraftView(
                    name,
                    ProjectStatus.APPROVED,
                    amendment.application,
                    amendment.version,
                    faults,
                    amendment=True,
                )
            check_act(session, actor, project, ProjectAct.EDIT, self._around)
            faults = self._faults(project, project.application)
            return DraftView(
                name, ProjectStatus(project.status), project.application, project.version, faults
            )

    def begin_amendment(self, actor: Actor, name: str) -> None:
        """Begin an amendment with what is granted now; one that was begun before is gone on with."""
        with self._store.act(actor, "agreement:draft", f"project:{name}") as act:
            project = get_project(act.session, name)
            check_may_amend(act.session, actor, project)
            if act.session.get(AmendmentDraft, name) is None:
                granted = grant_for_cut(act.session, name).application
                act.session.add(
                    AmendmentDraft(
                        project=name,
                        application=granted.model_dump(mode="json"),
                        begun_by=actor.name,
                        changed_at=self._now(),
                    )
                )

    def save(self, actor: Actor, name: str, changes: Mapping[str, Any], version: int) -> None:
        """Save some keys of the application; None takes a key out. Raises Stale if somebody saved meanwhile."""
        with self._store.act(actor, "project:edit", f"project:{name}") as act:
            project = get_project(act.session, name)
            act.detail["changed"] = sorted(changes)
            if project.status == ProjectStatus.APPROVED:
                row = _amendment(act.session, actor, name)
                _check_version(row.version, version)
                row.application, row.changed_at = _changed(row.application, changes), self._now()
                return
            check_act(act.session, actor, project, ProjectAct.EDIT, self._around)
            _check_version(project.version, version)
            if "members" in changes:
                _list_members(act.session, project, changes["members"])
                changes = {**changes, "members": listed_members(project)}
            project.application = _changed(project.application, changes)
            project.title = printable(str(project.application.get("title") or project.title), 2000)

    def attach_irb(self, actor: Actor, name: str, letter: IrbLetter) -> None:
        """Put the IRB's letter beside the draft."""
        with self._store.act(actor, "project:edit", f"project:{name}") as act:
            self._editable(act, actor, name)
            act.detail["irb_sha256"] = keep_file(act.session, actor, name, letter, self._papers)

    def send(self, actor: Actor, name: str) -> None:
        """Send a draft or a revision to the district."""
        with self._store.act(actor, "project:apply", f"project:{name}") as act:
            project = get_project(act.session, name)
            self._send(act, actor, project)

    def resubmit(self, actor: Actor, name: str, text: str, letter: IrbLetter | None = None) -> None:
        """Replace a revision by an application in YAML, and send it."""
        application = parse_application(text)
        with self._store.act(actor, "project:apply", f"project:{name}") as act:
            project = self._editable(act, actor, name)
            if (application.project, application.district) != (name, project.district):
                raise Invalid(
                    f"This is not an application of {name} to {project.district}.", code="wrong-project"
                )
            project.application = application.model_dump(mode="json")
            project.title = application.title
            _list_members(act.session, project, project.application["members"])
            if letter is not None:
                keep_file(act.session, actor, name, letter, self._papers)
            self._send(act, actor, project)

    def _send(self, act: Act, actor: Actor, project: Project) -> None:
        project.application = {**project.application, "members": listed_members(project)}
        try:
            application = application_from(project.application)
        except Invalid:
            check_act(act.session, actor, project, ProjectAct.APPLY, self._around)  # says what is missing
            raise
        check_fields(application, self._around.codebook(application.district))
        send(act, actor, project, application, self._around)

    def _editable(self, act: Act, actor: Actor, name: str) -> Project:
        project = get_project(act.session, name)
        check_act(act.session, actor, project, ProjectAct.EDIT, self._around)
        return project

    def _faults(self, project: Project, content: Mapping[str, Any]) -> tuple[str, ...]:
        try:
            application = application_from({**content, "members": listed_members(project)})
            check_fields(application, self._around.codebook(application.district))
        except Invalid as error:
            return error.faults
        return ()


def _changed(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in {**content, **changes}.items() if v is not None}


def _check_version(there: int, seen: int) -> None:
    if there != seen:
        raise Stale("Somebody else saved this draft meanwhile. Look at it again, then repeat your change.")


def _amendment(session: Session, actor: Actor, name: str) -> AmendmentDraft:
    check_may_amend(session, actor, get_project(session, name))
    row = session.get(AmendmentDraft, name)
    if row is None:
        raise ActionRefused(
            (
                Refusal(
                    "no-amendment", f"No amendment of {name} has been begun. Begin it on the project's page."
                ),
            )
        )
    return row


def _check_co_creators(session: Session, actor: Actor, beginning: Beginning) -> None:
    if actor.name not in (beginning.lead, beginning.sponsor):
        raise NotPermitted(
            "A draft is begun by the researcher who leads it or the practitioner who sponsors it.",
            code="not-co-creator",
        )
    if session.get(District, beginning.district) is None:
        raise Invalid("Choose the district that the project is with.", code="no-such-district")
    for person in (beginning.lead, beginning.sponsor):
        row = session.get(Person, check_person_name(person))
        if row is None or not row.active:
            raise Invalid(
                f"{person} has no open account here. A data manager adds people.", code="no-such-person"
            )
    check_may_join(session, beginning.lead)
    check_sponsor(session, beginning.sponsor, beginning.district)
    if beginning.lead == beginning.sponsor:
        raise Invalid("Lead and sponsor are two people.", code="one-person")


def _draft_row(actor: Actor, beginning: Beginning, now: datetime) -> Project:
    content = {
        "project": beginning.name, "title": beginning.title.strip(), "district": beginning.district,
        "sponsor": beginning.sponsor, "tables": {},
    }  # fmt: skip
    return Project(
        name=beginning.name,
        title=printable(beginning.title.strip(), 2000),
        district=beginning.district,
        sponsor=beginning.sponsor,
        status=ProjectStatus.DRAFT,
        application=content,
        applied_by=actor.name,
        applied_at=now,
        members=[
            Membership(project=beginning.name, person=beginning.lead, role="lead", since=datetime.now(UTC))
        ],
    )


def _list_members(session: Session, project: Project, wanted: Sequence[Mapping[str, str]]) -> None:
    """The research team as the application lists it; its lead stays."""
    lead = next(m.person for m in project.members if m.role == "lead")
    names = {check_person_name(m["person"]) for m in wanted} - {lead}
    for name in sorted(names):
        if session.get(Person, name) is None:
            raise Invalid(
                f"{name} has no account here. A data manager adds people with `rpp person add`.",
                code="no-such-person",
            )
        check_may_join(session, name)
    for membership in [m for m in project.members if m.person not in names and m.role != "lead"]:
        project.members.remove(membership)
    known, now = {m.person for m in project.members}, datetime.now(UTC)
    project.members += [
        Membership(project=project.name, person=n, role="member", since=now) for n in sorted(names - known)
    ]
