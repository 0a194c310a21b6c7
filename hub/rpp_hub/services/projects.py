"""Projects: applications, decisions, members, and the gate that every door asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.application import Application, application_from, parse_application
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.gate import gate
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectAct, ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.workspace_notices import notices
from rpp_hub.services.authority import require, rights_of, seen_projects
from rpp_hub.services.dues import note_end
from rpp_hub.services.project_fields import check_fields
from rpp_hub.services.project_lines import (
    ANY,
    OwnProject,
    ProjectFilter,
    ProjectLine,
    fitting,
    own_projects,
    project_lines,
)
from rpp_hub.services.project_papers import Draft, appetite_of, write_paper
from rpp_hub.services.project_rounds import IrbLetter, answer_round, keep_file, project_exists, send
from rpp_hub.services.project_state import Surroundings, check_act, get_project, may_see, no_project
from rpp_hub.services.role_rules import check_may_join, check_sponsor
from rpp_hub.services.standing import gate_on, standings
from rpp_hub.settings import Appetite
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.models import District, Membership, Person, Project
from rpp_hub.store.paging import read_page


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as its members and the partnership's staff see it."""

    name: str
    title: str
    district: str
    sponsor: str
    status: ProjectStatus
    application: Application | None  # None for a draft that is not complete
    applied_by: str
    applied_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str
    irb_ends: date | None
    agreement_ends: date | None
    members: tuple[tuple[str, str], ...]  # (person, lead|member)


