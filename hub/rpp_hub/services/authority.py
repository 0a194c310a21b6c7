"""Who may: looks up a person's roles and refuses what no role of theirs carries."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import NotPermitted
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.permissions import Permission, Role, may
from rpp_hub.store.models import Membership, Person


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


def rights_of(session: Session, name: str) -> Rights:
    """The rights of a person; none for a stranger or a closed account."""
    person = session.get(Person, name)
    if person is None or not person.active:
        return Rights(name, frozenset(), frozenset())
    projects = session.scalars(select(Membership.project).where(Membership.person == name))
    return Rights(name, frozenset(Role(r.role) for r in person.roles), frozenset(projects))


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
