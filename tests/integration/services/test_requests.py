"""Requests from submission to decision, through the real store."""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import Any

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, Stale
from rpp_hub.domain.lifecycle import Decision, Status, Verdict
from rpp_hub.domain.permissions import Role
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.examination import Rerun
from rpp_hub.store.models import PersonRole
from rpp_review.provenance import Record, Run, cells_of, genesis, link, nothing_seen

from tests.factories import SETUP, World, actor, cell, notebook, printed


def test_two_approvals_of_what_was_examined_approve_the_request(world: World) -> None:
    view = world.examined()
    assert {i.identity for i in view.items} == {"source", "a:0"}
    assert next(i for i in view.items if i.identity == "a:0").reproduction == "reproduced"
    assert world.finish("vera", view).status is Status.SUBMITTED
    after = world.finish("viktor", view)
    assert after.status is Status.APPROVED
    assert set(after.approved_items) == {"source", "a:0"}
    acts = [e.act for e in world.auditing.events(actor("ada"), AuditFilter(act="request:"))][::-1]
    assert acts == [
        "request:submit",
        "request:examine",
        "request:review",
        "request:review",
        "request:approve",
    ]
    assert world.auditing.verify(actor("ada")).ok


def test_neither_reviewer_sees_the_others_word_before_both_decided(world: World) -> None:
    view = world.examined()
    world.finish("vera", view, Verdict.REFUSE)
    before = world.requests.seen_by(actor("viktor"), view.name)
    assert before.reviews == ()
    assert before.reviewers_decided == 1
    assert "said by vera" not in json.dumps([str(v) for v in world.requests.list(actor("viktor"))])
    world.finish("viktor", view)
    after = world.requests.seen_by(actor("viktor"), view.name)
    assert {r.reviewer for r in after.reviews} == {"vera", "viktor"}


def test_a_reviewer_who_may_read_the_log_does_not_find_the_others_decision_there(world: World) -> None:
    world.person("both", Role.OUTPUT_REVIEWER)
    with world.store.act(SETUP, "role:give", "person:both") as act:  # as no service would, any more
        act.session.add(PersonRole(person="both", role=str(Role.AUDITOR)))
    view = world.examined()
    world.finish("vera", view, decision=Decision.SEND_BACK)
    log = json.dumps([e.detail for e in world.auditing.events(actor("both"), AuditFilter())])
    assert Decision.SEND_BACK not in log
    world.finish("both", view)
    log = json.dumps([e.detail for e in world.auditing.events(actor("both"), AuditFilter())])
    assert Decision.SEND_BACK in log


def test_the_author_learns_what_was_said_but_not_by_whom(world: World) -> None:
    view = world.examined()
    world.finish("vera", view)
    assert world.requests.seen_by(actor("rosa"), view.name).reviews == ()
    world.finish("viktor", view)
    seen = world.requests.seen_by(actor("rosa"), view.name)
    assert [r.reviewer for r in seen.reviews] == ["reviewer 1", "reviewer 2"]


def test_a_reviewers_unfinished_verdicts_are_kept_and_can_change(world: World) -> None:
    view = world.examined()
    world.reviewing.save(actor("vera"), view.name, 1, {"a:0": Verdict.REFUSE}, {"a:0": "too small"})
    again = world.reviewing.save(actor("vera"), view.name, 1, {"a:0": Verdict.APPROVE}, {})
    assert again.reviews[0].verdicts == {"a:0": Verdict.APPROVE}
    assert again.status is Status.SUBMITTED


def test_nothing_unseen_can_be_approved(world: World) -> None:
    view = world.examined()
    with pytest.raises(ActionRefused) as caught:
        world.reviewing.finish(
            actor("vera"), view.name, 1, Decision.RELEASE_APPROVED, {"a:0": Verdict.APPROVE}
        )
    assert [r.code for r in caught.value.refusals] == ["item-undecided"]
    assert world.requests.seen_by(actor("vera"), view.name).reviews == ()  # the refused act left nothing


def test_a_refusal_needs_a_word_of_explanation(world: World) -> None:
    view = world.examined()
    verdicts = dict.fromkeys([i.identity for i in view.items], Verdict.REFUSE)
    with pytest.raises(ActionRefused) as caught:
        world.reviewing.finish(actor("vera"), view.name, 1, Decision.RELEASE_APPROVED, verdicts)
    assert caught.value.refusals[0].code == "refusal-unexplained"


