"""Lists of projects: a line each, in one query whatever the page holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVarTuple

from sqlalchemy import Select, String, bindparam, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.services.authority import Rights, projects_within
from rpp_hub.store.models import Membership, Project
from rpp_hub.store.paging import read_rows


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
    """A project as its member finds it again."""

    name: str
    title: str
    district: str
    status: ProjectStatus


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Which projects: an empty field means any."""

    status: str = ""
    district: str = ""
    sponsor: str = ""


ANY = ProjectFilter()
Ts = TypeVarTuple("Ts")
_PROJECT, _MEMBER = Project.__table__.c, Membership.__table__.c
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
    select(_PROJECT.name, _PROJECT.title, _PROJECT.district, _PROJECT.status)
    .where(_PROJECT.name.in_(bindparam("names", type_=String, expanding=True)))
    .order_by(_PROJECT.name)
)


def fitting(query: Select[*Ts], rights: Rights, wanted: ProjectFilter) -> Select[*Ts]:
    """Only the projects this person may know of, and of them those that are asked for."""
    query = query.where(projects_within(rights, Permission.PROJECT_READ_ALL))
    for column, value in (
        (_PROJECT.status, wanted.status),
        (_PROJECT.district, wanted.district),
        (_PROJECT.sponsor, wanted.sponsor),
    ):
        query = query.where(column == value) if value else query
    return query


def project_lines(
    session: Session, rights: Rights, at: PageAt, wanted: ProjectFilter = ANY
) -> Page[ProjectLine]:
    """A page of the projects this person may know of, by name."""
    page = read_rows(session, fitting(_LINE, rights, wanted), _PROJECT.name, at)
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
    rows = session.execute(_OWN, {"names": sorted(rights.projects)})
    return tuple(OwnProject(r.name, r.title, r.district, ProjectStatus(r.status)) for r in rows)
