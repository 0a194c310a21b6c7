"""Lists of projects: a line each, and which wait for a decision or for data, a bounded number of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.services.authority import Rights
from rpp_hub.store.models import Cut, Membership, Project
from rpp_hub.store.paging import read_rows

SHOWN = 12


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


_LINE = select(
    Project.name, Project.title, Project.status, Project.district, Project.sponsor, Project.agreement_ends
)


def project_lines(session: Session, rights: Rights, at: PageAt) -> Page[ProjectLine]:
    """A page of the projects this person may know of, by name."""
    query: Select[*tuple[Any, ...]] = _LINE
    if rights.name != SYSTEM and not rights.may(Permission.PROJECT_READ_ALL):
        query = query.where(Project.name.in_(rights.projects))
    page = read_rows(session, query, Project.name, at)
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


def to_decide(rights: Rights) -> Select[Any]:
    """Applications that wait for this person: a sponsor's own, all of them for a data manager."""
    query = select(Project).where(Project.status == str(ProjectStatus.APPLIED))
    if Role.DATA_MANAGER not in rights.roles:
        query = query.where(Project.sponsor == rights.name)
    return query.order_by(Project.name).limit(SHOWN)


def uncut() -> Select[Any]:
    """Approved projects without any cut."""
    without = ~exists().where(Cut.project == Project.name)
    approved = Project.status == str(ProjectStatus.APPROVED)
    return select(Project).where(approved, without).order_by(Project.name).limit(SHOWN)
