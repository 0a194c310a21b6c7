"""The API of identifiers that seem wrong: found, looked at, decided. For the data manager alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from rpp_hub.domain.permissions import Permission
from rpp_hub.services.identities import CandidateView, DecidedView
from rpp_hub.warehouse.identities import Kind
from rpp_hub.warehouse.identity_table import Verdict
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.identities import begin_looking
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, Work, begun, work_of

router = APIRouter(prefix=f"{BASE}/api/districts/{{district}}/identities", tags=["identities"])


class Known(Closed):
    """One of the people of a candidate, as the files know them."""

    identifier: str
    first: str
    last: str
    born: str
    sex: str
    rows: int
    years: list[int]


class Compared(Closed):
    """A candidate with its people side by side, and what was decided."""

    name: str
    kind: Kind
    unit: str
    years_together: list[int]
    people: list[Known]
    decided: DecidedView | None


class VerdictBody(Closed):
    """A decision. `chosen`: of a merge the identifier that stays, of a split the number of the person who keeps it."""

    verdict: Verdict
    reason: Annotated[str, Field(max_length=500)]
    chosen: Annotated[str, Field(max_length=100)] = ""


@router.get("")
def candidates(portal: PortalDep, viewer: ViewerDep, district: str) -> list[CandidateView]:
    """What was found, what is to be decided first; nothing that identifies anybody."""
    return list(portal.rpp.identities.list(viewer.actor, district))


@router.post("/find", dependencies=CHANGES, status_code=202)
def find(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[list[CandidateView]]:
    """Begin to look for candidates in everything that came; ask `GET` until it is done."""
    viewer.check_may(Permission.IDENTITY_DECIDE, district)
    portal.rpp.warehousing.status(district)
    return work_of(Work[list[CandidateView]], begin_looking(portal, viewer, district))


@router.get("/find")
def found(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[list[CandidateView]] | None:
    """How far the looking is, and what it found."""
    viewer.check_may(Permission.IDENTITY_DECIDE, district)
    return begun(Work[list[CandidateView]], portal.jobs.get(f"identities:{district}"), list)


@router.get("/{candidate}")
def compare(portal: PortalDep, viewer: ViewerDep, district: str, candidate: str) -> Compared:
    """One candidate with true identifiers, names and birth dates."""
    found, decided = portal.rpp.identities.get(viewer.actor, district, candidate)
    people = [
        Known(
            identifier=p.identifier, first=p.first, last=p.last, born=p.born, sex=p.sex, rows=p.rows,
            years=list(p.years),
        )
        for p in found.people
    ]  # fmt: skip
    return Compared(
        name=found.name, kind=found.kind, unit=found.unit, years_together=list(found.years_together),
        people=people, decided=decided,
    )  # fmt: skip


@router.post("/{candidate}", dependencies=CHANGES)
def decide(
    portal: PortalDep, viewer: ViewerDep, district: str, candidate: str, body: VerdictBody
) -> CandidateView:
    """Merge, split or keep; the next build does it."""
    return portal.rpp.identities.decide(
        viewer.actor, district, candidate, body.verdict, body.reason, body.chosen
    )
