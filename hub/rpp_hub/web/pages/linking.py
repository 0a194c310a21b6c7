"""A project's linked surveys, for the data manager: what became of them, and the clerical review of doubtful pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.linkage_rows import LinkageView, PairView
from rpp_hub.warehouse.progress import Progress
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.jobs import Job
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)

_WORDS = {
    "identifier": "Identifier", "first": "First name", "middle": "Middle name", "last": "Last name", "born": "Birth date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a pair, as typed and as on record."""

    words: str
    typed: str
    known: str

    @property
    def same(self) -> bool:
        return self.typed.strip().casefold() == self.known.strip().casefold()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student who may be meant."""

    view: PairView
    lines: tuple[Line, ...]


@router.get("/projects/{name}/linking")
def linked_surveys(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The surveys that were linked for a project."""
    viewer.check_may(Permission.LINK_MAKE)
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    surveys = portal.rpp.linking.list(viewer.actor, name)
    return page(request, "linking.html", viewer, project=project, surveys=surveys)


@router.get("/projects/{name}/linking/{linkage}")
def review(request: Request, portal: PortalDep, viewer: ViewerDep, name: str, linkage: str) -> Response:
    """Doubtful pairs side by side, one person after another."""
    viewer.check_may(Permission.LINK_MAKE)
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    survey = portal.rpp.linking.get(viewer.actor, name, linkage)
    people = list(_by_person(portal.rpp.linking.pairs(viewer.actor, name, linkage)))
    job = portal.jobs.get(_job(name, linkage))
    running = job is not None and job.state == "running"
    return page(
        request,
        "linkage.html",
        viewer,
        project=project,
        survey=survey,
        people=people,
        job=job,
        waiting=running,
    )


@router.post("/projects/{name}/linking/{linkage}")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str, linkage: str) -> Response:
    """Accept or reject a pair, finish the review, or withdraw the survey."""
    viewer.check_may(Permission.LINK_MAKE)
    here, linking = path("projects", name, "linking", linkage), portal.rpp.linking
    what = form.text("do")
    if what in ("accept", "reject"):
        pair = form.number("pair")
        linking.decide(viewer.actor, name, linkage, pair, accept=what == "accept")
        return see(f"{here}#pair-{pair}")
    if what == "finish":
        begin_finishing(portal, viewer, name, linkage)
        return see(here)
    if what == "withdraw":
        linking.withdraw(viewer.actor, name, linkage, form.text("reason"))
        return see(path("projects", name, "linking"))
    raise Invalid("Choose what to do.", code="bad-form")


def begin_finishing(portal: Portal, viewer: Viewer, name: str, linkage: str) -> Job:
    """End the review of a survey."""
    linking = portal.rpp.linking
    linking.get(viewer.actor, name, linkage)

    def work(progress: Progress) -> LinkageView:
        return linking.finish(viewer.actor, name, linkage, progress)

    return portal.jobs.start(_job(name, linkage), f"Finishing the review of {linkage}", viewer.name, work)


def _job(project: str, linkage: str) -> str:
    return f"link:{project}/{linkage}"


def _by_person(views: tuple[PairView, ...]) -> Iterator[tuple[Candidate, ...]]:
    for _, group in groupby(views, key=lambda v: v.pair.person):
        yield tuple(Candidate(view, _lines(view)) for view in group)


def _lines(view: PairView) -> tuple[Line, ...]:
    pair = view.pair
    return tuple(
        Line(_WORDS.get(part, part), pair.typed.get(part, ""), known) for part, known in pair.known.items()
    )
