"""Reviewing in the portal: verdicts one by one, blind to the other reviewer, never on a round that is gone, nothing typed lost."""

from __future__ import annotations

import re

from rpp_hub.domain.lifecycle import Decision, Status, Verdict
from rpp_hub.services.requests import Submission

from tests.factories import actor, cell, notebook, printed
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import PortalWorld

RELEASE, BACK = str(Decision.RELEASE_APPROVED), str(Decision.SEND_BACK)
TWO = notebook(cell("print(1)", [printed("n = 120\n")]), cell("print(2)", [printed("n = 340\n")], "b"))


def fill(
    browser: Browser, name: str, verdicts: dict[str, str], comments: dict[str, str] | None = None, **more: str
) -> int:
    form = {f"verdict:{k}": v for k, v in verdicts.items()} | {
        f"comment:{k}": v for k, v in (comments or {}).items()
    }
    return browser.post(f"/requests/{name}/review", {"round": "1", "do": "save", **form, **more}).status_code


def test_two_reviewers_decide_item_by_item_and_what_both_approved_is_approved(portal: PortalWorld) -> None:
    name = portal.world.examined(body=TWO, outputs=("a:0", "b:0")).name
    for person, refused in (("vera", "b:0"), ("viktor", "")):
        browser = portal.browser(person)
        verdicts = {i: "refuse" if i == refused else "approve" for i in ("a:0", "b:0", "source")}
        comments = {refused: "Too small."} if refused else {}
        assert fill(browser, name, verdicts, comments, do="finish") == 303
        shown = browser.get(f"/requests/{name}/review/finish").text
        assert "Finish my review" in shown
        assert "disabled" not in shown
        assert (
            browser.post(f"/requests/{name}/review/finish", {"round": "1", "decision": RELEASE}).status_code
            == 303
        )
    view = portal.world.requests.seen_by(actor("vera"), name)
    assert view.status is Status.APPROVED
    assert set(view.approved_items) == {"a:0", "source"}


def test_an_item_without_a_verdict_keeps_a_review_from_being_finished(portal: PortalWorld) -> None:
    name = portal.world.examined(body=TWO, outputs=("a:0", "b:0")).name
    vera = portal.browser("vera")
    assert fill(vera, name, {"a:0": "approve"}) == 303
    assert "1 of 3 decided" in vera.get(f"/requests/{name}/review").text
    assert "2 items have no verdict yet" in vera.get(f"/requests/{name}/review/finish").text
    answer = vera.post(f"/requests/{name}/review/finish", {"round": "1", "decision": RELEASE})
    assert answer.status_code == 409
    assert "2 items have no verdict yet" in answer.text
    assert portal.world.requests.seen_by(actor("vera"), name).reviewers_decided == 0


