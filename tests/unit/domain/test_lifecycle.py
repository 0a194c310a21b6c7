"""The life of a request: the full product of statuses, actions and roles against the one table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.lifecycle import (
    SYSTEM,
    TRANSITIONS,
    Action,
    Decision,
    Doer,
    RequestState,
    Review,
    Status,
    Verdict,
    find_transition,
    mermaid,
    next_system_action,
    perform,
    refusals,
)
from rpp_hub.domain.permissions import Role

ITEMS = ("source", "a:0", "b:0")
ALL = dict.fromkeys(ITEMS, Verdict.APPROVE)


def state(**changes: object) -> RequestState:
    """A request that nothing stands in the way of."""
    base = RequestState(
        status=Status.SUBMITTED,
        author="rosa",
        members=frozenset({"rosa", "ben"}),
        cut_maker="dora",
        items=ITEMS,
        examined=True,
        reviews=(),
        reviewers_needed=2,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def review(name: str, decision: Decision | None = Decision.RELEASE_APPROVED, **verdicts: Verdict) -> Review:
    return Review(name, {**ALL, **{k.replace("_", ":"): v for k, v in verdicts.items()}}, decision)


SYSTEM_DOER = Doer(SYSTEM, frozenset())


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_only_the_rows_of_the_table_are_possible(status: Status, action: Action) -> None:
    row = find_transition(status, action)
    everybody = Doer("rosa", frozenset(Role))
    reasons = refusals(state(status=status), action, everybody)
    if row is None:
        assert [r.code for r in reasons] == ["wrong-status"]
        with pytest.raises(ActionRefused):
            perform(state(status=status), action, SYSTEM_DOER)
    else:
        assert "wrong-status" not in [r.code for r in reasons]


@pytest.mark.parametrize(("row", "role"), [(t, r) for t in TRANSITIONS for r in Role if t.by is not r])
def test_every_role_but_the_named_one_is_refused(row: object, role: Role) -> None:
    with pytest.raises(NotPermitted):
        perform(state(status=row.source), row.action, Doer("mallory", frozenset({role})))  # type: ignore[attr-defined]


@pytest.mark.parametrize("row", [t for t in TRANSITIONS if t.by is None])
def test_nobody_takes_the_systems_place_however_many_roles_they_hold(row: object) -> None:
    with pytest.raises(NotPermitted):
        perform(state(status=row.source), row.action, Doer("mallory", frozenset(Role)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "code"),
    [("rosa", "reviewer-is-member"), ("ben", "reviewer-is-member"), ("dora", "reviewer-made-cut")],
)
def test_whoever_is_close_to_the_project_cannot_review_it(name: str, code: str) -> None:
    doer = Doer(name, frozenset({Role.OUTPUT_REVIEWER}))
    assert [r.code for r in refusals(state(), Action.REVIEW, doer)] == [code]


def test_an_author_who_left_the_project_still_cannot_review_their_own_request() -> None:
    doer = Doer("rosa", frozenset({Role.OUTPUT_REVIEWER}))
    assert refusals(state(members=frozenset()), Action.REVIEW, doer)[0].code == "reviewer-is-member"


def test_nobody_reviews_before_the_examination() -> None:
    doer = Doer("vera", frozenset({Role.OUTPUT_REVIEWER}))
    assert [r.code for r in refusals(state(examined=False), Action.REVIEW, doer)] == ["not-examined"]


def test_a_reviewer_decides_once() -> None:
    doer = Doer("vera", frozenset({Role.OUTPUT_REVIEWER}))
    reasons = refusals(state(reviews=(review("vera"),)), Action.REVIEW, doer)
    assert [r.code for r in reasons] == ["already-decided"]


def test_a_third_reviewer_comes_too_late() -> None:
    doer = Doer("zoe", frozenset({Role.OUTPUT_REVIEWER}))
    reasons = refusals(state(reviews=(review("vera"), review("viktor"))), Action.REVIEW, doer)
    assert "enough-reviewers" in [r.code for r in reasons]


def test_one_decision_is_not_enough() -> None:
    assert next_system_action(state(reviews=(review("vera"), review("viktor", None)))) is None


def test_what_both_approved_is_approved() -> None:
    now = state(reviews=(review("vera", a_0=Verdict.REFUSE), review("viktor")))
    assert now.approved_items == ("source", "b:0")
    assert next_system_action(now) is Action.APPROVE
    assert perform(now, Action.APPROVE, SYSTEM_DOER) is Status.APPROVED


def test_nothing_approved_by_both_is_a_rejection() -> None:
    one = review("vera", a_0=Verdict.REFUSE, source=Verdict.REFUSE)
    other = review("viktor", b_0=Verdict.REFUSE)
    assert next_system_action(state(reviews=(one, other))) is Action.REJECT


def test_one_reviewer_who_sends_back_is_enough_to_return_it() -> None:
    now = state(reviews=(review("vera", Decision.SEND_BACK), review("viktor")))
    assert next_system_action(now) is Action.RETURN


def test_only_the_author_withdraws() -> None:
    with pytest.raises(ActionRefused):
        perform(state(), Action.WITHDRAW, Doer("ben", frozenset({Role.RESEARCHER})))
    assert perform(state(), Action.WITHDRAW, Doer("rosa", frozenset({Role.RESEARCHER}))) is Status.WITHDRAWN


_verdicts = st.dictionaries(st.sampled_from(ITEMS), st.sampled_from(Verdict))
_reviews = st.lists(
    st.builds(
        Review, st.sampled_from(["vera", "viktor", "zoe"]), _verdicts, st.none() | st.sampled_from(Decision)
    ),
    max_size=3,
    unique_by=lambda r: r.reviewer,
)


@given(_reviews, st.integers(1, 3))
def test_at_most_one_thing_follows_by_itself_and_never_an_item_without_every_approval(
    reviews: list[Review], needed: int
) -> None:
    now = state(reviews=tuple(reviews), reviewers_needed=needed)
    possible = [
        a for a in (Action.APPROVE, Action.RETURN, Action.REJECT) if not refusals(now, a, SYSTEM_DOER)
    ]
    decided = [r for r in reviews if r.decided]
    assert len(possible) == (1 if len(decided) >= needed else 0)
    for item in now.approved_items:
        assert len(decided) >= needed
        assert all(r.verdicts.get(item) is Verdict.APPROVE for r in decided)


def test_the_documentation_shows_the_table_as_it_is() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "request-states.md"
    assert mermaid() in page.read_text(encoding="utf-8")
