"""Who may, and for which districts: looks up a person's roles and refuses what no role of theirs carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    String,
    and_,
    bindparam,
    case,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import NotPermitted
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.permissions import DISTRICT_ROLES, Permission, Role, may
from rpp_hub.store.model_people import Affiliation, Institution
from rpp_hub.store.models import Membership, Person, PersonRole, Project
from rpp_hub.store.moments import SHARED


@dataclass(frozen=True, slots=True)
class Rights:
    """A person's roles for the whole installation, their projects, and the districts that they work for.

    `all_districts`: as a data manager they serve every district, because they work at none of them.
    """

    name: str
    roles: frozenset[Role]
    projects: frozenset[str]
    districts: frozenset[str] = frozenset()
    all_districts: bool = False

    def roles_at(self, district: str) -> frozenset[Role]:
        """The roles that count for a district; all of them for what is no district's ("")."""
        if not district:
            return self.roles
        return frozenset(role for role in self.roles if self._serves(role, district))

    def roles_in(self, project: str, district: str | None = None) -> frozenset[Role]:
        """All roles that count for one project: RESEARCHER comes with membership."""
        held = self.roles if district is None else self.roles_at(district)
        return held | ({Role.RESEARCHER} if project in self.projects else set())

    def may(self, permission: Permission, project: str | None = None, *, district: str | None = None) -> bool:
        """Whether the person may: for one project, for one district, or, without either, for any."""
        return may(self.roles_in(project or "", district), permission)

    def sees(self, permission: Permission, project: str, district: str | None = None) -> bool:
        """Whether something of a project may be known to them: its members, and who may for its district."""
        return project in self.projects or self.may(permission, district=district)

    def reach(self, permission: Permission) -> frozenset[str] | None:
        """The districts for which the person may; None stands for all of them."""
        if self.name == SYSTEM:
            return None
        carriers = {role for role in self.roles if may((role,), permission)}
        if carriers - DISTRICT_ROLES or (Role.DATA_MANAGER in carriers and self.all_districts):
            return None
        return self.districts if carriers else frozenset()

    def _serves(self, role: Role, district: str) -> bool:
        if role not in DISTRICT_ROLES or district in self.districts or self.name == SYSTEM:
            return True
        return role is Role.DATA_MANAGER and self.all_districts


@dataclass(frozen=True, slots=True)
class Known:
    """What every page needs to know of the person looking at it."""

    name: str
    display_name: str
    active: bool
    training_ends: date | None
    access_agreement_signed: date | None
    roles: tuple[str, ...]
    projects: tuple[str, ...]
    districts: tuple[str, ...]  # that they work for today
    works_elsewhere: bool  # today, at an institution that is no district; or nothing of it is on record

    @property
    def rights(self) -> Rights:
        """Their rights; none for a closed account."""
        if not self.active:
            return Rights(self.name, frozenset(), frozenset())
        return Rights(
            self.name,
            frozenset(map(Role, self.roles)),
            frozenset(self.projects),
            frozenset(self.districts),
            self.works_elsewhere,
        )


# the installation itself may do what it does
_INSTALLATION = Rights(SYSTEM, frozenset(Role), frozenset(), all_districts=True)
_NAME: BindParameter[str] = bindparam("name", type_=String)
_TODAY: BindParameter[date] = bindparam("today", type_=Date)
# tables and not models: this is asked for every page, and nothing of it is changed
_PERSON, _ROLE, _MEMBER = Person.__table__.c, PersonRole.__table__.c, Membership.__table__.c
_WORKS, _PLACE = Affiliation.__table__.c, Institution.__table__.c
_WORKS_NOW = and_(_WORKS.since <= _TODAY, or_(_WORKS.until.is_(None), _WORKS.until >= _TODAY))
_HELD = union_all(
    select(literal("role").label("kind"), _ROLE.role.label("value")).where(_ROLE.person == _NAME),
    select(literal("project").label("kind"), _MEMBER.project.label("value")).where(_MEMBER.person == _NAME),
    select(
        case(
            (~_WORKS_NOW, "left"),
            (_PLACE.kind == str(InstitutionKind.DISTRICT), "district"),
            else_="elsewhere",
        ),
        _WORKS.institution,
    )
    .select_from(Affiliation.__table__.join(Institution.__table__, _PLACE.name == _WORKS.institution))
    .where(_WORKS.person == _NAME),
).subquery()
_KNOWN = (
    select(
        _PERSON.display_name,
        _PERSON.active,
        _PERSON.training_ends,
        _PERSON.access_agreement_signed,
        _HELD.c.kind,
        _HELD.c.value,
    )
    .select_from(Person.__table__.outerjoin(_HELD, true()))
    .where(_PERSON.name == _NAME)
)


