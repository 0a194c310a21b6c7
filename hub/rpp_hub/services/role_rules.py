"""Which roles may be given by whom, and which nobody holds at once."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.permissions import Role, clashes
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import rights_of
from rpp_hub.store.models import Membership, Project

_OVER = (str(ProjectStatus.DECLINED), str(ProjectStatus.CLOSED))


def check_may_give(session: Session, actor: Actor, name: str, roles: Collection[Role]) -> None:
    """Nobody makes themselves anything, nobody is made a researcher, and who leads a project makes no reviewer."""
    if Role.RESEARCHER in roles:
        raise Invalid(
            "Researcher is no role to give: it comes with membership in a project.", code="role-by-membership"
        )
    reasons = []
    if roles and actor.name == name:
        reasons.append(Refusal("own-role", "Nobody gives themselves a role. Ask another data manager."))
    if Role.OUTPUT_REVIEWER in roles and actor.name != SYSTEM:
        led = session.scalars(
            select(Project.name)
            .join(Membership, Membership.project == Project.name)
            .where(Membership.person == actor.name, Membership.role == "lead", Project.status.not_in(_OVER))
            .limit(1)
        ).first()
        if led is not None:
            reasons.append(
                Refusal(
                    "lead-makes-reviewer",
                    f"You lead {led}, so another data manager must say who reviews outputs.",
                )
            )
    if reasons:
        raise ActionRefused(reasons)


def check_no_clash(name: str, roles: Collection[Role]) -> None:
    """Raises ActionRefused where one person would hold roles that must stay apart."""
    reasons = tuple(
        Refusal(
            "roles-apart",
            f"{name} cannot be {one} and {other} at once: who is {one} sees no data. Give one of the two to somebody else.",
        )
        for one, other in clashes(roles)
    )
    if reasons:
        raise ActionRefused(reasons)


def check_may_join(session: Session, name: str) -> None:
    """Whether somebody's roles let them be a member of a project."""
    check_no_clash(name, rights_of(session, name).roles | {Role.RESEARCHER})
