"""The API of linking survey files to a project's codes, and of results that go back to the district."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from rpp_hub.domain.permissions import Permission
from rpp_hub.linkage.columns import By, named_columns
from rpp_hub.services.linkage_rows import LinkageView, PairView
from rpp_hub.services.linking import Survey
from rpp_hub.services.returning import Wanted
from rpp_hub.warehouse.progress import Progress
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.in_memory import in_memory
from rpp_hub.web.multipart import Upload, described, sent
from rpp_hub.web.pages.linking import begin_finishing
from rpp_hub.web.pages.project_review import download
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, FILE, Closed, ReasonBody, Word, Work, begun, work_of

router = APIRouter(prefix=f"{BASE}/api/projects/{{name}}", tags=["linking"])


class SurveyBody(Closed):
    """A survey file. `columns`: FIELD=COLUMN, which column of the file is which field of the masters."""

    file: Upload
    by: By = By.IDENTIFIER
    table: Word | None = None
    columns: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=50)


class DoubtfulPair(Closed):
    """What was typed beside what is on record, and what was said of it."""

    number: int
    person: int
    weight: float
    typed: Mapping[str, str]
    known: Mapping[str, str]
    accepted: bool | None
    decided_by: str | None


class PairBody(Closed):
    """Whether they are the same person."""

    accept: bool


class ResultsBody(Closed):
    """Results by code. Without a passphrase they are encrypted to the district's own key."""

    file: Upload
    column: Annotated[str, Field(max_length=200)] | None = None
    passphrase: Annotated[str, Field(max_length=1000)] = ""
    skip_mistyped: bool = False


@router.get("/linkages")
def linkages(portal: PortalDep, viewer: ViewerDep, name: str) -> list[LinkageView]:
    """The linked surveys of a project, counted."""
    viewer.check_may(Permission.LINK_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return list(portal.rpp.linking.list(viewer.actor, name))


@router.post("/linkages", status_code=202, openapi_extra=described(SurveyBody))
def link(
    portal: PortalDep, viewer: ViewerDep, name: str, body: Annotated[SurveyBody, Depends(sent(SurveyBody))]
) -> Work[LinkageView]:
    """Begin to find the people of a survey file; ask `GET linkages/making` until it is done."""
    viewer.check_may(Permission.LINK_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    columns, linking, actor = named_columns(body.columns), portal.rpp.linking, viewer.actor

    def work(progress: Progress) -> LinkageView:
        with in_memory(body.file) as path:
            return linking.link(actor, name, Survey(path, body.by, body.table, columns), progress)

    return work_of(
        Work[LinkageView], portal.jobs.start(f"link:{name}", f"Linking for {name}", viewer.name, work)
    )


@router.get("/linkages/making")
def making(portal: PortalDep, viewer: ViewerDep, name: str) -> Work[LinkageView] | None:
    """How far the newest linking is, and what became of it."""
    viewer.check_may(Permission.LINK_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return begun(Work[LinkageView], portal.jobs.get(f"link:{name}"))


@router.get("/linkages/{linkage}")
def linkage(portal: PortalDep, viewer: ViewerDep, name: str, linkage: str) -> LinkageView:
    """One linked survey, counted."""
    viewer.check_may(Permission.LINK_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.linking.get(viewer.actor, name, linkage)


@router.get("/linkages/{linkage}/pairs")
def pairs(portal: PortalDep, viewer: ViewerDep, name: str, linkage: str) -> list[DoubtfulPair]:
    """The doubtful pairs, with names and birth dates; none once the review is finished."""
    viewer.check_may(Permission.LINK_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return [_pair(view) for view in portal.rpp.linking.pairs(viewer.actor, name, linkage)]


@router.put("/linkages/{linkage}/pairs/{pair}", dependencies=CHANGES)
def decide(
    portal: PortalDep, viewer: ViewerDep, name: str, linkage: str, pair: int, body: PairBody
) -> LinkageView:
    """Say of one pair whether they are the same person. May be changed until the review is finished."""
    viewer.check_may(Permission.LINK_MAKE)
    return portal.rpp.linking.decide(viewer.actor, name, linkage, pair, accept=body.accept)


@router.post("/linkages/{linkage}/finish", dependencies=CHANGES, status_code=202)
def finish(portal: PortalDep, viewer: ViewerDep, name: str, linkage: str) -> Work[LinkageView]:
    """Begin to end the review; what was typed in doubtful rows is removed. Ask `GET` until it is done."""
    viewer.check_may(Permission.LINK_MAKE)
    return work_of(Work[LinkageView], begin_finishing(portal, viewer, name, linkage))


@router.get("/linkages/{linkage}/finish")
def finishing(portal: PortalDep, viewer: ViewerDep, name: str, linkage: str) -> Work[LinkageView] | None:
    """How far the end of the review is."""
    viewer.check_may(Permission.LINK_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    return begun(Work[LinkageView], portal.jobs.get(f"link:{name}/{linkage}"))


@router.post("/linkages/{linkage}/withdraw", dependencies=CHANGES)
def withdraw(portal: PortalDep, viewer: ViewerDep, name: str, linkage: str, body: ReasonBody) -> LinkageView:
    """Take a survey out of all cuts to come."""
    viewer.check_may(Permission.LINK_MAKE)
    return portal.rpp.linking.withdraw(viewer.actor, name, linkage, body.reason)


@router.post("/returns", response_class=Response, responses=FILE, openapi_extra=described(ResultsBody))
def give_back(
    portal: PortalDep, viewer: ViewerDep, name: str, body: Annotated[ResultsBody, Depends(sent(ResultsBody))]
) -> Response:
    """Results with the district's identifiers in place of codes, in a file that only the district can open.

    The headers X-RPP-Rows, -Returned, -Unmatched, -Mistyped and -Blank count its rows.
    """
    viewer.check_may(Permission.RETURN_MAKE)
    portal.rpp.projects.seen_by(viewer.actor, name)
    with in_memory(body.file) as path, tempfile.TemporaryDirectory(prefix="rpp-return-") as folder:
        out = Path(folder) / "results.rpp"
        wanted = Wanted(path, out, body.column, body.passphrase, body.skip_mistyped)
        made = portal.rpp.returning.give_back(viewer.actor, name, wanted)
        answer = download(out.read_bytes(), f"{name}-results.rpp")
    counted = {
        "Rows": made.rows, "Returned": made.returned, "Unmatched": made.unmatched,
        "Mistyped": len(made.mistyped), "Blank": made.blank,
    }  # fmt: skip
    answer.headers.update({f"X-RPP-{what}": str(number) for what, number in counted.items()})
    return answer


def _pair(view: PairView) -> DoubtfulPair:
    pair = view.pair
    return DoubtfulPair(
        number=pair.number, person=pair.person, weight=pair.weight, typed=pair.typed, known=pair.known,
        accepted=view.accepted, decided_by=view.decided_by,
    )  # fmt: skip
