"""Lists of projects: a line each, in one query whatever the page holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, func, select, union
from sqlalchemy.orm import Session

from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.workspace_life import Life
from rpp_hub.services.authority import Rights, projects_within
from rpp_hub.store.model_workspace import WorkspaceState
from rpp_hub.store.models import Membership, Project
from rpp_hub.store.paging import behind_mark, read_rows


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project as one line of a list; `members` is how many there are."""

    name: str
    title: str
    status: ProjectStatus
    district: str
    sponsor: str
    members: int
    agreement_ends: date | None


@dataclass(frozen=True, slots=True)
class OwnProject:
    """A project as its member finds it again, where their workspace of it stands, and until when that is read."""

    name: str
    title: str
    district: str
    status: ProjectStatus
    life: Life = Life.ACTIVE
    read_until: date | None = None


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Which projects: an empty field means any."""

    status: str = ""
    district: str = ""
    sponsor: str = ""


ANY = ProjectFilter()
Ts = TypeVarTuple("Ts")
_PROJECT, _MEMBER, _STATE = Project.__table__.c, Membership.__table__.c, WorkspaceState.__table__.c
_OF_WORKSPACE = and_(_STATE.project == _PROJECT.name, _STATE.person == bindparam("person", type_=String))
_LINE = select(
    _PROJECT.name,
    _PROJECT.title,
    _PROJECT.status,
    _PROJECT.district,
    _PROJECT.sponsor,
    _PROJECT.agreement_ends,
    select(func.count()).where(_MEMBER.project == _PROJECT.name).scalar_subquery().label("members"),
)
_OWN = (
    select(_PROJECT.name, _PROJECT.title, _PROJECT.district, _PROJECT.status, _STATE.state, _STATE.until)
    .select_from(Project.__table__.outerjoin(WorkspaceState.__table__, _OF_WORKSPACE))
    .where(_PROJECT.name.in_(bindparam("names", type_=String, expanding=True)))
    .order_by(_PROJECT.name)
)


def fitting(query: Select[*Ts], rights: Rights, wanted: ProjectFilter) -> Select[*Ts]:
    """Only the projects this person may know of, and of them those that are asked for."""
    return query.where(projects_within(rights, Permission.PROJECT_READ_ALL), *_filters(wanted))


def _filters(wanted: ProjectFilter) -> tuple[ColumnElement[bool], ...]:
    asked = (
        (_PROJECT.status, wanted.status),
        (_PROJECT.district, wanted.district),
        (_PROJECT.sponsor, wanted.sponsor),
    )
    return tuple(column == value for column, value in asked if value)


def _on_page(rights: Rights, at: PageAt, wanted: ProjectFilter) -> Select[*tuple[Any, ...]]:
    """The same for one page: from each reason to know of a project as many as the page may hold.

    Each is found by an index of its own; as one condition they would all be read, and sorted, for a page of fifty.
    """
    reach = rights.reach(Permission.PROJECT_READ_ALL)
    if not reach:
        return fitting(_LINE, rights, wanted)
    reasons = (
        _PROJECT.name.in_(sorted(rights.projects)),
        *(_PROJECT.district == district for district in sorted(reach)),
    )
    filters = _filters(wanted)
    first = [
        behind_mark(
            select(_PROJECT.name).where(reason, *filters), _PROJECT.name, at, newest_first=False
        ).subquery()
        for reason in reasons
    ]
    return _LINE.where(_PROJECT.name.in_(union(*(select(some.c.name) for some in first))))


def project_lines(
    session: Session, rights: Rights, at: PageAt, wanted: ProjectFilter = ANY
) -> Page[ProjectLine]:
    """A page of the projects this person may know of, by name."""
    page = read_rows(session, _on_page(rights, at, wanted), _PROJECT.name, at)
    return page.map(
        lambda row: ProjectLine(
            row.name,
            row.title,
            ProjectStatus(row.status),
            row.district,
            row.sponsor,
            row.members,
            row.agreement_ends,
        )
    )


def own_projects(session: Session, rights: Rights) -> tuple[OwnProject, ...]:
    """The projects that this person is a member of, by name."""
    if not rights.projects:
        return ()
    rows = session.execute(_OWN, {"names": sorted(rights.projects), "person": rights.name})
    return tuple(
        OwnProject(
            r.name, r.title, r.district, ProjectStatus(r.status), Life(r.state or Life.ACTIVE), r.until
        )
        for r in rows
    )
