"""Lists of projects: a line each, in two queries whatever the page holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVarTuple

from sqlalchemy import Select, func, select
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
class ProjectFilter:
    """Which projects: an empty field means any."""

    status: str = ""
    district: str = ""
    sponsor: str = ""


ANY = ProjectFilter()
Ts = TypeVarTuple("Ts")
_LINE = select(
    Project.name, Project.title, Project.status, Project.district, Project.sponsor, Project.agreement_ends
)


def fitting(query: Select[*Ts], rights: Rights, wanted: ProjectFilter) -> Select[*Ts]:
    """Only the projects this person may know of, and of them those that are asked for."""
    query = query.where(projects_within(rights, Permission.PROJECT_READ_ALL))
    for column, value in (
        (Project.status, wanted.status),
        (Project.district, wanted.district),
        (Project.sponsor, wanted.sponsor),
    ):
        query = query.where(column == value) if value else query
    return query


def project_lines(
    session: Session, rights: Rights, at: PageAt, wanted: ProjectFilter = ANY
) -> Page[ProjectLine]:
    """A page of the projects this person may know of, by name."""
    page = read_rows(session, fitting(_LINE, rights, wanted), Project.name, at)
    counted = (
        select(Membership.project, func.count())
        .where(Membership.project.in_([row.name for row in page]))
        .group_by(Membership.project)
    )
    members = {row[0]: row[1] for row in session.execute(counted)}
    return page.map(
        lambda row: ProjectLine(
            row.name,
            row.title,
            ProjectStatus(row.status),
            row.district,
            row.sponsor,
            members.get(row.name, 0),
            row.agreement_ends,
        )
    )
