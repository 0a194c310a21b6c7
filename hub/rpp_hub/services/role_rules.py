"""Which roles may be given by whom, and which nobody holds at once."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.permissions import DISTRICT_ROLES, Role, clashes
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import Rights, rights_now, rights_of
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


def check_not_beyond(session: Session, giver: Rights, name: str) -> None:
    """Who serves some districts alone puts nobody in charge of others. Asked after the change, in its transaction."""
    if giver.all_districts:
        return
    after = rights_now(session, name)
    everywhere = Role.DATA_MANAGER in after.roles and after.all_districts
    if not DISTRICT_ROLES.isdisjoint(after.roles) and (everywhere or not after.districts <= giver.districts):
        raise ActionRefused(
            (
                Refusal(
                    "beyond-own-districts",
                    f"{name} would act for districts that you do not work for. Ask a data manager who does.",
                ),
            )
        )


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


def check_sponsor(session: Session, name: str, district: str) -> None:
    """Who sponsors a project is a practitioner of its district. Raises Invalid."""
    rights = rights_of(session, name)
    if Role.PRACTITIONER not in rights.roles:
        raise Invalid(
            f"{name} cannot sponsor a project: a sponsor is a practitioner.", code="not-practitioner"
        )
    if Role.PRACTITIONER not in rights.roles_at(district):
        raise Invalid(
            f"{name} cannot sponsor a project with {district}: a sponsor works for the district. "
            "A data manager writes down where people work.",
            code="sponsor-elsewhere",
        )


def check_may_join(session: Session, name: str) -> None:
    """Whether somebody's roles let them be a member of a project."""
    check_no_clash(name, rights_of(session, name).roles | {Role.RESEARCHER})
