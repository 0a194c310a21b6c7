"""Projects: applications, decisions, members, and the gate that every door asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.application import Application, application_from, parse_application
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.domain.gate import gate
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import Rights, require, rights_of
from rpp_hub.services.dues import note_end
from rpp_hub.services.role_rules import check_may_join
from rpp_hub.services.standing import gate_on, standings
from rpp_hub.store.database import Store
from rpp_hub.store.models import District, Membership, Person, Project
from rpp_hub.store.paging import read_page

# district → table → its fields; empty while no masters have been built
KnownFields = Callable[[str], Mapping[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as its members and the partnership's staff see it."""

    name: str
    title: str
    district: str
    sponsor: str
    status: ProjectStatus
    application: Application
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

    def __init__(self, store: Store, known_fields: KnownFields) -> None:
        self._store = store
        self._known_fields = known_fields

    def apply(self, actor: Actor, text: str) -> ProjectView:
        """Register an application given as YAML. Raises Invalid or ActionRefused with everything that is wrong."""
        application = parse_application(text)
        self._check_fields(application)
        name = application.project
        with self._store.act(actor, "project:apply", f"project:{name}") as act:
            _check_may_apply(act.session, actor, application)
            _check_people(act.session, application)
            if act.session.get(Project, name) is not None:
                raise ActionRefused(
                    (
                        Refusal(
                            "project-exists",
                            f"There is already a project called {name}. Choose another name.",
                        ),
                    )
                )
            act.session.add(_row(application, actor))
            act.detail.update(district=application.district, tables=sorted(application.tables))
        return self.get(name)

    def decide(self, actor: Actor, name: str, *, approve: bool, reason: str = "") -> ProjectView:
        """Approve or decline. For the sponsor, or a data manager who records the district's decision."""
        with self._store.act(
            actor, f"project:{'approve' if approve else 'decline'}", f"project:{name}", reason
        ) as act:
            rights = require(act.session, actor, Permission.PROJECT_DECIDE)
            project = _get(act.session, name)
            _check_may_decide(rights, project)
            if project.status != ProjectStatus.APPLIED:
                raise ActionRefused((Refusal("already-decided", f"{name} is already {project.status}."),))
            self._check_fields(application_from(project.application))
            project.status = ProjectStatus.APPROVED if approve else ProjectStatus.DECLINED
            project.decided_by, project.decided_at, project.decision_reason = (
                actor.name,
                datetime.now(UTC),
                reason,
            )
        return self.get(name)

    def close(self, actor: Actor, name: str, reason: str = "") -> ProjectView:
        """End a project: nobody opens its workspace any more."""
        with self._store.act(actor, "project:close", f"project:{name}", reason) as act:
            require(act.session, actor, Permission.PROJECT_CLOSE)
            project = _get(act.session, name)
            if project.status != ProjectStatus.APPROVED:
                raise ActionRefused(
                    (Refusal("not-open", f"{name} is {project.status}, so there is nothing to close."),)
                )
            project.status = ProjectStatus.CLOSED
            note_end(act.session, name, datetime.now(UTC).date())
        return self.get(name)

    def add_member(self, actor: Actor, name: str, person: str) -> ProjectView:
        """Put somebody on the staff list."""
        with self._store.act(actor, "member:add", f"project:{name}") as act:
            require(act.session, actor, Permission.MEMBER_CHANGE)
            project = _get(act.session, name)
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
            require(act.session, actor, Permission.MEMBER_CHANGE)
            project = _get(act.session, name)
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
            return _view(_get(session, name))

    def seen_by(self, actor: Actor, name: str) -> ProjectView:
        """One project for a person; NotFound for those who may not know of it."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            if (
                actor.name != SYSTEM
                and name not in rights.projects
                and not rights.may(Permission.PROJECT_READ_ALL)
            ):
                raise _no_project(name)
            return _view(_get(session, name))

    def list(self, actor: Actor) -> tuple[ProjectView, ...]:
        """The projects this person may know of, by name."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            query = select(Project).order_by(Project.name)
            if actor.name != SYSTEM and not rights.may(Permission.PROJECT_READ_ALL):
                query = query.where(Project.name.in_(rights.projects))
            return tuple(_view(p) for p in session.scalars(query))

    def page(self, actor: Actor, at: PageAt) -> Page[ProjectView]:
        """A page of the projects this person may know of, by name."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            query = select(Project)
            if actor.name != SYSTEM and not rights.may(Permission.PROJECT_READ_ALL):
                query = query.where(Project.name.in_(rights.projects))
            return read_page(session, query, Project.name, at).map(_view)

    def gate(self, person: str, project: str, today: date | None = None) -> tuple[Refusal, ...]:
        """Why this person may not work on this project today; empty when they may."""
        with self._store.read() as session:
            return gate_on(session, person, project, today or datetime.now(UTC).date())

    def gates(
        self, people: Collection[str], projects: Collection[str], today: date | None = None
    ) -> dict[tuple[str, str], tuple[Refusal, ...]]:
        """The gate for each of these people on each of these projects, in one query."""
        day = today or datetime.now(UTC).date()
        with self._store.read() as session:
            return {(s.person, s.project): gate(s, day) for s in standings(session, people, projects, day)}

    def _check_fields(self, application: Application) -> None:
        known = self._known_fields(application.district)
        if not known:
            return
        faults = [_unknown_table(t, known) for t in application.tables if t not in known]
        if application.cohort is not None and application.cohort.table not in known:
            faults.append(_unknown_table(application.cohort.table, known))
        for table, request in application.tables.items():
            faults += [
                _unknown_field(table, f.name, known)
                for f in request.fields
                if f.name not in known.get(table, {f.name})
            ]
        if faults:
            raise Invalid("The application cannot be used. " + " ".join(faults), code="unknown-field")


def _get(session: Session, name: str) -> Project:
    project = session.get(Project, name)
    if project is None:
        raise _no_project(name)
    return project


def _no_project(name: str) -> NotFound:
    return NotFound(
        f"There is no project called {printable(name)!r} that you may see.", code="no-such-project"
    )


def _check_may_apply(session: Session, actor: Actor, application: Application) -> None:
    lead = next(m.person for m in application.members if m.role == "lead")
    if actor.name != lead:
        require(session, actor, Permission.PROJECT_APPLY)


def _check_may_decide(rights: Rights, project: Project) -> None:
    if Role.DATA_MANAGER in rights.roles or rights.name in (project.sponsor, SYSTEM):
        return
    raise NotPermitted(
        f"Only {project.sponsor}, its sponsor, or a data manager decides on {project.name}.",
        code="not-sponsor",
    )


def _check_people(session: Session, application: Application) -> None:
    if session.get(District, application.district) is None:
        raise Invalid(
            f"There is no district called {application.district!r} here. Mend the name, or add the district to rpp.toml.",
            code="no-such-district",
        )
    _check_person(session, application.sponsor, "sponsor")
    if Role.PRACTITIONER not in rights_of(session, application.sponsor).roles:
        raise Invalid(
            f"{application.sponsor} cannot sponsor a project: a sponsor is a practitioner.",
            code="not-practitioner",
        )
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


def _unknown_table(table: str, known: Mapping[str, frozenset[str]]) -> str:
    close = get_close_matches(table, known, n=3) or sorted(known)
    return f"There is no table {table!r} in the district's masters; there is {', '.join(close)}."


def _unknown_field(table: str, field: str, known: Mapping[str, frozenset[str]]) -> str:
    fields = known.get(table, frozenset())
    close = get_close_matches(field, fields, n=3) or sorted(fields)
    return f"The table {table!r} has no field {field!r}; it has {', '.join(close)}."


def _row(application: Application, actor: Actor) -> Project:
    now = datetime.now(UTC)
    return Project(
        name=application.project,
        title=application.title,
        district=application.district,
        sponsor=application.sponsor,
        status=ProjectStatus.APPLIED,
        application=application.model_dump(mode="json"),
        applied_by=actor.name,
        applied_at=now,
        irb_ends=application.irb.ends,
        agreement_ends=application.agreement.ends,
        members=[
            Membership(project=application.project, person=m.person, role=m.role, since=now)
            for m in application.members
        ],
    )


def _view(project: Project) -> ProjectView:
    return ProjectView(
        name=project.name,
        title=project.title,
        district=project.district,
        sponsor=project.sponsor,
        status=ProjectStatus(project.status),
        application=application_from(project.application),
        applied_by=project.applied_by,
        applied_at=project.applied_at,
        decided_by=project.decided_by,
        decided_at=project.decided_at,
        decision_reason=project.decision_reason,
        irb_ends=project.irb_ends,
        agreement_ends=project.agreement_ends,
        members=tuple(sorted((m.person, m.role) for m in project.members)),
    )
