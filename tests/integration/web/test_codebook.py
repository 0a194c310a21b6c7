"""Researchers read what fields mean and ask about them; the answer is there for every later project, without who asked."""

from __future__ import annotations

import json

from tests.factories import actor
from tests.integration.web.conftest import PortalWorld, add_codebook
from tests.integration.web.test_workspace_door import capability

PAGE = "/projects/alpha/codebook"
ASKED = {"table": "classifications", "field": "grade_level", "question": "Is 13 a <i>grade</i>?"}


def test_a_question_becomes_a_note_that_names_nobody(portal: PortalWorld) -> None:
    add_codebook(portal)
    rosa, dora = portal.browser("rosa"), portal.browser("dora")
    assert "Grade &lt;b&gt;attended&lt;/b&gt;." in rosa.get(PAGE).text
    assert rosa.post(PAGE, ASKED).status_code == 303
    assert "question waits" in rosa.get(PAGE).text
    assert "1 question about fields</a> waits" in dora.get("/data").text
    waiting = dora.get("/questions").text
    assert "asked by rosa for alpha" in waiting
    assert "Is 13 a &lt;i&gt;grade&lt;/i&gt;?" in waiting
    answered = dora.post(
        "/questions/q0001", {"do": "answer", "answer": "Ungraded until 2010.", "question": "What is 13?"}
    )
    assert answered.status_code == 303
    shown = rosa.get(PAGE).text
    assert "<strong>What is 13?</strong> Ungraded until 2010." in shown
    assert "1 note" in shown
    book = rosa.call("GET", "/projects/alpha/codebook").json()
    (note,) = book["resources"][0]["schema"]["fields"][1]["rpp"]["notes"]
    assert note["text"] == "Ungraded until 2010."
    assert "rosa" not in json.dumps(book)
    assert "alpha" not in json.dumps(book)
    assert dora.post("/questions/q0001", {"do": "answer", "answer": "Again."}).status_code == 409
    assert dora.post("/questions/q0001", {"do": "sing", "answer": "Again."}).status_code == 422


def test_the_search_finds_words_of_names_definitions_labels_and_notes(portal: PortalWorld) -> None:
    add_codebook(portal)
    rosa = portal.browser("rosa")
    for search, found in (("kindergarten", True), ("ATTENDED grade", True), ("school", False)):
        text = rosa.get(f"{PAGE}?search={search}").text
        assert ('id="classifications.grade_level"' in text) is found, search
    assert "No field fits “&lt;i&gt;”" in rosa.get(f"{PAGE}?search=<i>").text


def test_a_declined_question_is_told_to_the_project_alone(portal: PortalWorld) -> None:
    add_codebook(portal)
    portal.browser("rosa").post(PAGE, ASKED)
    portal.browser("dora").post("/questions/q0001", {"do": "decline", "answer": "Ask your sponsor."})
    rosa = portal.browser("rosa")
    assert "Ask your sponsor." in rosa.get(PAGE).text
    assert "notes" not in json.dumps(rosa.call("GET", "/projects/alpha/codebook").json())


def test_another_projects_questions_and_fields_do_not_exist(portal: PortalWorld) -> None:
    add_codebook(portal)
    portal.browser("rosa").post(PAGE, ASKED)
    remy = portal.browser("remy")
    assert remy.get(PAGE).status_code == 404
    assert remy.post(PAGE, ASKED).status_code == 404
    assert remy.call("GET", "/questions").json() == []
    assert remy.get("/projects/beta/codebook").status_code == 200  # it has no data yet, and says so
    assert "has no data yet" in remy.get("/projects/beta/codebook").text
    assert portal.browser("rosa").post(PAGE, {**ASKED, "field": "birth_date"}).status_code == 404


def test_a_workspace_asks_with_its_capability(portal: PortalWorld) -> None:
    add_codebook(portal)
    door, headers = "/services/rpp/workspace/questions", {"Content-Type": "application/json"}

    def ask(body: object, given: dict[str, str]) -> int:
        content = json.dumps(body).encode()
        return portal.browser().ask("POST", door, content=content, headers={**headers, **given}).status_code

    assert ask(ASKED, capability(portal)) == 201
    (asked,) = portal.rpp.warehousing.questions.list(actor("dora"))
    assert (asked.asked_by, asked.project, asked.question) == ("rosa", "alpha", ASKED["question"])
    assert ask(ASKED, {}) == 403
    assert ask(ASKED, capability(portal, person="remy")) == 404  # no member of alpha
    assert ask({**ASKED, "question": "x" * 1001}, capability(portal)) == 422
    assert ask({**ASKED, "project": "beta"}, capability(portal)) == 422
    assert ask([], capability(portal)) == 422
    for _ in range(9):
        assert ask(ASKED, capability(portal)) == 201
    assert ask(ASKED, capability(portal)) == 409  # ten wait: that is no way out for data