def test_what_is_sent_back_comes_again_as_a_second_round_with_fresh_reviews(world: World) -> None:
    view = world.examined()
    world.finish("vera", view, decision=Decision.SEND_BACK)
    assert world.finish("viktor", view).status is Status.RETURNED
    second = world.requests.submit(actor("rosa"), "alpha", _submission(), replaces=view.name)
    assert (second.name, second.round, second.status) == (view.name, 2, Status.SUBMITTED)
    assert second.reviews == ()
    assert second.examined_at is None
    world.examination.examine(view.name)
    with pytest.raises(Stale):
        world.finish("vera", view)  # still looking at round 1


@pytest.mark.parametrize("name", ["rosa", "remy", "dora", "paula", "otto", "ada", "dirk", "stranger"])
def test_only_reviewers_review(world: World, name: str) -> None:
    view = world.examined()
    with pytest.raises(NotPermitted):
        world.finish(name, view)


def test_a_reviewer_who_joined_the_project_cannot_review_it(world: World) -> None:
    view = world.examined()
    world.projects.add_member(actor("dora"), "alpha", "vera")
    with pytest.raises(ActionRefused) as caught:
        world.finish("vera", view)
    assert caught.value.refusals[0].code == "reviewer-is-member"


def test_a_data_manager_who_also_reviews_cannot_review_what_came_from_their_own_cut(world: World) -> None:
    world.person("dual", Role.DATA_MANAGER, Role.OUTPUT_REVIEWER)
    view = world.examined()
    assert world.finish("dual", view).reviewers_decided == 1  # dora made the cut, so dual may
    with world.store.act(SETUP, "test:cut", "cut:alpha") as act:
        from rpp_hub.store.models import Cut

        for row in act.session.query(Cut).filter_by(project="alpha"):
            row.built_by = "viktor"
    with pytest.raises(ActionRefused) as caught:
        world.finish("viktor", view)
    assert caught.value.refusals[0].code == "reviewer-made-cut"


@pytest.mark.parametrize("name", ["remy", "dora", "paula", "otto", "ada", "dirk", "stranger"])
def test_a_request_does_not_exist_for_those_who_have_no_business_with_it(world: World, name: str) -> None:
    view = world.submit()
    with pytest.raises(NotFound):
        world.requests.seen_by(actor(name), view.name)
    with pytest.raises(NotFound):
        world.requests.item_content(actor(name), view.name, "a:0")
    assert world.requests.list(actor(name)) == ()


@pytest.mark.parametrize(
    "number", ["r1", "r00001", "r-001", "r0001 ", "R0001", "r²", "x0001", "", "r" + "9" * 30]
)
def test_a_name_that_is_not_quite_a_requests_name_finds_nothing(world: World, number: str) -> None:
    world.submit()
    with pytest.raises(NotFound):
        world.requests.seen_by(SETUP, number)


def test_a_lost_condition_stops_submission(world: World) -> None:
    world.people.certify(SETUP, "rosa", training_ends=date(2026, 11, 23))
    with pytest.raises(ActionRefused) as caught:
        world.submit()
    assert [r.code for r in caught.value.refusals] == ["training-ended"]


def test_nobody_submits_to_a_project_of_others(world: World) -> None:
    with pytest.raises(NotPermitted):
        world.submit(project="beta", author="rosa")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outputs": ()}, "no-outputs"),
        ({"outputs": ("a:7",)}, "output-missing"),
        ({"context": "short"}, "bad-context"),
        ({"controls": "x" * 6000}, "bad-controls"),
        ({"context": "hidden \u202e text here"}, "bad-context"),
        ({"body": b"{"}, None),
        ({"body": b'{"cells": ' + b"[" * 3000}, None),
        ({"body": b"\xff\xfe"}, None),
    ],
)
def test_what_cannot_be_understood_is_refused_and_leaves_no_request(
    world: World, changes: dict[str, Any], code: str | None
) -> None:
    with pytest.raises(Invalid) as caught:
        world.submit(**changes)
    assert code is None or caught.value.code == code
    assert caught.value.message.endswith(".")
    assert world.requests.list(SETUP) == ()