def known(session: Session, name: str) -> Known | None:
    """A person with roles, projects and districts, in one query, and one for all of a moment; None for a stranger."""
    kept: dict[str, Known | None] | None = session.info.get(SHARED)
    if kept is not None and name in kept:
        return kept[name]
    found = _read(session, name)
    if kept is not None:
        kept[name] = found
    return found


def _read(session: Session, name: str) -> Known | None:
    rows = session.execute(_KNOWN, {"name": name, "today": datetime.now(UTC).date()}).all()
    if not rows:
        return None
    places = {row.kind for row in rows} & {"left", "district", "elsewhere"}
    return Known(
        name,
        rows[0].display_name,
        rows[0].active,
        rows[0].training_ends,
        rows[0].access_agreement_signed,
        roles=tuple(sorted(row.value for row in rows if row.kind == "role")),
        projects=tuple(sorted(row.value for row in rows if row.kind == "project")),
        districts=tuple(sorted(row.value for row in rows if row.kind == "district")),
        works_elsewhere="elsewhere" in places or not places,
    )


def rights_now(session: Session, name: str) -> Rights:
    """The rights of a person as this transaction has changed them."""
    session.flush()
    person = _read(session, name)
    return person.rights if person is not None else Rights(name, frozenset(), frozenset())


def rights_of(session: Session, name: str) -> Rights:
    """The rights of a person, or of the installation itself; none for a stranger or a closed account."""
    if name == SYSTEM:
        return _INSTALLATION
    person = known(session, name)
    return person.rights if person is not None else Rights(name, frozenset(), frozenset())


def require(
    session: Session,
    actor: Actor,
    permission: Permission,
    project: str | None = None,
    *,
    district: str | None = None,
) -> Rights:
    """The actor's rights, or NotPermitted: for a project and so for its district, for a district, or for any."""
    rights = rights_of(session, actor.name)
    if not rights.may(permission, project):
        raise NotPermitted(
            f"{actor.name} may not do this: it takes the permission “{permission}”, which none of their roles carries.",
            code="not-permitted",
        )
    bound = rights.reach(permission) is not None  # else nobody needs to know of which district it is
    where = district_of(session, project) if bound and district is None and project is not None else district
    if where is not None and not rights.may(permission, project, district=where):
        raise NotPermitted(
            f"{actor.name} does not work for the district {where}, so this is for somebody who does.",
            code="other-district",
        )
    return rights


def district_of(session: Session, project: str) -> str | None:
    """The district of a project; None where there is no such project, for the caller to say so."""
    return session.scalar(select(Project.district).where(Project.name == project))


def seen_projects(session: Session, rights: Rights, permission: Permission) -> frozenset[str] | None:
    """The names of the projects for which somebody may; None for all of them."""
    if rights.reach(permission) is None:
        return None
    return frozenset(session.scalars(select(Project.name).where(projects_within(rights, permission))))


def projects_within(rights: Rights, permission: Permission) -> ColumnElement[bool]:
    """`Rights.sees` as a condition on projects: their own, and their districts'."""
    reach = rights.reach(permission)
    if reach is None:
        return true()
    own = Project.name.in_(sorted(rights.projects))
    return or_(own, Project.district.in_(sorted(reach))) if reach else own


def of_projects(
    project: ColumnElement[str] | InstrumentedAttribute[str], rights: Rights, permission: Permission
) -> ColumnElement[bool]:
    """The same as a condition on what belongs to a project, by the column with its name.

    Asked of each row in the order of a list until its page is full, and not of all projects of a district before.
    """
    if not (reach := rights.reach(permission)):
        return true() if reach is None else project.in_(sorted(rights.projects))
    within = projects_within(rights, permission)
    return select(Project.name).where(Project.name == project, within).exists()
