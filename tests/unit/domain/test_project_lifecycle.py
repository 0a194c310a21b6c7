"""The life of a project: the full product of statuses, acts and roles against the one table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.project_lifecycle import (
    PROJECT_TRANSITIONS,
    Participant,
    ProjectAct,
    ProjectState,
    ProjectStatus,
    find_project_transition,
    perform_on_project,
    project_mermaid,
    project_refusals,
    project_table,
)
from rpp_hub.domain.refusal import Refusal

FIELDS = frozenset({"a.x", "a.y"})
READY = ProjectState(
    name="alpha",
    status=ProjectStatus.APPLIED,
    lead="rosa",
    sponsors=("paula", "peter"),
    members=frozenset({"rosa", "ben"}),
    answered=frozenset({"paula", "peter"}),
    judged_fields=FIELDS,
    fields=FIELDS,
)
# somebody of each role who is who the rules want them to be
FITTING = {
    Role.RESEARCHER: "rosa",
    Role.PRACTITIONER: "paula",
    Role.DATA_MANAGER: "dora",
    Role.DIRECTOR: "dirk",
}


def at(status: ProjectStatus, **changes: object) -> ProjectState:
    return replace(READY, status=status, **changes)  # type: ignore[arg-type]


def fitting(role: Role, act: ProjectAct) -> str:
    if act is ProjectAct.JUDGE and role is Role.PRACTITIONER:
        return "rita"  # research staff of the district, no sponsor
    return FITTING.get(role, "mallory")


@pytest.mark.parametrize(("status", "act", "role"), list(product(ProjectStatus, ProjectAct, Role)))
def test_a_person_of_a_role_may_what_the_table_says_and_nothing_else(
    status: ProjectStatus, act: ProjectAct, role: Role
) -> None:
    row = find_project_transition(status, act)
    who = Participant(fitting(role, act), frozenset({role}))
    codes = [r.code for r in project_refusals(at(status), act, who)]
    if not any(role in t.by for t in PROJECT_TRANSITIONS if t.act is act):
        assert codes == ["wrong-role"]
        with pytest.raises(NotPermitted):
            perform_on_project(at(status), act, who)
    elif row is None:
        assert codes == ["wrong-status"]
        with pytest.raises(ActionRefused):
            perform_on_project(at(status), act, who)
    elif role not in row.by:
        assert codes == ["wrong-role"]
        with pytest.raises(NotPermitted):
            perform_on_project(at(status), act, who)
    else:
        assert codes == []
        assert perform_on_project(at(status), act, who) is row.target


def test_no_status_and_act_stand_in_two_rows() -> None:
    pairs = [(t.source, t.act) for t in PROJECT_TRANSITIONS]
    assert len(pairs) == len(set(pairs))


LACKS = {
    "application-incomplete": {"faults": ("The questions are missing.",)},
    "irb-document-missing": {"irb_documented": False},
    "window-closed": {"window_closed": "Applications are taken from 1 September."},
}
NOT_YET = {
    "survey-missing": {"answered": frozenset({"paula"})},
    "judgement-missing": {"judged_fields": frozenset({"a.x"})},
    "exception-open": {"open_exceptions": ("first_name",)},
    "umbrella-missing": {"umbrella_faults": (Refusal("umbrella-missing", "There is none."),)},
}


@pytest.mark.parametrize(("code", "lack"), LACKS.items())
def test_nothing_incomplete_is_sent(code: str, lack: dict[str, object]) -> None:
    rosa = Participant("rosa", frozenset({Role.RESEARCHER}))
    assert [r.code for r in project_refusals(at(ProjectStatus.DRAFT, **lack), ProjectAct.APPLY, rosa)] == [
        code
    ]


def test_a_revision_is_sent_whatever_the_window() -> None:
    rosa = Participant("rosa", frozenset({Role.RESEARCHER}))
    state = at(ProjectStatus.RETURNED, window_closed="Closed.")
    assert perform_on_project(state, ProjectAct.APPLY, rosa) is ProjectStatus.APPLIED


@pytest.mark.parametrize(("code", "lack"), NOT_YET.items())
def test_nothing_is_approved_before_its_review_is_whole_but_it_can_be_declined(
    code: str, lack: dict[str, object]
) -> None:
    state = at(ProjectStatus.APPLIED, **lack)
    paula = Participant("paula", frozenset({Role.PRACTITIONER}))
    assert [r.code for r in project_refusals(state, ProjectAct.APPROVE, paula)] == [code]
    assert perform_on_project(state, ProjectAct.DECLINE, paula) is ProjectStatus.DECLINED


@pytest.mark.parametrize(
    ("act", "name", "code"),
    [
        (ProjectAct.JUDGE, "paula", "judge-is-sponsor"),
        (ProjectAct.JUDGE, "ben", "judge-is-member"),
        (ProjectAct.ANSWER, "rita", "not-sponsor"),
        (ProjectAct.APPROVE, "rita", "not-decider"),
        (ProjectAct.APPROVE, "ben", "decider-is-member"),
        (ProjectAct.RETURN, "rita", "not-decider"),
    ],
)
def test_the_right_role_is_not_yet_the_right_person(act: ProjectAct, name: str, code: str) -> None:
    who = Participant(
        name,
        frozenset(
            {Role.PRACTITIONER, Role.DATA_MANAGER} - ({Role.DATA_MANAGER} if name == "rita" else set())
        ),
    )
    assert code in [r.code for r in project_refusals(READY, act, who)]
    with pytest.raises(NotPermitted):
        perform_on_project(READY, act, who)


_state = st.builds(
    ProjectState,
    name=st.just("alpha"),
    status=st.sampled_from(ProjectStatus),
    lead=st.just("rosa"),
    sponsors=st.just(("paula",)),
    members=st.just(frozenset({"rosa"})),
    faults=st.sampled_from([(), ("Something is missing.",)]),
    irb_documented=st.booleans(),
    answered=st.sampled_from([frozenset(), frozenset({"paula"})]),
    judged_fields=st.sampled_from([frozenset(), FIELDS]),
    fields=st.just(FIELDS),
)


@settings(deadline=None)
@given(
    _state,
    st.lists(st.tuples(st.sampled_from(ProjectAct), st.sampled_from(sorted(FITTING.items()))), max_size=8),
)
def test_no_sequence_of_acts_approves_what_was_not_reviewed(
    state: ProjectState, acts: list[tuple[ProjectAct, tuple[Role, str]]]
) -> None:
    for act, (role, name) in acts:
        was = state.status
        try:
            state = replace(
                state, status=perform_on_project(state, act, Participant(name, frozenset({role})))
            )
        except (ActionRefused, NotPermitted):
            continue
        if state.status is ProjectStatus.APPROVED and was is not ProjectStatus.APPROVED:
            assert state.answered == {"paula"}
            assert state.judged_fields >= state.fields
        if state.status is ProjectStatus.APPLIED and was is not ProjectStatus.APPLIED:
            assert state.irb_documented
            assert not state.faults


def test_the_documentation_shows_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "project-states.md").read_text(
        encoding="utf-8"
    )
    assert project_mermaid() in page
    assert project_table() in page