class Projects:
    """The register of projects."""

    def __init__(self, store: Store, papers: ContentStore, around: Surroundings) -> None:
        self._store = store
        self._papers = papers
        self._around = around

    def apply(self, actor: Actor, text: str, irb: IrbLetter | None = None) -> ProjectView:
        """Register an application given as YAML, with the IRB's letter.

        Raises Invalid or ActionRefused with everything that is wrong.
        """
        application = parse_application(text)
        check_fields(application, self._around.codebook(application.district))
        name = application.project
        with self._store.act(actor, "project:apply", f"project:{name}") as act:
            _check_may_apply(act.session, actor, application)
            _check_people(act.session, application)
            if act.session.get(Project, name) is not None:
                raise project_exists(name)
            project = _row(application, actor)
            act.session.add(project)
            act.session.flush()
            if irb is not None:
                act.detail["irb_sha256"] = keep_file(act.session, actor, name, irb, self._papers)
            send(act, actor, project, application, self._around)
        return self.get(name)

    def appetite(self, name: str) -> Appetite:
        """The thresholds of its output checks."""
        with self._store.read() as session:
            return appetite_of(session, self._around.settings.appetite, name)

    def decide(
        self, actor: Actor, name: str, *, approve: bool, reason: str = "", conditions: Sequence[str] = ()
    ) -> ProjectView:
        """Approve or decline. For a sponsor, or a data manager who records the district's decision.

        An approved project's agreement is written at once, for both sides to sign.
        """
        answer = ProjectAct.APPROVE if approve else ProjectAct.DECLINE
        given = tuple(c.strip() for c in conditions if c.strip())
        with self._store.act(
            actor, f"project:{'approve' if approve else 'decline'}", f"project:{name}", reason
        ) as act:
            require(act.session, actor, Permission.PROJECT_DECIDE, name)
            project = get_project(act.session, name)
            application = answer_round(act, actor, project, answer, reason, given, self._around)
            if approve:
                check_fields(application, self._around.codebook(project.district))
                draft = Draft(application, given)
                codebook = self._around.codebook(project.district)
                write_paper(act, actor, project, draft, codebook, self._papers, datetime.now(UTC))
        return self.get(name)

    def send_back(self, actor: Actor, name: str, reason: str) -> ProjectView:
        """Ask the applicants for a revision; the review's clock stands still until they send it."""
        if not reason.strip():
            raise Invalid("Say what is to be revised.", code="no-reason")
        with self._store.act(actor, "project:return", f"project:{name}", reason) as act:
            require(act.session, actor, Permission.PROJECT_DECIDE, name)
            project = get_project(act.session, name)
            answer_round(act, actor, project, ProjectAct.RETURN, reason, (), self._around)
        return self.get(name)

    def withdraw(self, actor: Actor, name: str, reason: str = "") -> ProjectView:
        """The lead takes a draft or an application back."""
        with self._store.act(actor, "project:withdraw", f"project:{name}", reason) as act:
            project = get_project(act.session, name)
            if project.status == ProjectStatus.APPLIED:
                answer_round(act, actor, project, ProjectAct.WITHDRAW, reason, (), self._around)
            else:
                project.status = check_act(act.session, actor, project, ProjectAct.WITHDRAW, self._around)
        return self.get(name)

    def close(self, actor: Actor, name: str, reason: str = "") -> ProjectView:
        """End a project: nobody opens its workspace any more."""
        with self._store.act(actor, "project:close", f"project:{name}", reason) as act:
            require(act.session, actor, Permission.PROJECT_CLOSE, name)
            project = get_project(act.session, name)
            project.status = check_act(act.session, actor, project, ProjectAct.CLOSE, self._around)
            note_end(act.session, name, datetime.now(UTC).date())
        return self.get(name)

    def add_member(self, actor: Actor, name: str, person: str) -> ProjectView:
        """Put somebody on the staff list."""
        with self._store.act(actor, "member:add", f"project:{name}") as act:
            require(act.session, actor, Permission.MEMBER_CHANGE, name)
            project = get_project(act.session, name)
            _check_person(act.session, person, "member")
            check_may_join(act.session, person)
            if any(m.person == person for m in project.members):
                raise ActionRefused((Refusal("already-member", f"{person} is a member of {name} already."),))
            project.members.append(
                Membership(project=name, person=person, role="member", since=datetime.now(UTC))
            )
            act.detail["person"] = person
        return self.get(name)

    def remove_member(self, actor: Actor, name: str, person: str) -> ProjectView:
        """Take somebody off the staff list; their running workspace closes within a minute."""
        with self._store.act(actor, "member:remove", f"project:{name}") as act:
            require(act.session, actor, Permission.MEMBER_CHANGE, name)
            project = get_project(act.session, name)
            membership = next((m for m in project.members if m.person == person), None)
            if membership is None:
                raise ActionRefused(
                    (Refusal("not-member", f"{printable(person)} is not a member of {name}."),)
                )
            project.members.remove(membership)
            act.detail["person"] = person
        return self.get(name)

    def get(self, name: str) -> ProjectView:
        """One project, for the trusted side. Raises NotFound."""
        with self._store.read() as session:
            return _view(get_project(session, name))

    def seen_by(self, actor: Actor, name: str) -> ProjectView:
        """One project for a person; NotFound for those who may not know of it."""
        with self._store.read() as session:
            project = get_project(session, name)
            if not may_see(rights_of(session, actor.name), project):
                raise no_project(name)
            return _view(project)

    def list(self, actor: Actor) -> tuple[ProjectView, ...]:
        """The projects this person may know of, by name."""
        with self._store.read() as session:
            query = fitting(select(Project).order_by(Project.name), rights_of(session, actor.name), ANY)
            return tuple(_view(p) for p in session.scalars(query))

    def page(self, actor: Actor, at: PageAt, wanted: ProjectFilter = ANY) -> Page[ProjectView]:
        """A page of the projects this person may know of, by name."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            query = fitting(select(Project), rights, wanted)
            return read_page(session, query, Project.name, at).map(_view)

    def lines(self, actor: Actor, at: PageAt, wanted: ProjectFilter = ANY) -> Page[ProjectLine]:
        """The same, a line each, for a list."""
        with self._store.read() as session:
            return project_lines(session, rights_of(session, actor.name), at, wanted)

    def names_for(self, actor: Actor, permission: Permission) -> frozenset[str] | None:
        """The projects for which somebody may do something; None for all of them."""
        with self._store.read() as session:
            return seen_projects(session, rights_of(session, actor.name), permission)

    def own(self, actor: Actor) -> tuple[ProjectView, ...]:
        """The projects that this person is a member of, by name."""
        with self._store.read() as session:
            mine = Project.name.in_(rights_of(session, actor.name).projects)
            return tuple(
                _view(p) for p in session.scalars(select(Project).where(mine).order_by(Project.name))
            )

    def own_lines(self, actor: Actor) -> tuple[OwnProject, ...]:
        """The same, as much of each as a list shows."""
        with self._store.read() as session:
            return own_projects(session, rights_of(session, actor.name))

    def gate(self, person: str, project: str, today: date | None = None) -> tuple[Refusal, ...]:
        """Why this person may not work on this project today; empty when they may."""
        with self._store.read() as session:
            return gate_on(session, person, project, today or datetime.now(UTC).date())

    def notices(self, person: str, project: str, days: int, *, reading: bool) -> dict[str, str]:
        """What the person is told when this workspace opens: what ends within so many days."""
        today = datetime.now(UTC).date()
        with self._store.read() as session:
            found = standings(session, (person,), (project,), today)
        return {
            text: told for one in found for text, told in notices(one, today, days, reading=reading).items()
        }

    def gates(
        self, people: Collection[str], projects: Collection[str], today: date | None = None
    ) -> dict[tuple[str, str], tuple[Refusal, ...]]:
        """The gate for each of these people on each of these projects, in one query."""
        day = today or datetime.now(UTC).date()
        with self._store.read() as session:
            return {(s.person, s.project): gate(s, day) for s in standings(session, people, projects, day)}


def _check_may_apply(session: Session, actor: Actor, application: Application) -> None:
    lead = next(m.person for m in application.members if m.role == "lead")
    if actor.name != lead:
        require(session, actor, Permission.PROJECT_APPLY)


def _check_people(session: Session, application: Application) -> None:
    if session.get(District, application.district) is None:
        raise Invalid(
            f"There is no district called {application.district!r} here. Mend the name, or add the district to rpp.toml.",
            code="no-such-district",
        )
    for sponsor in application.sponsors:
        _check_person(session, sponsor, "sponsor")
        check_sponsor(session, sponsor, application.district)
    for member in application.members:
        _check_person(session, member.person, "member")
        check_may_join(session, member.person)


def _check_person(session: Session, name: str, what: str) -> None:
    if session.get(Person, name) is not None:
        return
    close = get_close_matches(name, session.scalars(select(Person.name)).all(), n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise Invalid(
        f"The {what} {printable(name)!r} has no account here.{hint} A data manager adds people with `rpp person add`.",
        code="no-such-person",
    )


def _row(application: Application, actor: Actor) -> Project:
    now = datetime.now(UTC)
    return Project(
        name=application.project,
        title=application.title,
        district=application.district,
        sponsor=application.sponsor,
        status=ProjectStatus.DRAFT,
        application=application.model_dump(mode="json"),
        applied_by=actor.name,
        applied_at=now,
        irb_ends=application.irb.ends,
        agreement_ends=None,
        members=[
            Membership(project=application.project, person=m.person, role=m.role, since=now)
            for m in application.members
        ],
    )


def _application(project: Project) -> Application | None:
    if project.status not in (ProjectStatus.DRAFT, ProjectStatus.RETURNED, ProjectStatus.WITHDRAWN):
        return application_from(project.application)
    try:
        return application_from(project.application)
    except Invalid:
        return None


def _view(project: Project) -> ProjectView:
    return ProjectView(
        name=project.name,
        title=project.title,
        district=project.district,
        sponsor=project.sponsor,
        status=ProjectStatus(project.status),
        application=_application(project),
        applied_by=project.applied_by,
        applied_at=project.applied_at,
        decided_by=project.decided_by,
        decided_at=project.decided_at,
        decision_reason=project.decision_reason,
        irb_ends=project.irb_ends,
        agreement_ends=project.agreement_ends,
        members=tuple(sorted((m.person, m.role) for m in project.members)),
    )