def test_the_snapshot_is_what_was_submitted_whatever_becomes_of_the_file(world: World) -> None:
    body = notebook()
    view = world.submit(body=body)
    with world.store.read() as session:
        from rpp_hub.store.models import Round

        snapshot = session.query(Round).one().snapshot
    assert world.content.get(snapshot) == body
    assert view.items


def test_an_output_that_does_not_come_again_is_marked(world: World) -> None:
    world.rerun_answer = Rerun(
        notebook(cell("print('n = 120')", [printed("n = 121\n")])),
        True,
        "It ran from top to bottom.",
        "env-1",
    )
    view = world.examined()
    assert next(i for i in view.items if i.identity == "a:0").reproduction == "differs"


def test_a_rerun_that_failed_leaves_every_output_missing_and_says_why(world: World) -> None:
    world.rerun_answer = Rerun(None, False, "The kernel was ended by its memory limit.", "env-1")
    view = world.examined()
    assert next(i for i in view.items if i.identity == "a:0").reproduction == "missing"
    assert view.examination["rerun"]["message"] == "The kernel was ended by its memory limit."


def test_a_rerun_in_another_environment_than_the_work_is_said_and_one_in_the_same_is_not(
    world: World,
) -> None:
    told = {}
    for worked_in in ("env-0", "env-1"):
        view = world.submit(provenance=nothing_seen("c0001", worked_in))
        world.examination.examine(view.name)
        told[worked_in] = world.requests.seen_by(SETUP, view.name).examination["rerun"]
    assert (told["env-0"]["worked_in"], told["env-0"]["environment"]) == ("env-0", "env-1")
    assert (
        "environment env-0, which is not kept any more; the re-run used env-1"
        in told["env-0"]["environment_note"]
    )
    assert told["env-1"]["environment_note"] == ""


def test_an_examination_is_written_once(world: World) -> None:
    view = world.examined()
    world.finish("vera", view)
    world.rerun_answer = Rerun(None, False, "second", "env-1")
    world.examination.examine(view.name)
    assert world.requests.seen_by(SETUP, view.name).examination["rerun"]["ok"]
    assert world.examination.pending() == ()


def test_two_last_decisions_at_once_are_counted_once_each(world: World) -> None:
    view = world.examined()
    errors: list[Exception] = []

    def decide(name: str) -> None:
        try:
            world.finish(name, view)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=decide, args=(n,)) for n in ("vera", "viktor", "zoe")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = world.requests.seen_by(SETUP, view.name)
    assert after.status is Status.APPROVED
    assert after.reviewers_decided == 2
    assert [type(e) for e in errors] == [ActionRefused]
    assert world.auditing.verify(actor("ada")).ok


def test_the_author_withdraws_and_nobody_reviews_any_more(world: World) -> None:
    view = world.examined()
    assert world.requests.withdraw(actor("rosa"), view.name).status is Status.WITHDRAWN
    with pytest.raises(ActionRefused):
        world.finish("vera", view)


def _submission() -> Any:
    from rpp_hub.services.requests import Submission

    return Submission(
        "analysis.ipynb", notebook(), ("a:0",), "Number of students in grade nine.", "Small counts dropped."
    )


@pytest.mark.parametrize(
    ("ran", "sentence"),
    [
        ("env-1", "Ran as the source stands, in order."),
        ("env-0", "It ran in another environment than the re-run."),
        ("", "It was not seen to run since the workspace was opened."),
    ],
)
def test_each_output_says_whether_it_ran_as_its_source_stands(world: World, ran: str, sentence: str) -> None:
    """The re-run's environment is env-1."""
    cut = world.submit().cut
    start = genesis("k", cut, ran)
    run = Run(1, 1, "a", cells_of(notebook())[0][1], "2026-01-01T00:00:00+00:00")
    record = Record("k", cut, ran, start, (run,), link(start, run)) if ran else nothing_seen(cut)
    view = world.submit(provenance=record)
    world.examination.examine(view.name)
    items = world.requests.seen_by(SETUP, view.name).items
    found = [f["summary"] for item in items for f in item.findings if f["check"] == "provenance"]
    assert found == [sentence]
