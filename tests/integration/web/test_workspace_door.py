"""The door for workspaces: whom the capability names, what a submission must be, and how much of it is read."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from rpp_hub.store.model_provenance import RoundProvenance
from rpp_hub.store.models import AuditRow
from rpp_hub.web.limits import FORM_LIMIT, SUBMISSION_LIMIT
from rpp_hub.workspace.capability import mint
from rpp_review.provenance import Record, Run, cells_of, genesis, link, nothing_seen
from sqlalchemy import select

from tests.factories import NOW, actor, notebook
from tests.integration.web.browser import HOST
from tests.integration.web.conftest import PortalWorld

DOOR = "/services/rpp/workspace/requests"
BODY: dict[str, Any] = {
    "name": "analysis.ipynb",
    "notebook": base64.b64encode(notebook()).decode(),
    "outputs": ["a:0"],
    "context": "Number of students in grade nine, all schools.",
    "controls": "Counts below ten are not shown.",
}


def capability(
    portal: PortalWorld, person: str = "rosa", project: str = "alpha", hours: int = 1
) -> dict[str, str]:
    token = mint(portal.rpp.portal_secret(), person, project, NOW + timedelta(hours=hours))
    return {"X-RPP-Workspace": token}


def submit(portal: PortalWorld, body: Any = BODY, headers: dict[str, str] | None = None) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = capability(portal) if headers is None else headers
    return portal.browser().ask(
        "POST", DOOR, content=content, headers={"Content-Type": "application/json", **given}
    )


def test_a_submission_becomes_a_request_of_the_capabilitys_person_and_project(portal: PortalWorld) -> None:
    answer = submit(portal)
    assert answer.status_code == 201
    assert answer.json() == {"id": "r0001", "status": "submitted", "url": "/services/rpp/requests/r0001"}
    view = portal.world.requests.seen_by(actor("rosa"), "r0001")
    assert (view.author, view.project, view.file_name) == ("rosa", "alpha", "analysis.ipynb")
    listed = portal.browser().ask("GET", DOOR, headers=capability(portal)).json()["requests"]
    assert listed == [
        {
            "id": "r0001",
            "name": "analysis.ipynb",
            "status": "submitted",
            "submitted_at": NOW.isoformat(),
            "url": "/services/rpp/requests/r0001",
            "round": 1,
        }
    ]
    assert portal.browser().ask("GET", DOOR, headers=capability(portal, "remy", "beta")).json() == {
        "requests": []
    }


def test_without_a_good_capability_nothing_is_taken_not_even_with_a_session(portal: PortalWorld) -> None:
    good = capability(portal)["X-RPP-Workspace"]
    foreign = mint(b"another secret of 32 bytes......", "rosa", "alpha", NOW + timedelta(hours=1))
    for headers in (
        {},
        *({"X-RPP-Workspace": t} for t in ("", "x", good[:-1], good + "0", foreign)),
        capability(portal, hours=-1),
    ):
        answer = submit(portal, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "invalid-capability")
        assert portal.browser().ask("GET", DOOR, headers=headers).status_code == 403
    rosa = portal.browser("rosa")
    assert rosa.ask("POST", DOOR, json=BODY, headers={"Origin": HOST}).status_code == 403


def test_the_gate_is_asked_again_at_every_submission(portal: PortalWorld) -> None:
    portal.world.projects.remove_member(actor("dora"), "alpha", "rosa")
    assert submit(portal).status_code == 403
    assert portal.browser().ask("GET", DOOR, headers=capability(portal)).json() == {"requests": []}
    portal.world.projects.add_member(actor("dora"), "alpha", "rosa")
    portal.world.projects.close(actor("dora"), "alpha")
    answer = submit(portal)
    assert answer.status_code == 409
    assert [r["code"] for r in answer.json()["error"]["refusals"]] == ["project-closed"]


def test_a_capability_of_one_project_opens_no_other(portal: PortalWorld) -> None:
    submit(portal)
    assert submit(portal, headers=capability(portal, "rosa", "beta")).status_code == 403
    body = {**BODY, "replaces": "r0001"}
    assert submit(portal, body, capability(portal, "remy", "beta")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"nothing", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"null", b"1e999", b'"' + b"x" * 1000 + b'"',
        {}, {**BODY, "author": "remy"}, {**BODY, "project": "beta"}, {**BODY, "status": "released"},
        {**BODY, "notebook": "not base64!"}, {**BODY, "notebook": ""}, {**BODY, "notebook": 5}, {**BODY, "notebook": "bm9uZQ=="},
        {**BODY, "outputs": []}, {**BODY, "outputs": "a:0"}, {**BODY, "outputs": ["z:9"]}, {**BODY, "outputs": [1]},
        {**BODY, "context": "short"}, {**BODY, "context": "x" * 30_000}, {**BODY, "controls": "zero\u200bwidth characters here"},
        {**BODY, "name": ""}, {**BODY, "name": "x" * 1000}, {k: v for k, v in BODY.items() if k != "name"},
    ],
    ids=lambda b: (b if isinstance(b, bytes) else json.dumps(b).encode())[-40:].decode("latin-1").replace("\x00", ""),
)  # fmt: skip
def test_what_is_no_submission_gets_a_sentence_and_leaves_nothing(portal: PortalWorld, body: Any) -> None:
    before = portal.acts()
    answer = submit(portal, body)
    assert answer.status_code == 422
    told = answer.json()["error"]
    assert told["message"].rstrip().endswith(".")
    assert len(told["message"]) < 1500
    assert portal.acts() == before
    assert portal.world.requests.list(actor("rosa")) == ()


def test_a_body_over_the_cap_is_not_read_to_its_end(portal: PortalWorld) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < SUBMISSION_LIMIT * 4:
            sent += 1_000_000
            yield b"x" * 1_000_000

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=portal.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            return await client.post(DOOR, content=endless(), headers=capability(portal))

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")
    assert sent <= SUBMISSION_LIMIT + 2_000_000


def test_a_form_over_the_cap_is_refused_and_one_under_it_is_not(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    answer = rosa.post("/projects/new", {"application": "x" * (FORM_LIMIT + 1)})
    assert answer.status_code == 413
    assert "Too large" in answer.text
    assert rosa.post("/projects/new", {"application": "x" * 100_000}).status_code == 422
    assert portal.browser("vera").call(
        "POST", "/requests/r0001/review", {"x": "y" * (FORM_LIMIT + 1)}
    ).status_code in (400, 413)


def test_what_the_workspace_saw_run_is_kept_with_the_round_and_its_head_is_in_the_log(
    portal: PortalWorld,
) -> None:
    start = genesis("k", "c0001", "e")
    run = Run(1, 1, "a", cells_of(notebook())[0][1], "2026-01-01T00:00:00+00:00")
    record = Record("k", "c0001", "e", start, (run,), link(start, run))
    assert submit(portal, {**BODY, "provenance": record.document()}).status_code == 201
    with portal.rpp.store.read() as session:
        row = session.get(RoundProvenance, (1, 1))
        assert row is not None
        assert row.head == record.head
        event = session.scalars(select(AuditRow).where(AuditRow.act == "request:submit")).one()
        assert json.loads(event.detail)["provenance"] == record.head


def test_a_record_that_cannot_be_read_is_refused_and_none_at_all_counts_as_nothing_seen(
    portal: PortalWorld,
) -> None:
    answer = submit(portal, {**BODY, "provenance": {"version": 1}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad-submission")
    assert submit(portal).status_code == 201
    with portal.rpp.store.read() as session:
        row = session.get(RoundProvenance, (1, 1))
        assert row is not None
        assert row.head == nothing_seen().head
