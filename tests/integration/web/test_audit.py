"""The audit log on the portal and through the API: filtered, page by page, as a file, verified."""

from __future__ import annotations

import csv
import io
import json

from tests.factories import actor
from tests.integration.web.conftest import PortalWorld


def test_the_file_holds_every_event_oldest_first_in_both_forms(portal: PortalWorld) -> None:
    ada, number = portal.browser("ada"), portal.acts()
    told = [json.loads(line) for line in ada.get("/audit/export?kind=jsonl").text.splitlines()]
    assert [e["seq"] for e in told] == list(range(1, number + 1))
    answer = ada.get("/audit/export?kind=csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["hash"] for row in rows] == [e["hash"] for e in told]


def test_the_file_holds_what_fits_the_filter(portal: PortalWorld) -> None:
    text = portal.browser("ada").get("/audit/export?act=person:add&subject=person:vera").text
    assert [json.loads(line)["subject"] for line in text.splitlines()] == ["person:vera"]


def test_a_reason_that_looks_like_a_formula_is_text_in_a_spreadsheet(portal: PortalWorld) -> None:
    portal.world.projects.close(actor("dora"), "alpha", "=1+1")
    ada = portal.browser("ada")
    rows = list(csv.DictReader(io.StringIO(ada.get("/audit/export?kind=csv&act=project:close").text)))
    assert [row["reason"] for row in rows] == ["'=1+1"]
    told = ada.get("/audit/export?act=project:close").text
    assert json.loads(told)["reason"] == "=1+1", "JSON lines are exact"


def test_one_requests_events_are_found_by_its_id(portal: PortalWorld) -> None:
    portal.world.submit()
    made = portal.browser("rosa").post("/requests/r0001/withdraw", {"sure": "yes"}).headers["x-request-id"]
    ada = portal.browser("ada")
    assert "request:withdraw" in ada.get(f"/audit?request_id={made}").text
    found = ada.get(f"/api/audit?request_id={made}").json()
    assert [e["act"] for e in found] == ["request:withdraw"]


def test_the_api_pages_and_verifies(portal: PortalWorld) -> None:
    ada = portal.browser("ada")
    newest = ada.get("/api/audit?limit=2").json()
    older = ada.get(f"/api/audit?limit=2&before={newest[-1]['seq']}").json()
    assert [e["seq"] for e in (*newest, *older)] == list(range(portal.acts(), portal.acts() - 4, -1))
    assert ada.call("POST", "/audit/verify").json()["ok"] is True
