"""Due: all that waits, is late or ends soon for the person looking; and the district's word that data is destroyed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.dues import DueKind
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.due_facts import SHOWN
from rpp_hub.services.dues import DueView
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
_AT_FIRST = 12


@dataclass(frozen=True, slots=True)
class DueLine:
    """One thing that is due, with where it is done and what that is called."""

    left: int
    subject: str
    sentence: str
    place: str
    words: str


@dataclass(frozen=True, slots=True)
class DueLines:
    """What is the viewer's to do, and what they are told of; `full` when of some kind there are as many as were asked for."""

    yours: tuple[DueLine, ...]
    told: tuple[DueLine, ...]
    full: bool


_Link = tuple[Callable[[str], str], str]


def _project(name: str) -> str:
    return path("projects", name)


def _own_papers(_name: str) -> str:
    return path("me")


# where the one whose move it is goes, and in which words
LINKS: Mapping[DueKind, _Link] = MappingProxyType(
    {
        DueKind.APPLICATION: (_project, "Read and decide"),
        DueKind.EXCEPTION: (lambda name: f"{path('projects', name)}#exceptions", "Decide on the exception"),
        DueKind.SIGNATURE: (lambda name: path("agreements", name), "Read and sign"),
        DueKind.TRANSFER: (lambda name: path("projects", name, "cut"), "Build the cut"),
        DueKind.REVIEW: (lambda name: path("requests", name, "review"), "Review the outputs"),
        DueKind.PAPER: (lambda name: f"{path('papers')}#{name}", "Look at the paper"),
        DueKind.TRAINING: (_own_papers, "Upload a certificate"),
        DueKind.ACCESS_AGREEMENT: (_own_papers, "Upload an agreement"),
        DueKind.THIRD_PARTY: (_own_papers, "Upload an agreement"),
        DueKind.INSTITUTION: (_own_papers, "Upload an agreement"),
        DueKind.IRB: (_project, "Open the project"),
        DueKind.AGREEMENT: (_project, "Open the project"),
        DueKind.UMBRELLA: (lambda _name: path("agreements"), "Open the agreements"),
        DueKind.DESTRUCTION: (_project, "Open the project"),
        DueKind.CONFIRMATION: (lambda name: path("projects", name, "destruction"), "Read the certificate"),
    }
)
_OF_PEOPLE = frozenset({DueKind.TRAINING, DueKind.ACCESS_AGREEMENT, DueKind.THIRD_PARTY, DueKind.INSTITUTION})


def due_lines(portal: Portal, viewer: Viewer, most: int, shown: int | None = None) -> DueLines:
    """What is due of the viewer's, of each kind so many; of their own and of the others' no more lines than are shown."""
    found = portal.rpp.dues.seen_by(viewer.actor, most)
    yours, told = ([d for d in found if d.mine is mine][:shown] for mine in (True, False))
    return DueLines(
        tuple(_line(due, viewer) for due in yours),
        tuple(_line(due, viewer) for due in told),
        full=max(Counter(due.kind for due in found).values(), default=0) >= most,
    )


def _line(due: DueView, viewer: Viewer) -> DueLine:
    place, words = _link(due, viewer)
    return DueLine(due.left, due.subject, due.sentence, place, words)


def _link(due: DueView, viewer: Viewer) -> tuple[str, str]:
    """Where this viewer goes, and what the link says; nowhere for what is others' alone."""
    kind = DueKind(due.kind)
    to, words = LINKS[kind]
    if due.mine:
        return to(due.subject), words
    if kind in _OF_PEOPLE:
        may_read = viewer.rights.may(Permission.PERSON_READ)
        return path("people", due.subject) if may_read else "", "Open the person"
    if kind is DueKind.REVIEW:
        return "", ""
    if kind is DueKind.SIGNATURE:
        return to(due.subject), "Read it"
    if kind in (DueKind.UMBRELLA, DueKind.PAPER, DueKind.CONFIRMATION):
        return to(due.subject), words
    return _project(due.subject), "Open the project"


@router.get("/due")
def due(request: Request, portal: PortalDep, viewer: ViewerDep, many: str = "") -> Response:
    """The most urgent of each kind on one page; with `?many=yes` as many as anybody could work through."""
    most = SHOWN if many == "yes" else _AT_FIRST
    lines = due_lines(portal, viewer, most)
    return page(
        request, "due.html", viewer, mine=lines.yours, told=lines.told, most=most, more=lines.full, many=most == SHOWN
    )  # fmt: skip


@router.get("/projects/{name}/destruction")
def certificate(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The certificate of destruction, and for the sponsor the button that confirms it."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    kept = portal.rpp.vaulting.certificate(viewer.actor, name)
    mine = any(d.mine and d.subject == name for d in portal.rpp.dues.seen_by(viewer.actor))
    return page(
        request, "destruction.html", viewer, project=project, certificate=kept.content, may_confirm=mine
    )


@router.post("/projects/{name}/destruction")
def confirm(portal: PortalDep, viewer: ViewerDep, _form: FormDep, name: str) -> Response:
    """The district confirms that the data is gone."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.dues.confirm_destruction(viewer.actor, name)
    return see(path("projects", name, "destruction"))
