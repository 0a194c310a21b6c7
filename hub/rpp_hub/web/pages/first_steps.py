"""What somebody may do, and what they do first: for their home page, by permission and by what is not on record yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rpp_hub.domain.permissions import DISTRICT_ROLES, Permission, Role
from rpp_hub.services.authority import Known
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Viewer


@dataclass(frozen=True, slots=True)
class Step:
    """A link with what it leads to, and a sentence that says why."""

    place: str
    words: str
    sentence: str


_P = Permission
_MAY: tuple[tuple[Permission | None, str, str, str], ...] = (
    (
        _P.REQUEST_REVIEW,
        path("review"),
        "Your review desk",
        "Requests that wait, and what you have reviewed.",
    ),
    (_P.DROP_READ, path("data"), "The districts' data", "Receive, check and build; then cut for a project."),
    (
        _P.ATTESTATION_DECIDE,
        path("papers"),
        "Papers to confirm",
        "Certificates and agreements that people sent in.",
    ),
    (
        _P.PERSON_ADD,
        f"{path('people')}#add",
        "Add a person",
        "With where they work, and a role if they need one.",
    ),
    (
        _P.PERSON_READ,
        f"{path('people')}?soon=yes",
        "Whose papers end",
        "Those who will soon be shut out, and why.",
    ),
    (_P.PROJECT_READ_ALL, path("projects"), "All projects", "Where each stands, and until when it runs."),
    (_P.WORKSPACE_REVOKE, path("workspaces"), "Running workspaces", "Who works now; close one if you must."),
    (_P.AUDIT_READ, path("audit"), "The audit log", "Every act, in an unbroken chain that you can verify."),
    (
        None,
        path("projects", "new"),
        "Apply for a project",
        "Together with the district leader who sponsors it.",
    ),
    (None, path("me"), "My papers", "Your training and agreements, and until when they count."),
)


def may_do(viewer: Viewer) -> tuple[Step, ...]:
    """All that this viewer can begin from here."""
    return tuple(
        Step(place, words, sentence)
        for permission, place, words, sentence in _MAY
        if permission is None or viewer.rights.may(permission)
    )


def first_steps(viewer: Viewer) -> tuple[Step, ...]:
    """What has never been on record, and who mends it. What ends is told by the list of what is due."""
    placeless = tuple(_placeless(viewer))
    if viewer.rights.roles and not viewer.rights.projects:
        return placeless
    return (*placeless, *_missing(viewer.person))


def _placeless(viewer: Viewer) -> Iterator[Step]:
    if not DISTRICT_ROLES.isdisjoint(viewer.rights.roles) and not (
        viewer.rights.districts or (Role.DATA_MANAGER in viewer.rights.roles and viewer.rights.all_districts)
    ):
        yield Step(
            path("people", viewer.name),
            "Have your district written down",
            "You see the projects of the district that you work for, and none is on record. Ask a data manager to write it down.",
        )


def _missing(person: Known) -> Iterator[Step]:
    if person.training_ends is None:
        yield Step(
            path("me"),
            "Upload a certificate",
            "Your human-subjects training is not on record. Without it no workspace opens.",
        )
    if person.access_agreement_signed is None:
        yield Step(
            path("me"),
            "Upload an agreement",
            "Your access agreement is not on record. Sign it and upload it; the data manager has the form.",
        )
    if not person.projects:
        yield Step(
            path("projects", "new"),
            "Apply for a project",
            "You are on no project yet. Apply for one, or ask a project's lead to have you added.",
        )
