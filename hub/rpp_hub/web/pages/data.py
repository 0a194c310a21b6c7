"""The warehouse and the cuts, for the data manager: what came, what is wrong with it, masters, and each project's cut."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.permissions import Permission
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.jobs import Job
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/data")
def data(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """All districts."""
    viewer.check_may(Permission.DROP_READ)
    waits = portal.rpp.warehousing.questions.count_waiting(viewer.actor)
    districts = portal.rpp.warehousing.lines(viewer.rights)
    return page(request, "data.html", viewer, districts=districts, questions_waiting=waits)


@router.get("/data/{district}")
def one_district(request: Request, portal: PortalDep, viewer: ViewerDep, district: str) -> Response:
    """One district: its drops, the latest check, its masters."""
    viewer.check_may(Permission.DROP_READ, district)
    state = portal.rpp.warehousing.status(district)
    waits = portal.rpp.warehousing.receiving.waiting(viewer.actor, district)
    jobs = _district_jobs(portal, district)
    return page(request, "district.html", viewer, district=state, waiting_drops=waits, **jobs)


@router.post("/data/{district}")
def work_on_district(portal: PortalDep, viewer: ViewerDep, form: FormDep, district: str) -> Response:
    """Begin a check of what came, or build the masters."""
    viewer.check_may(Permission.MASTERS_BUILD, district)
    portal.rpp.warehousing.status(district)
    if form.text("do") == "check":
        begin_checking(portal, viewer, district)
    elif form.text("do") == "build":
        begin_building(portal, viewer, district)
    else:
        raise Invalid("Choose what to do.", code="bad-form")
    return see(path("data", district))


@router.get("/projects/{name}/cut")
def cut(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """What a cut would hold, counted before anything is written; the cuts there are; one being built."""
    viewer.check_may(Permission.CUT_BUILD)
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    job = portal.jobs.get(f"cut:{name}")
    comparison = portal.jobs.get(f"compare:{name}")
    plan, error = (None, None) if _runs(job) else _plan(portal, name)
    return page(
        request,
        "cut.html",
        viewer,
        project=project,
        cuts=portal.rpp.cutting.list(name),
        plan=plan,
        error=error,
        job=job,
        comparison=comparison,
        waiting=_runs(job) or _runs(comparison),
    )


@router.post("/projects/{name}/cut")
def work_on_cut(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Begin to build a cut, or to compare the newest two."""
    viewer.check_may(Permission.CUT_BUILD)
    portal.rpp.projects.seen_by(viewer.actor, name)
    if form.text("do") == "build":
        begin_cutting(portal, viewer, name)
    elif form.text("do") == "compare":
        begin_comparing(portal, viewer, name)
    else:
        raise Invalid("Choose what to do.", code="bad-form")
    return see(path("projects", name, "cut"))


def begin_checking(portal: Portal, viewer: Viewer, district: str) -> Job:
    """Look through everything that came. Changes nothing."""
    check, actor = portal.rpp.warehousing.check, viewer.actor
    return portal.jobs.start(
        f"check:{district}", "Checking", viewer.name, lambda told: check(actor, district, told)
    )


def begin_building(portal: Portal, viewer: Viewer, district: str) -> Job:
    """Build the masters."""
    build, actor = portal.rpp.warehousing.build, viewer.actor
    return portal.jobs.start(
        f"build:{district}", "Building", viewer.name, lambda told: build(actor, district, told)
    )


def begin_cutting(portal: Portal, viewer: Viewer, name: str) -> Job:
    """Build a project's next cut."""
    build, actor = portal.rpp.cutting.build, viewer.actor
    title = f"Cutting the data of {name}"
    return portal.jobs.start(f"cut:{name}", title, viewer.name, lambda told: build(actor, name, told))


def begin_comparing(
    portal: Portal, viewer: Viewer, name: str, before: str | None = None, after: str | None = None
) -> Job:
    """Compare two cuts, by default the newest two."""
    difference, title = portal.rpp.cutting.difference, f"Comparing two cuts of {name}"
    return portal.jobs.start(
        f"compare:{name}", title, viewer.name, lambda _told: difference(name, before, after)
    )


def _district_jobs(portal: Portal, district: str) -> dict[str, Any]:
    check, build, receive = (portal.jobs.get(f"{what}:{district}") for what in ("check", "build", "receive"))
    running = any(_runs(j) for j in (check, build, receive))
    return {"check": check, "build_job": build, "receive_job": receive, "waiting": running}


def _runs(job: Job | None) -> bool:
    return job is not None and job.state == "running"


def _plan(portal: Portal, name: str) -> tuple[Any, RppError | None]:
    try:
        return portal.rpp.cutting.plan(name), None
    except RppError as error:
        return None, error
