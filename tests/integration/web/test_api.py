"""The API does what pages do and no more: drafts, agreements, files, long work, what is hidden, what the guide shows."""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import httpx
import pytest
from fastapi import FastAPI
from rpp_hub.web.limits import FILE_LIMIT

from tests.approving import LETTER
from tests.factories import APPLICATION
from tests.integration.web.browser import OWN, Browser
from tests.integration.web.conftest import (
    PortalWorld,
    add_candidate,
    add_codebook,
    add_linkage,
    add_waiting_drop,
)

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "api.md"
BEGINNING = {"name": "gamma", "title": "Gamma", "district": "bayview", "lead": "rosa", "sponsor": "paula"}


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def finished(browser: Browser, path: str) -> dict[str, Any]:
    """Long work once it has ended."""
    until = time.monotonic() + 60
    while (work := ok(browser.call("GET", path)))["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.05)
    return dict(work)


def words(version: int) -> dict[str, Any]:
    return {
        "version": version,
        "questions": ["Who leaves school?"],
        "years": [2020, 2023],
        "irb": {"number": "24-1", "ends": "2030-01-01"},
        "agreement": {"ends": "2029-06-30", "thresholds": {"threshold": 12}},
        "cohort": {"table": "classifications", "where": "grade_level >= 9"},
    }


def test_a_draft_is_begun_written_and_sent(portal: PortalWorld) -> None:
    add_codebook(portal)
    rosa = portal.browser("rosa")
    assert "bayview" in ok(rosa.call("GET", "/drafts/choices"))["districts"]
    draft = ok(rosa.call("POST", "/drafts", BEGINNING))
    assert draft["status"] == "draft"
    assert draft["faults"]
    draft = ok(rosa.call("PATCH", "/projects/gamma/draft", words(draft["version"])))
    assert draft["content"]["agreement"]["thresholds"] == {"threshold": 12}
    shown = ok(rosa.call("GET", "/projects/gamma/draft/fields?search=grade"))
    assert [c["field"]["name"] for c in shown["choices"]] == ["grade_level"]
    fields = {
        name: {"rationale": "To know it."}
        for name in ("classifications.grade_level", "classifications.school_year")
    }
    draft = ok(
        rosa.call("PUT", "/projects/gamma/draft/fields", {"version": draft["version"], "fields": fields})
    )
    assert draft["faults"] == []
    assert code_of(rosa.call("POST", "/projects/gamma/send")) == "irb-document-missing"
    ok(rosa.send("/projects/gamma/draft/irb-letter", {"irb_letter": LETTER.content}))
    assert ok(rosa.call("POST", "/projects/gamma/send"))["status"] == "applied"
    assert rosa.get("/projects/gamma").status_code == 200


def test_what_was_read_before_somebody_saved_is_refused_as_stale(portal: PortalWorld) -> None:
    rosa, paula = portal.browser("rosa"), portal.browser("paula")
    version = ok(rosa.call("POST", "/drafts", BEGINNING))["version"]
    ok(paula.call("PATCH", "/projects/gamma/draft", {"version": version, "design": "Compare."}))
    answer = rosa.call("PATCH", "/projects/gamma/draft", {"version": version, "design": "Count."})
    assert (answer.status_code, code_of(answer)) == (409, "stale")
    assert ok(rosa.call("GET", "/projects/gamma/draft"))["content"]["design"] == "Compare."


def test_null_takes_a_word_out_and_what_is_not_sent_stays(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    version = ok(rosa.call("POST", "/drafts", BEGINNING))["version"]
    version = ok(rosa.call("PATCH", "/projects/gamma/draft", words(version)))["version"]
    content = ok(rosa.call("PATCH", "/projects/gamma/draft", {"version": version, "cohort": None}))["content"]
    assert "cohort" not in content
    assert content["years"] == [2020, 2023]


def test_an_application_comes_as_a_file_and_is_told_all_that_is_wrong(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    answer = rosa.send("/projects/apply", {"application": b"project: delta\n"})
    assert (answer.status_code, code_of(answer)) == (422, "application-invalid")
    text = APPLICATION.format(name="delta", lead="rosa").encode()
    assert code_of(rosa.send("/projects/apply", {"application": text})) == "irb-document-missing"
    view = ok(rosa.send("/projects/apply", {"application": text, "irb_letter": LETTER.content}))
    assert (view["name"], view["status"]) == ("delta", "applied")


def test_an_agreement_is_written_and_signed_here_and_elsewhere(portal: PortalWorld) -> None:
    dirk, paula = portal.browser("dirk"), portal.browser("paula")
    paper = ok(dirk.call("POST", "/agreements/umbrella", {"district": "bayview", "starts": "2026-01-01"}))
    assert paper["missing"] == ["district", "university"]
    name = paper["name"]
    assert ok(paula.call("GET", f"/agreements/{name}/parties")) == ["district"]
    answer = paula.call("POST", f"/agreements/{name}/sign", {"document_sha256": "0" * 64})
    assert (answer.status_code, code_of(answer)) == (409, "stale")
    signed = {"document_sha256": paper["document_sha256"]}
    assert ok(paula.call("POST", f"/agreements/{name}/sign", signed))["missing"] == ["university"]
    given = {"party": "university", "signer": "The Provost", "signed_on": "2026-01-02"}
    paper = ok(dirk.send(f"/agreements/{name}/record", {"file": b"%PDF a scan"}, given))
    assert paper["status"] == "signed"
    sha256 = next(s["file_sha256"] for s in paper["signatures"] if s["file_sha256"])
    kept = dirk.call("GET", f"/agreements/{name}/files/{sha256}")
    assert kept.content == b"%PDF a scan"
    assert kept.headers["content-disposition"].startswith("attachment;")


def test_a_file_that_is_too_large_is_refused_and_one_of_the_allowed_size_is_read(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    ok(rosa.call("POST", "/drafts", BEGINNING))
    path = "/projects/gamma/draft/irb-letter"
    assert rosa.send(path, {"irb_letter": b"%PDF-" + bytes(FILE_LIMIT)}).status_code == 413
    ok(rosa.send(path, {"irb_letter": b"%PDF-" + bytes(5_000_000)}))


@pytest.mark.parametrize("person", [None, "ghost", "rosa"])
def test_nothing_of_a_file_is_read_for_who_may_change_nothing(
    portal: PortalWorld, person: str | None
) -> None:
    browser = portal.browser(person)
    read: list[int] = []

    async def body() -> Any:
        read.append(1)
        yield b"--x\r\n"

    headers = {**OWN, "Content-Type": "multipart/form-data; boundary=x", "X-RPP-CSRF": "nonsense"}
    answer = browser.ask("POST", "/api/projects/apply", headers=headers, content=body())
    assert answer.status_code in (401, 403)
    assert read == []


def test_a_waiting_delivery_is_read_otherwise_confirmed_and_a_stale_word_refused(portal: PortalWorld) -> None:
    add_waiting_drop(portal)
    dora, place = portal.browser("dora"), "/districts/bayview/waiting/202409_clubs"
    (view,) = ok(dora.call("GET", "/districts/bayview/waiting"))
    version = view["version"]
    assert code_of(dora.call("POST", f"{place}/confirm", {"version": version})) == "reading-undecided"
    joined = {"column": "joined", "dates": "month/day/year"}
    forms = [f["name"] for c in view["found"]["Clubs.csv"] if c["name"] == "joined" for f in c["forms"]]
    joined["dates"] = forms[0]
    said = {"version": version, "file": "Clubs.csv", "habits": [joined]}
    view = ok(dora.call("POST", f"{place}/habits", said))
    assert code_of(dora.call("POST", f"{place}/habits", said)) == "stale"
    assert code_of(dora.call("POST", f"{place}/confirm", {"version": version})) == "stale"
    assert dora.call("POST", f"{place}/confirm", {"version": view["version"]}).status_code == 202
    work = finished(dora, "/districts/bayview/receiving")
    assert (work["state"], work["result"]["name"]) == ("done", "202409_clubs")
    assert [d["name"] for d in ok(dora.call("GET", "/districts/bayview"))["drops"]] == ["202409_clubs"]


def test_a_codebook_is_edited_as_a_whole_and_its_versions_told(portal: PortalWorld) -> None:
    dora, place = portal.browser("dora"), "/districts/bayview/codebook"
    resource = {"name": "clubs", "schema": {"fields": [{"name": "joined", "type": "date"}]}}
    body = {"number": 0, "package": {"title": "Bayview", "resources": [resource]}, "reason": "As agreed."}
    assert ok(dora.call("PUT", place, body))["number"] == 1
    assert code_of(dora.call("PUT", place, body)) == "no-change"
    resource["title"] = "Clubs"
    assert code_of(dora.call("PUT", place, body)) == "stale"
    assert [v["number"] for v in ok(dora.call("GET", f"{place}/versions"))] == [1]
    assert ok(dora.call("GET", place))["package"]["resources"][0]["name"] == "clubs"


def test_no_answer_tells_where_something_lies_or_more_than_its_page(portal: PortalWorld) -> None:
    add_linkage(portal)
    add_candidate(portal)
    dora = portal.browser("dora")
    home = str(portal.world.home)
    for path in (
        "/projects/alpha/cuts",
        "/projects/alpha/cuts/c0001",
        "/projects/alpha/linkages/l0001/pairs",
        "/districts/bayview/identities/i-000000000000",
        "/projects/alpha/cuts/c0001/seal",
    ):
        assert home not in dora.call("GET", path).text, path
    pair = ok(dora.call("GET", "/projects/alpha/linkages/l0001/pairs"))[0]
    assert pair.keys() == {"number", "person", "weight", "typed", "known", "accepted", "decided_by"}
    people = ok(dora.call("GET", "/districts/bayview/identities/i-000000000000"))["people"]
    assert "marks" not in people[0]
    (line,) = ok(portal.browser("rosa").call("GET", "/projects/alpha/cuts"))
    assert line.keys() == {"name", "sha256", "built_by", "built_at"}


def test_destruction_asks_for_the_name_once_more(portal: PortalWorld) -> None:
    dora = portal.browser("dora")
    before = portal.acts()
    for path, sure in (("/projects/alpha/destruction", "beta"), ("/workspaces/alpha/rosa/destroy", "remy")):
        answer = dora.call("POST", path, {"sure": sure, "reason": "It is over."})
        assert (answer.status_code, code_of(answer)) == (422, "not-confirmed")
    assert portal.acts() == before


def test_a_closed_projects_workspace_is_archived_restored_destroyed_and_certified(
    portal: PortalWorld,
) -> None:
    dora, place = portal.browser("dora"), "/workspaces/alpha/rosa"
    folder = portal.rpp.installation.workspace_dir("alpha", "rosa")
    folder.mkdir(parents=True)
    (folder / "a.ipynb").write_text("{}")
    ok(dora.call("POST", "/projects/alpha/close", {"reason": "It is over."}))
    for step in portal.rpp.living.due():
        portal.rpp.living.do(step)
    assert ok(dora.call("POST", f"{place}/archive", {}))["state"] == "archived"
    assert not folder.exists()
    assert ok(dora.call("POST", f"{place}/restore", {}))["state"] == "frozen"
    made = ok(dora.call("POST", f"{place}/destroy", {"sure": "rosa", "reason": "It is over."}))
    assert made["certificate"]["destroyed_by"] == "dora"
    assert ok(dora.call("GET", f"{place}/certificate")) == made


def test_a_release_is_downloaded_as_an_attachment_and_each_time_is_an_act(portal: PortalWorld) -> None:
    name = portal.released()
    rosa = portal.browser("rosa")
    before = portal.acts()
    answer = rosa.call("POST", f"/releases/{name}/download")
    assert answer.headers["content-disposition"] == f'attachment; filename="alpha-{name}.zip"'
    assert answer.content[:2] == b"PK"
    assert portal.acts() == before + 1
    assert b"BEGIN PUBLIC KEY" in rosa.call("GET", "/releases/public-key.pem").content


def test_the_log_is_exported_as_json_lines_and_as_a_table(portal: PortalWorld) -> None:
    ada = portal.browser("ada")
    jsonl = ada.call("GET", "/audit/export?act=person:add")
    table = ada.call("GET", "/audit/export?act=person:add&kind=csv")
    assert jsonl.headers["content-type"] == "application/jsonl"
    assert len(jsonl.text.splitlines()) + 1 == len(table.text.splitlines())


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_guides_examples_do_what_they_say(
    portal: PortalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_waiting_drop(portal)
    text = APPLICATION.format(name="delta", lead="rosa")
    (tmp_path / "application.yaml").write_text(text)
    (tmp_path / "approval.pdf").write_bytes(LETTER.content)
    monkeypatch.chdir(tmp_path)
    known = run_as(portal, "dora", blocks()[:3])
    assert known["projects"] == ["alpha", "beta"]
    assert known["problems"] == ["No files have been received yet. Begin with `rpp warehouse receive`."]
    assert run_as(portal, "rosa", [blocks()[0], blocks()[3]])["applied"] == "delta"
    assert "project-exists" in run_as(portal, "rosa", [blocks()[0], blocks()[3]])["reasons"]


def run_as(portal: PortalWorld, person: str, parts: list[str]) -> dict[str, Any]:
    """The guide's code, with a session of this person's and the application in this process."""
    cookie = portal.browser(person).cookies.get("rpp-session")
    (Path.cwd() / "session.txt").write_text(f"{cookie}\n")
    opened: list[IO[Any]] = []

    def kept_open(path: str, mode: str = "r") -> Any:
        opened.append(open(path, mode))
        return opened[-1]

    client = partial(httpx.Client, transport=InThisProcess(portal.app))
    known: dict[str, Any] = {"open": kept_open, "httpx": SimpleNamespace(Client=client)}
    for part in parts:
        code = part.replace("import httpx\n", "").replace("time.sleep(2)", "time.sleep(0.05)")
        exec(compile(code, str(GUIDE), "exec"), known)  # noqa: S102
    for file in opened:
        file.close()
    return known


class InThisProcess(httpx.BaseTransport):
    """Asks an application without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = httpx.ASGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def asked() -> httpx.Response:
            answer = await self._app.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(asked())