def test_there_is_no_way_to_approve_all_at_once(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    html = portal.browser("vera").get(f"/requests/{name}/review").text
    assert not re.search(r"(approve|refuse|select)\s+all", html, re.IGNORECASE)
    assert "checked" not in html


def test_a_refusal_needs_a_word(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    vera = portal.browser("vera")
    fill(vera, name, {"a:0": "refuse", "source": "approve"})
    answer = vera.post(f"/requests/{name}/review/finish", {"round": "1", "decision": RELEASE})
    assert answer.status_code == 409
    assert "Say in a comment why you refuse" in answer.text


def test_neither_reviewer_sees_the_others_word_before_both_have_decided(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    secret = "a-word-of-the-first"
    vera, viktor, rosa = portal.browser("vera"), portal.browser("viktor"), portal.browser("rosa")
    fill(vera, name, {"a:0": "refuse", "source": "approve"}, {"a:0": secret}, comment=secret)
    vera.post(f"/requests/{name}/review/finish", {"round": "1", "decision": BACK})
    for browser in (viktor, rosa, portal.browser("zoe"), portal.browser("dora")):
        for path in (
            "/",
            "/requests",
            f"/requests/{name}",
            f"/requests/{name}/review",
            "/review",
            f"/api/requests/{name}",
            "/api/requests",
        ):
            text = browser.get(path).text
            assert secret not in text, path
            assert "send back to the researcher" not in text, path
    assert secret in vera.get(f"/requests/{name}").text
    fill(viktor, name, {"a:0": "approve", "source": "approve"})
    viktor.post(f"/requests/{name}/review/finish", {"round": "1", "decision": RELEASE})
    assert secret in viktor.get(f"/requests/{name}").text
    seen = rosa.get(f"/requests/{name}").text
    assert secret in seen
    assert "vera" not in seen.lower()
    assert "viktor" not in seen.lower()


def test_a_round_that_is_gone_takes_no_verdict_and_what_was_typed_is_not_lost(portal: PortalWorld) -> None:
    view = portal.world.examined(body=TWO, outputs=("a:0", "b:0"))
    vera = portal.browser("vera")
    for reviewer in ("viktor", "zoe"):
        portal.world.finish(reviewer, view, Verdict.REFUSE, Decision.SEND_BACK)
    again = portal.world.requests.submit(actor("rosa"), "alpha", _submission(), replaces=view.name)
    portal.world.examination.examine(view.name)
    assert again.round == 2
    typed = {
        "comment:a:0": "what I typed about a",
        "comment:b:0": "what I typed about b",
        "comment": "on the whole",
    }
    form = {"round": "1", "do": "save", "verdict:a:0": "approve", **typed}
    answer = vera.post(f"/requests/{view.name}/review", form)
    assert answer.status_code == 409
    assert "round 2 is current" in answer.text
    for text in typed.values():
        assert text in answer.text
    assert (
        vera.post(f"/requests/{view.name}/review/finish", {"round": "1", "decision": RELEASE}).status_code
        == 409
    )
    assert portal.world.requests.seen_by(actor("vera"), view.name).reviews == ()


def _submission() -> Submission:
    return Submission(
        "analysis.ipynb", notebook(), ("a:0",), "All schools, grade nine.", "Counts below ten are not shown."
    )


def test_a_verdict_that_is_none_and_an_item_that_is_not_there_are_refused(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    vera = portal.browser("vera")
    assert fill(vera, name, {"a:0": "maybe"}) == 422
    assert fill(vera, name, {"z:9": "approve"}) == 422
    assert fill(vera, name, {}, round="x") == 422
    assert fill(vera, name, {"a:0": "approve"}, comment="x" * 6000) == 422
    assert (
        vera.post(
            f"/requests/{name}/review/finish", {"round": "1", "decision": "approve everything"}
        ).status_code
        == 422
    )
    assert portal.world.requests.seen_by(actor("vera"), name).reviews == ()


def test_a_member_the_maker_of_the_cut_and_a_third_reviewer_are_told_why_not(portal: PortalWorld) -> None:
    view = portal.world.examined()
    portal.world.projects.add_member(actor("dora"), "alpha", "zoe")
    answer = portal.browser("zoe").get(f"/requests/{view.name}/review")
    assert answer.status_code == 409
    assert "member of this project" in answer.text
    portal.world.projects.remove_member(actor("dora"), "alpha", "zoe")
    portal.world.finish("vera", view)
    assert portal.browser("vera").get(f"/requests/{view.name}/review").status_code == 409
    portal.world.finish("viktor", view, Verdict.REFUSE, Decision.SEND_BACK)
    assert "returned" in portal.browser("zoe").get(f"/requests/{view.name}").text
    assert portal.browser("zoe").get(f"/requests/{view.name}/review").status_code == 409


def test_nothing_is_reviewed_before_it_is_examined(portal: PortalWorld) -> None:
    name = portal.world.submit().name
    vera = portal.browser("vera")
    assert vera.get(f"/requests/{name}/review").status_code == 409
    assert "Being examined" in vera.get("/review").text
    assert fill(vera, name, {"a:0": "approve"}) == 409


def test_what_was_kept_is_there_again(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    vera = portal.browser("vera")
    fill(vera, name, {"a:0": "refuse"}, {"a:0": "Merge the two smallest groups."}, comment="Nearly there.")
    html = vera.get(f"/requests/{name}/review").text
    assert 'value="refuse" checked' in html
    assert "Merge the two smallest groups." in html
    assert "Nearly there." in html
    assert "Begun by you" in vera.get("/review").text


def test_the_reviewers_page_shows_the_examination_and_every_finding(portal: PortalWorld) -> None:
    body = notebook(cell("x", [printed("S-7K3M9QX2T-W\n")]))
    view = portal.world.examined(body=body)
    html = portal.browser("vera").get(f"/requests/{view.name}/review").text
    found = [f for i in view.items for f in i.findings if f["outcome"] != "pass"]
    assert found
    for finding in found:
        for part in ("summary", "why", "remedy"):
            assert str(finding[part]).split("'")[0][:40] in html
    assert "ran from top to bottom" in html
    assert view.context in html
    assert view.controls in html


def test_the_api_reviews_by_the_same_rules(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    vera = portal.browser("vera")
    body = {"round": 1, "verdicts": {"a:0": "approve", "source": "approve"}}
    assert (
        vera.call("POST", f"/requests/{name}/review", {**body, "round": 2}).json()["error"]["code"] == "stale"
    )
    assert vera.call("POST", f"/requests/{name}/review", body).status_code == 200
    done = vera.call("POST", f"/requests/{name}/review/finish", {"round": 1, "decision": RELEASE})
    assert done.json()["reviewers_decided"] == 1
    again = vera.call("POST", f"/requests/{name}/review/finish", {"round": 1, "decision": RELEASE})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already-decided")
