"""The API of cuts: what one would hold, building one, those there are, whether one is as it was sealed, what differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from rpp_hub.cuts.difference import CutDifference
from rpp_hub.cuts.plan import CutPlan, Dropped, Generalised, Risk
from rpp_hub.domain.errors import NotPermitted
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.cutting import CutView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.data import begin_comparing, begin_cutting
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, Word, Work, begun, work_of

router = APIRouter(prefix=f"{BASE}/api/projects/{{name}}", tags=["cuts"])


class PlannedColumn(Closed):
    """A column and what happens to it on its way into the cut."""

    name: str
    treatment: str


class PlannedTable(Closed):
    """A table of the cut to be."""

    name: str
    unit: str
    rows: int
    columns: list[PlannedColumn]


class Plan(Closed):
    """What a cut would hold, counted before anything is written. Of `risks`, each says how many are unique by what."""

    project: str
    agreement: str
    years: tuple[int, int]
    units: Mapping[str, int]
    tables: list[PlannedTable]
    dropped: list[Dropped]
    generalised: list[Generalised]
    exceptions: list[str]
    risks: list[Risk]


class CutLine(Closed):
    """That there is a cut."""

    name: str
    sha256: str
    built_by: str
    built_at: datetime


class Cut(CutLine):
    """What a cut holds, counted."""

    rows: Mapping[str, int]
    units: Mapping[str, int]
    dropped: list[Mapping[str, str]]
    generalised: list[Mapping[str, str]]


class Seal(Closed):
    """Whether a cut is as it was sealed; every problem where it is not."""

    ok: bool
    problems: list[str]


class CompareBody(Closed):
    """Which two; by default the newest and the one before it."""

    before: Word | None = Field(default=None)
    after: Word | None = Field(default=None)


@router.get("/cut/plan")
def plan(portal: PortalDep, viewer: ViewerDep, name: str) -> Plan:
    """What a cut would hold."""
    viewer.check_may(Permission.CUT_BUILD)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return _plan(portal.rpp.cutting.plan(name))


@router.post("/cut", dependencies=CHANGES, status_code=202)
def build(portal: PortalDep, viewer: ViewerDep, name: str) -> Work[Cut]:
    """Begin to build the next cut; ask `GET` until it is done."""
    viewer.check_may(Permission.CUT_BUILD)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return work_of(Work[Cut], begin_cutting(portal, viewer, name))


@router.get("/cut")
def built(portal: PortalDep, viewer: ViewerDep, name: str) -> Work[Cut] | None:
    """How far the building is, and how the last one ended."""
    viewer.check_may(Permission.CUT_BUILD)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return begun(Work[Cut], portal.jobs.get(f"cut:{name}"), _cut)


@router.get("/cuts")
def cuts(portal: PortalDep, viewer: ViewerDep, name: str) -> list[CutLine]:
    """The cuts there are, newest first: for the project's members, and for those who read cuts."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    if not viewer.rights.sees(Permission.CUT_READ, name, project.district):
        raise NotPermitted(f"The cuts of {name} are for its members and the data manager.")
    return [_line(cut) for cut in portal.rpp.cutting.list(name)]


@router.post("/cuts/compare", dependencies=CHANGES, status_code=202)
def compare(portal: PortalDep, viewer: ViewerDep, name: str, body: CompareBody) -> Work[CutDifference]:
    """Begin to compare two cuts; ask `GET` until it is done."""
    viewer.check_may(Permission.CUT_BUILD)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return work_of(Work[CutDifference], begin_comparing(portal, viewer, name, body.before, body.after))


@router.get("/cuts/compare")
def compared(portal: PortalDep, viewer: ViewerDep, name: str) -> Work[CutDifference] | None:
    """How far the comparison is, and what differs: rows, columns, people, masters, versions."""
    viewer.check_may(Permission.CUT_BUILD)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return begun(Work[CutDifference], portal.jobs.get(f"compare:{name}"))


@router.get("/cuts/{cut}")
def one(portal: PortalDep, viewer: ViewerDep, name: str, cut: str) -> Cut:
    """What one cut holds."""
    viewer.check_may(Permission.CUT_READ)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return _cut(portal.rpp.cutting.named(name, cut))


@router.get("/cuts/{cut}/seal")
def seal(portal: PortalDep, viewer: ViewerDep, name: str, cut: str) -> Seal:
    """Whether a cut is as it was sealed. Reads all of it."""
    viewer.check_may(Permission.CUT_READ)
    portal.rpp.projects.seen_by(viewer.actor, name)
    problems = portal.rpp.cutting.verify(name, cut)
    return Seal(ok=not problems, problems=list(problems))


def _plan(plan: CutPlan) -> Plan:
    agreed = plan.agreed
    tables = [
        PlannedTable(
            name=t.name,
            unit=t.unit,
            rows=plan.rows.get(t.name, 0),
            columns=[PlannedColumn(name=c.name, treatment=t.said_of(c)) for c in t.columns],
        )
        for t in agreed.tables
    ]
    return Plan(
        project=agreed.project, agreement=agreed.agreement, years=agreed.years, units=plan.units, tables=tables,
        dropped=list(agreed.dropped), generalised=list(agreed.generalised), exceptions=list(agreed.exceptions),
        risks=list(plan.risks),
    )  # fmt: skip


def _line(cut: CutView) -> CutLine:
    return CutLine(name=cut.name, sha256=cut.sha256, built_by=cut.built_by, built_at=cut.built_at)


def _cut(cut: CutView) -> Cut:
    return Cut(
        name=cut.name, sha256=cut.sha256, built_by=cut.built_by, built_at=cut.built_at, rows=cut.rows,
        units=cut.units, dropped=list(cut.dropped), generalised=list(cut.generalised),
    )  # fmt: skip
