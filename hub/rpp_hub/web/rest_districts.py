"""The API of the districts' warehouses: what came, what waits and how it is read, the check, the masters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from rpp_hub.domain.errors import Stale
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.district_lines import DistrictLine
from rpp_hub.services.receiving import DropView, WaitingView
from rpp_hub.services.waiting_drops import FileReading
from rpp_hub.services.warehousing import WarehouseStatus
from rpp_hub.warehouse.build import BuildReport
from rpp_hub.warehouse.check import CheckReport
from rpp_hub.warehouse.column_habits import Habit
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.data import begin_building, begin_checking
from rpp_hub.web.pages.receiving import begin_reading, refuse_open
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, Work, begun, work_of

router = APIRouter(prefix=f"{BASE}/api/districts", tags=["districts"])
_Code = Annotated[str, Field(max_length=200)]
_Codes = Annotated[list[_Code], Field(max_length=200)]
_FileName = Annotated[str, Field(max_length=255)]


class HabitWords(Closed):
    """What one column means: how its dates are written, which codes stand for nothing, which only look so."""

    column: _FileName
    dates: Annotated[str, Field(max_length=30)] = ""
    missing: _Codes = Field(default=[])
    values: _Codes = Field(default=[])

    def habit(self) -> Habit:
        """As the warehouse keeps it."""
        return Habit(self.column, self.dates, tuple(self.missing), tuple(self.values))


class HabitsBody(Closed):
    """The habits of columns of one file. `version` is that of the delivery that was read."""

    version: int
    file: _FileName
    habits: Annotated[list[HabitWords], Field(max_length=1000)]


class RereadBody(Closed):
    """Another encoding or delimiter for one file; what is empty stays."""

    version: int
    file: _FileName
    encoding: Annotated[str, Field(max_length=30)] = ""
    delimiter: Annotated[str, Field(max_length=1)] = ""


class VersionBody(Closed):
    """The version of the delivery that was read."""

    version: int


@router.get("")
def districts(portal: PortalDep, viewer: ViewerDep) -> list[DistrictLine]:
    """The districts whose data one works with."""
    viewer.check_may(Permission.DROP_READ)
    return list(portal.rpp.warehousing.lines(viewer.rights))


@router.get("/{district}")
def status(portal: PortalDep, viewer: ViewerDep, district: str) -> WarehouseStatus:
    """What was received, and which masters were built."""
    viewer.check_may(Permission.DROP_READ, district)
    return portal.rpp.warehousing.status(district)


@router.post("/{district}/check", dependencies=CHANGES, status_code=202)
def check(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[CheckReport]:
    """Begin to look through everything that came. It changes nothing; ask `GET` until it is done."""
    viewer.check_may(Permission.MASTERS_BUILD, district)
    portal.rpp.warehousing.status(district)
    return work_of(Work[CheckReport], begin_checking(portal, viewer, district))


@router.get("/{district}/check")
def checked(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[CheckReport] | None:
    """What the newest check found: how many, in which rows, what it means, what the build will do about it."""
    viewer.check_may(Permission.DROP_READ, district)
    return begun(Work[CheckReport], portal.jobs.get(f"check:{district}"))


@router.post("/{district}/build", dependencies=CHANGES, status_code=202)
def build(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[BuildReport]:
    """Begin to build the masters; ask `GET` until it is done."""
    viewer.check_may(Permission.MASTERS_BUILD, district)
    portal.rpp.warehousing.status(district)
    return work_of(Work[BuildReport], begin_building(portal, viewer, district))


@router.get("/{district}/build")
def built(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[BuildReport] | None:
    """How far the building is, and what each rule did."""
    viewer.check_may(Permission.DROP_READ, district)
    return begun(Work[BuildReport], portal.jobs.get(f"build:{district}"))


@router.get("/{district}/waiting")
def waiting(portal: PortalDep, viewer: ViewerDep, district: str) -> list[WaitingView]:
    """The deliveries that wait for a person's word, oldest first."""
    return list(portal.rpp.warehousing.receiving.waiting(viewer.actor, district))


@router.get("/{district}/waiting/{drop}")
def waiting_drop(portal: PortalDep, viewer: ViewerDep, district: str, drop: str) -> WaitingView:
    """How one delivery would be read, and what is asked."""
    return portal.rpp.warehousing.receiving.waiting_drop(viewer.actor, district, drop)


@router.post("/{district}/waiting/{drop}/habits", dependencies=CHANGES)
def habits(portal: PortalDep, viewer: ViewerDep, district: str, drop: str, body: HabitsBody) -> WaitingView:
    """Say what columns mean."""
    reading = FileReading(body.file, habits=tuple(h.habit() for h in body.habits))
    return portal.rpp.warehousing.receiving.change(viewer.actor, district, drop, body.version, [reading])


@router.post("/{district}/waiting/{drop}/reread", dependencies=CHANGES, status_code=202)
def reread(
    portal: PortalDep, viewer: ViewerDep, district: str, drop: str, body: RereadBody
) -> Work[DropView]:
    """Begin to read a file otherwise: in another encoding, or split at another sign."""
    viewer.check_may(Permission.DROP_RECEIVE, district)
    view = _current(portal, viewer, district, drop, body.version)
    reading = FileReading(body.file, body.encoding, body.delimiter)
    return work_of(Work[DropView], begin_reading(portal, viewer, view, body.version, [reading], keep=False))


@router.post("/{district}/waiting/{drop}/confirm", dependencies=CHANGES, status_code=202)
def confirm(
    portal: PortalDep, viewer: ViewerDep, district: str, drop: str, body: VersionBody
) -> Work[DropView]:
    """Begin to keep a delivery for good, read as it now says. Refused while something is undecided."""
    viewer.check_may(Permission.DROP_RECEIVE, district)
    view = _current(portal, viewer, district, drop, body.version)
    refuse_open(view)
    return work_of(Work[DropView], begin_reading(portal, viewer, view, body.version, (), keep=True))


@router.post("/{district}/waiting/{drop}/discard", dependencies=CHANGES, status_code=204)
def discard(portal: PortalDep, viewer: ViewerDep, district: str, drop: str, body: VersionBody) -> Response:
    """Throw a waiting delivery away; the district's own folder is as it was."""
    portal.rpp.warehousing.receiving.discard(viewer.actor, district, drop, body.version)
    return Response(status_code=204)


@router.get("/{district}/receiving")
def receiving(portal: PortalDep, viewer: ViewerDep, district: str) -> Work[DropView] | None:
    """How far the newest rereading or confirming of a delivery is; its `result` is what was kept."""
    viewer.check_may(Permission.DROP_READ, district)
    return begun(Work[DropView], portal.jobs.get(f"receive:{district}"))


def _current(portal: PortalDep, viewer: ViewerDep, district: str, drop: str, version: int) -> WaitingView:
    view = portal.rpp.warehousing.receiving.waiting_drop(viewer.actor, district, drop)
    if view.version != version:
        raise Stale(f"Somebody else has changed how {view.name} is read. Look at it again, then repeat this.")
    return view
