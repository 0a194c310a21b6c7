"""Who may: looks up a person's roles and refuses what no role of theirs carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import BindParameter, String, bindparam, literal, select, true, union_all
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import NotPermitted
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.permissions import Permission, Role, may
from rpp_hub.store.models import Membership, Person, PersonRole
from rpp_hub.store.moments import SHARED


@dataclass(frozen=True, slots=True)
class Rights:
    """A person's roles for the whole installation, and their projects."""

    name: str
    roles: frozenset[Role]
    projects: frozenset[str]

    def roles_in(self, project: str) -> frozenset[Role]:
        """All roles that count for one project: RESEARCHER comes with membership."""
        return self.roles | ({Role.RESEARCHER} if project in self.projects else set())

    def may(self, permission: Permission, project: str | None = None) -> bool:
        """Whether the person may, for the installation or for one project."""
        return may(self.roles if project is None else self.roles_in(project), permission)


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

    @property
    def rights(self) -> Rights:
        """Their rights; none for a closed account."""
        if not self.active:
            return Rights(self.name, frozenset(), frozenset())
        return Rights(self.name, frozenset(map(Role, self.roles)), frozenset(self.projects))


_NAME: BindParameter[str] = bindparam("name", type_=String)
_HELD = union_all(
    select(literal("role").label("kind"), PersonRole.role.label("value")).where(PersonRole.person == _NAME),
    select(literal("project").label("kind"), Membership.project.label("value")).where(
        Membership.person == _NAME
    ),
).subquery()
_KNOWN = (
    select(
        Person.display_name,
        Person.active,
        Person.training_ends,
        Person.access_agreement_signed,
        _HELD.c.kind,
        _HELD.c.value,
    )
    .select_from(Person)
    .outerjoin(_HELD, true())
    .where(Person.name == _NAME)
)


def known(session: Session, name: str) -> Known | None:
    """A person with their roles and projects, in one query, and one for all of a moment; None for a stranger."""
    kept: dict[str, Known | None] | None = session.info.get(SHARED)
    if kept is not None and name in kept:
        return kept[name]
    found = _read(session, name)
    if kept is not None:
        kept[name] = found
    return found


def _read(session: Session, name: str) -> Known | None:
    rows = session.execute(_KNOWN, {"name": name}).all()
    if not rows:
        return None
    return Known(
        name,
        rows[0].display_name,
        rows[0].active,
        rows[0].training_ends,
        rows[0].access_agreement_signed,
        roles=tuple(sorted(row.value for row in rows if row.kind == "role")),
        projects=tuple(sorted(row.value for row in rows if row.kind == "project")),
    )


def rights_of(session: Session, name: str) -> Rights:
    """The rights of a person; none for a stranger or a closed account."""
    person = known(session, name)
    return person.rights if person is not None else Rights(name, frozenset(), frozenset())


def require(session: Session, actor: Actor, permission: Permission, project: str | None = None) -> Rights:
    """The actor's rights, or NotPermitted. The installation itself may do what it does."""
    if actor.name == SYSTEM:
        return Rights(SYSTEM, frozenset(Role), frozenset())
    rights = rights_of(session, actor.name)
    if not rights.may(permission, project):
        raise NotPermitted(
            f"{actor.name} may not do this: it takes the permission “{permission}”, which none of their roles carries.",
            code="not-permitted",
        )
    return rights
