"""What every page has: headers, escaped words, a way on; and what an item of a notebook may do in a browser: nothing."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.lifecycle import Decision, Verdict
from rpp_hub.web.item_document import STYLE_HASH

from tests.approving import LETTER
from tests.factories import APPLICATION, SETUP, actor, cell, notebook, printed
from tests.integration.web.conftest import PortalWorld
from tests.integration.web.doors import DOORS

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*1111}}"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


def is_harmless(html: str) -> bool:
    """No tag or attribute of the hostile words is markup, and no template ran."""
    return "<script>alert" not in html and "<img src=x" not in html and "7777" not in html


# documents that pages of our own show in a frame
_FRAMED = ("/items/{identity}", "/agreements/{name}/document")


def test_every_page_carries_every_header(portal: PortalWorld) -> None:
    portal.released()
    for door in (d for d in DOORS if d.method == "GET"):
        for person in (None, "dora", "vera", "rosa", "otto", "ghost"):
            answer = portal.browser(person).get(door.path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "base-uri 'none'" in policy
            if not door.template.endswith(_FRAMED):
                assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert "x-powered-by" not in answer.headers


def test_pages_hold_no_inline_script_style_or_foreign_address(portal: PortalWorld) -> None:
    portal.released()
    view = portal.world.examined()
    for person, path in (
        ("vera", f"/requests/{view.name}/review"),
        ("rosa", "/"),
        ("dora", "/"),
        ("otto", "/audit"),
        ("rosa", "/projects/alpha/workspace"),
    ):
        html = portal.browser(person).get(path).text
        assert not re.search(r"<[^>]+\s(style|on\w+)\s*=", html)
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"(href|src|action)=[\"'](https?:)?//", html)
        assert not re.search(r"(href|src)=[\"']javascript:", html, re.IGNORECASE)


def test_a_static_file_may_be_kept_and_a_missing_one_is_not_found(portal: PortalWorld) -> None:
    browser = portal.browser()
    assert "max-age" in browser.get("/static/portal.css").headers["cache-control"]
    for path in ("/static/nothing.js", "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert browser.get(path).status_code == 404


def test_hostile_words_stay_words_on_every_page(portal: PortalWorld) -> None:
    world = portal.world
    world.institutions.add(SETUP, "evil", HOSTILE, InstitutionKind.OTHER, partner=True)
    world.people.add(SETUP, "mallory", HOSTILE, institutions=["evil"])
    application = json.loads(json.dumps(APPLICATION)).format(name="evil", lead="mallory")
    application = application.replace("title: A project called evil", f"title: {json.dumps(HOSTILE)}")
    application = application.replace("rationale: needed", f"rationale: {json.dumps(HOSTILE)}")
    application = application.replace('["How does absence differ by grade?"]', json.dumps([HOSTILE]))
    world.projects.apply(actor("mallory"), application, LETTER)
    body = notebook(cell(HOSTILE, [printed(HOSTILE + "\n")]))
    view = world.examined(name=f"{HOSTILE}.ipynb", context=HOSTILE, controls=HOSTILE, body=body)
    verdicts = {i.identity: Verdict.REFUSE for i in view.items}
    comments = {i.identity: HOSTILE for i in view.items}
    world.reviewing.save(actor("vera"), view.name, 1, verdicts, comments, HOSTILE)
    pages = [("vera", f"/requests/{view.name}/review"), ("vera", f"/requests/{view.name}/review/finish"), ("vera", "/"),
             ("vera", f"/requests/{view.name}/items/a:0"), ("vera", f"/requests/{view.name}/items/source"),
             ("mallory", "/"), ("paula", "/"), ("paula", "/projects/evil"), ("dora", "/projects"), ("dora", "/projects/evil")]  # fmt: skip
    seen = "".join(check_harmless(portal, person, path) for person, path in pages)
    assert seen.count(ESCAPED) >= 10
    for reviewer in ("vera", "viktor"):
        world.reviewing.finish(actor(reviewer), view.name, 1, Decision.SEND_BACK, verdicts, comments, HOSTILE)
    world.requests.withdraw(actor("rosa"), view.name, HOSTILE)
    for person, path in (("rosa", f"/requests/{view.name}"), ("otto", "/audit")):
        assert ESCAPED in check_harmless(portal, person, path)
    query = {"actor": HOSTILE, "act": HOSTILE, "subject": HOSTILE, "before": HOSTILE}
    assert is_harmless(portal.browser("otto").get("/audit", params=query).text)


def check_harmless(portal: PortalWorld, person: str, path: str) -> str:
    answer = portal.browser(person).get(path)
    assert answer.status_code == 200, (person, path)
    assert is_harmless(answer.text), (person, path)
    return answer.text


def test_a_hostile_application_comes_back_as_text_with_what_is_wrong(portal: PortalWorld) -> None:
    text = f"project: x\n{HOSTILE}: 1\n</textarea><script>alert(1)</script>"
    answer = portal.browser("rosa").post("/projects/upload", {"application": text})
    assert answer.status_code == 422
    assert is_harmless(answer.text)
    assert "</textarea><script" not in answer.text
    assert "&lt;/textarea&gt;" in answer.text


def test_an_item_is_a_document_in_which_nothing_runs_or_loads_even_alone(portal: PortalWorld) -> None:
    view = portal.world.examined()
    answer = portal.browser("vera").get(f"/requests/{view.name}/items/a:0")
    policy = answer.headers["content-security-policy"]
    assert policy.split(";")[0] == "sandbox"
    assert "default-src 'none'" in policy
    assert f"style-src '{STYLE_HASH}'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "allow-" not in policy
    page = portal.browser("vera").get(f"/requests/{view.name}/review").text
    assert 'sandbox=""' in page
    assert "allow-scripts" not in page


def test_an_item_of_another_round_is_not_shown_in_its_place(portal: PortalWorld) -> None:
    view = portal.world.examined()
    vera = portal.browser("vera")
    good = next(i for i in view.items if i.identity == "a:0")
    assert vera.get(f"/requests/{view.name}/items/a:0?sha256={good.sha256}").status_code == 200
    assert vera.get(f"/requests/{view.name}/items/a:0?sha256={'0' * 64}").status_code == 409
    assert vera.get(f"/requests/{view.name}/items/nothing:0").status_code == 404


def test_the_source_is_shown_as_numbered_lines(portal: PortalWorld) -> None:
    view = portal.world.examined(body=notebook(cell("a = 1\nb = a < 2", [printed("x\n")])))
    html = portal.browser("vera").get(f"/requests/{view.name}/items/source").text
    assert '<span class="line">a = 1</span>' in html
    assert '<span class="line">b = a &lt; 2</span>' in html


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/projects/omega", 404), ("/audit", 403), ("/static", 404)]
)
def test_errors_are_pages_for_people_and_json_for_programs(
    portal: PortalWorld, path: str, status: int
) -> None:
    rosa = portal.browser("rosa")
    answer = rosa.get(path)
    assert answer.status_code == status
    assert "text/html" in answer.headers["content-type"]
    told: dict[str, Any] = rosa.get("/api/projects/omega").json()
    assert set(told["error"]) == {"code", "message", "refusals"}
    assert rosa.get("/api/nowhere").json()["error"]["code"] == "not-found"
    assert (
        rosa.call("POST", "/projects/alpha/decide", {"approve": "perhaps"}).json()["error"]["code"]
        == "invalid"
    )


def test_an_unexpected_error_shows_a_number_and_logs_no_value(
    portal: PortalWorld, caplog: pytest.LogCaptureFixture
) -> None:
    portal.world.examined()

    def broken() -> None:
        raise KeyError("Maria Lopez 123456")

    portal.app.add_api_route("/services/rpp/broken", broken)
    portal.app.add_api_route("/services/rpp/api/broken", broken)
    with caplog.at_level(logging.ERROR):
        page, told = portal.browser("rosa").get("/broken"), portal.browser("rosa").get("/api/broken")
    assert page.status_code == told.status_code == 500
    number = re.search(r"this number: (http-[0-9a-f]{16})", page.text)
    assert number is not None
    assert number[1] in caplog.text
    assert "KeyError" in caplog.text
    assert told.json()["error"]["code"] == "unexpected"
    for text in (page.text, told.text, caplog.text):
        assert "Lopez" not in text
        assert "Traceback" not in text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_times_are_in_utc_and_in_words(portal: PortalWorld) -> None:
    portal.world.examined()
    html = portal.browser("vera").get("/review").text
    assert "24 November 2026, 09:00 UTC" in html
    assert "just now" in html


def test_the_openapi_description_names_the_api_and_nothing_else(portal: PortalWorld) -> None:
    described = portal.browser("rosa").get("/api/openapi.json").json()
    assert described["paths"]
    assert all(p.startswith("/services/rpp/api/") for p in described["paths"])
