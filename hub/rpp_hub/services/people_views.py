"""A person as others may see them, and lists of people by what is filtered for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Role
from rpp_hub.store.model_people import Affiliation, Cover, Institution
from rpp_hub.store.models import Membership, Person, PersonRole
from rpp_hub.store.paging import read_page

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class AffiliationView:
    """Where a person works."""

    institution: str
    title: str
    partner: bool
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as others may see them."""

    name: str
    display_name: str
    email: str
    institutions: tuple[AffiliationView, ...]
    active: bool
    roles: tuple[str, ...]
    projects: tuple[str, ...]
    training_ends: date | None
    access_agreement_signed: date | None
    access_agreement_ends: date | None
    third_party_ends: date | None
    sponsor: str

    @property
    def institution(self) -> str:
        """All their institutions, in words."""
        return ", ".join(a.title for a in self.institutions)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people: an empty field means any; `text` is looked for in names."""

    text: str = ""
    institution: str = ""
    role: str = ""
    ends_by: date | None = None  # something of theirs ends by this day, or is missing


def find_person(session: Session, name: str) -> Person:
    """The person of this name. Raises NotFound."""
    person = session.get(Person, name)
    if person is None:
        raise NotFound(
            f"There is nobody called {printable(name)!r} here. Add them with `rpp person add`, or mend the spelling.",
            code="no-such-person",
        )
    return person


def person_view(session: Session, person: Person) -> PersonView:
    """One person."""
    return _views(session, (person,))[0]


def people_page(session: Session, wanted: PeopleFilter, at: PageAt) -> Page[PersonView]:
    """A page of those who fit, by name; as many queries for a page of them as for one."""
    page = read_page(session, filtered(select(Person), wanted), Person.name, at)
    return Page(_views(session, page.items), page.next, page.first)


_PERSON = Person.__table__.c


def filtered(query: Select[*Ts], wanted: PeopleFilter) -> Select[*Ts]:
    """Only those people who fit."""
    if wanted.text:
        text = wanted.text.strip()
        query = query.where(
            or_(
                _PERSON.name.startswith(text.lower(), autoescape=True),
                _PERSON.display_name.icontains(text, autoescape=True),
            )
        )
    if wanted.institution:
        works = select(Affiliation.person).where(Affiliation.institution == wanted.institution)
        query = query.where(_PERSON.name.in_(works))
    if wanted.role == Role.RESEARCHER:
        query = query.where(_PERSON.name.in_(select(Membership.person)))
    elif wanted.role:
        query = query.where(_PERSON.name.in_(select(PersonRole.person).where(PersonRole.role == wanted.role)))
    if wanted.ends_by is not None:
        query = query.where(_PERSON.active, _lacks_something(wanted.ends_by))
    return query


def _lacks_something(day: date) -> ColumnElement[bool]:
    """Of those in a project or with a role: a paper that is missing, or ends by then."""
    return and_(
        _PERSON.name.in_(select(Membership.person)),
        or_(
            _PERSON.training_ends.is_(None),
            _PERSON.training_ends <= day,
            _PERSON.access_agreement_signed.is_(None),
            _PERSON.access_agreement_ends <= day,
        ),
    )


def _views(session: Session, people: Iterable[Person]) -> tuple[PersonView, ...]:
    found = tuple(people)
    names = [p.name for p in found]
    projects: dict[str, list[str]] = {}
    for person, project in session.execute(
        select(Membership.person, Membership.project).where(Membership.person.in_(names))
    ):
        projects.setdefault(person, []).append(project)
    places = _affiliations(session, names)
    covers = {c.person: c for c in session.scalars(select(Cover).where(Cover.person.in_(names)))}
    return tuple(
        _view(p, projects.get(p.name, ()), places.get(p.name, ()), covers.get(p.name)) for p in found
    )


def _affiliations(session: Session, names: list[str]) -> dict[str, list[AffiliationView]]:
    query = (
        select(Affiliation, Institution.title, Institution.partner)
        .join(Institution, Institution.name == Affiliation.institution)
        .where(Affiliation.person.in_(names))
        .order_by(Affiliation.since, Institution.title)
    )
    found: dict[str, list[AffiliationView]] = {}
    for row, title, partner in session.execute(query):
        place = AffiliationView(row.institution, title, partner, row.since, row.until)
        found.setdefault(row.person, []).append(place)
    return found


def _view(
    person: Person, projects: Iterable[str], places: Iterable[AffiliationView], cover: Cover | None
) -> PersonView:
    return PersonView(
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        institutions=tuple(places),
        active=person.active,
        roles=tuple(sorted(r.role for r in person.roles)),
        projects=tuple(sorted(projects)),
        training_ends=person.training_ends,
        access_agreement_signed=person.access_agreement_signed,
        access_agreement_ends=person.access_agreement_ends,
        third_party_ends=cover.ends if cover is not None else None,
        sponsor=cover.sponsor if cover is not None else "",
    )
