"""What the gate needs to know of people and projects, read with one query however many are asked for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Row,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.gate import Standing, gate
from rpp_hub.domain.names import printable
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.store.constants import said
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_people import Affiliation, Cover, Institution
from rpp_hub.store.models import Cut, Membership, Person, Project

_EVER = date.max


def _names(what: str) -> BindParameter[Any]:
    return bindparam(what, type_=String, expanding=True)


def gate_on(session: Session, person: str, project: str, today: date) -> tuple[Refusal, ...]:
    """Why this person may not work on this project on a day. Raises NotFound where there is no such project."""
    found = standings(session, (person,), (project,), today)
    if not found:
        raise NotFound(
            f"There is no project called {printable(project)!r} that you may see.", code="no-such-project"
        )
    return gate(found[0], today)


def standings(
    session: Session, people: Collection[str], projects: Collection[str], today: date
) -> tuple[Standing, ...]:
    """Each of these people on each of these projects, strangers too; a project that does not exist is left out."""
    if not people or not projects:
        return ()
    rows: dict[str, dict[str | None, Row[Any]]] = {}
    asked = {"people": list(people), "projects": list(projects), "today": today}
    for row in session.execute(_query(), asked):
        rows.setdefault(row.project, {})[row.person] = row
    return tuple(
        _standing(person, project, of_project.get(person), next(iter(of_project.values())))
        for project in projects
        if (of_project := rows.get(project)) is not None
        for person in people
    )


@cache
def _query() -> Select[*tuple[Any, ...]]:
    is_member = and_(Membership.project == Project.name, Membership.person == Person.name)
    return (
        select(
            Project.name.label("project"),
            Project.status,
            Project.irb_ends,
            Project.agreement_ends,
            _umbrella_ends().label("umbrella_ends"),
            select(Cut.id).where(Cut.project == Project.name).exists().label("has_cut"),
            Person.name.label("person"),
            Person.active,
            Person.training_ends,
            Person.access_agreement_signed,
            Person.access_agreement_ends,
            Membership.person.is_not(None).label("is_member"),
            select(Affiliation.person).where(Affiliation.person == Person.name).exists().label("works"),
            last_day_at_partner(Person.name).label("partner_until"),
            Cover.begins.label("cover_begins"),
            Cover.ends.label("cover_ends"),
            Cover.sponsor,
            last_day_at_partner(Cover.sponsor, InstitutionKind.UNIVERSITY).label("sponsor_until"),
        )
        .select_from(Project)
        .outerjoin(Person, Person.name.in_(_names("people")))  # a stranger is no row, but the project is one
        .outerjoin(Membership, is_member)
        .outerjoin(Cover, Cover.person == Person.name)
        .where(Project.name.in_(_names("projects")))
    )


def _umbrella_ends() -> ScalarSelect[date]:
    """The last day of the newest umbrella agreement that is signed and has begun, as a part of a query."""
    newest = select(func.coalesce(Paper.ends, _EVER, type_=Date)).where(
        Paper.kind == said(PaperKind.UMBRELLA),
        # as a value and not a column: SQLite, which does not know how few umbrella agreements there are, would
        # look through all signed papers of the district
        func.coalesce(Paper.status, "") == said(PaperStatus.SIGNED),
        Paper.district == Project.district,
        Paper.starts <= bindparam("today", type_=Date),
    )
    return newest.order_by(Paper.number.desc(), Paper.id.desc()).limit(1).scalar_subquery()


def last_day_at_partner(
    person: InstrumentedAttribute[str] | ColumnElement[str], kind: InstitutionKind | None = None
) -> ScalarSelect[date]:
    """Until when somebody works at an institution of the partnership, as a part of a query; date.max for no known end."""
    until = func.max(func.coalesce(Affiliation.until, _EVER), type_=Date)
    query = select(until).join(Institution, Institution.name == Affiliation.institution)
    query = query.where(Affiliation.person == person, Institution.partner)
    if kind is not None:
        # whoever sponsors others has an open account; of this very person, so the column belongs to the whole query
        of = aliased(Person)
        sponsor = select(of.name).where(of.name == person, of.active).correlate_except(of).exists()
        query = query.where(Institution.kind == said(kind), sponsor)
    return query.scalar_subquery()


def _standing(person: str, project: str, row: Row[Any] | None, of_project: Row[Any]) -> Standing:
    known = _of_person(row) if row is not None else _STRANGER
    return Standing(
        person=person,
        project=project,
        project_status=ProjectStatus(of_project.status),
        irb_ends=of_project.irb_ends,
        agreement_ends=of_project.agreement_ends,
        umbrella_ends=of_project.umbrella_ends,
        has_cut=of_project.has_cut,
        **known,
    )


def _of_person(row: Row[Any]) -> dict[str, Any]:
    return {
        "person_active": row.active,
        "is_member": row.is_member,
        "training_ends": row.training_ends,
        "access_agreement_signed": row.access_agreement_signed,
        "access_agreement_ends": row.access_agreement_ends,
        "works_somewhere": row.works,
        "partner_until": row.partner_until,
        "third_party_begins": row.cover_begins,
        "third_party_ends": row.cover_ends,
        "third_party_sponsor": row.sponsor or "",
        "sponsor_until": row.sponsor_until,
    }


_STRANGER: dict[str, Any] = {
    "person_active": False,
    "is_member": False,
    "training_ends": None,
    "access_agreement_signed": None,
    "access_agreement_ends": None,
    "works_somewhere": False,
    "partner_until": None,
    "third_party_begins": None,
    "third_party_ends": None,
    "third_party_sponsor": "",
    "sponsor_until": None,
}
