"""Lists of people: a line each, in two queries whatever the page holds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.services.people_views import PeopleFilter, filtered
from rpp_hub.store.model_people import Affiliation, Institution
from rpp_hub.store.models import Membership, Person, PersonRole
from rpp_hub.store.paging import read_rows


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as one line of a list."""

    name: str
    display_name: str
    active: bool
    institution: str
    roles: tuple[str, ...]
    projects: tuple[str, ...]
    training_ends: date | None
    access_agreement_signed: date | None
    access_agreement_ends: date | None


_PERSON, _ROLE, _MEMBER = Person.__table__.c, PersonRole.__table__.c, Membership.__table__.c
_WORKS, _PLACE = Affiliation.__table__.c, Institution.__table__.c
_LINE = select(
    _PERSON.name,
    _PERSON.display_name,
    _PERSON.active,
    _PERSON.training_ends,
    _PERSON.access_agreement_signed,
    _PERSON.access_agreement_ends,
)
_NAMES = bindparam("names", type_=String, expanding=True)
_HELD = union_all(
    select(_ROLE.person, literal("role").label("kind"), _ROLE.role.label("value")).where(
        _ROLE.person.in_(_NAMES)
    ),
    select(_MEMBER.person, literal("project"), _MEMBER.project).where(_MEMBER.person.in_(_NAMES)),
    select(_WORKS.person, literal("place"), _PLACE.title)
    .select_from(Affiliation.__table__.join(Institution.__table__, _PLACE.name == _WORKS.institution))
    .where(_WORKS.person.in_(_NAMES)),
)


def people_lines(session: Session, wanted: PeopleFilter, at: PageAt) -> Page[PersonLine]:
    """A page of those who fit, by name."""
    page = read_rows(session, filtered(_LINE, wanted), _PERSON.name, at)
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    if page.items:
        for person, kind, value in session.execute(_HELD, {"names": [row.name for row in page]}):
            held[(person, kind)].append(value)
    return page.map(
        lambda row: PersonLine(
            name=row.name,
            display_name=row.display_name,
            active=row.active,
            institution=", ".join(sorted(held.get((row.name, "place"), ()))),
            roles=tuple(sorted(held.get((row.name, "role"), ()))),
            projects=tuple(sorted(held.get((row.name, "project"), ()))),
            training_ends=row.training_ends,
            access_agreement_signed=row.access_agreement_signed,
            access_agreement_ends=row.access_agreement_ends,
        )
    )
