"""Every state and every act, by every role: exactly what the table says, and nothing else."""

from __future__ import annotations

from itertools import product

import pytest
from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.workspace_life import (
    STEPS,
    Life,
    WorkspaceAct,
    after,
    find_step,
    opening_refusal,
    workspace_mermaid,
)

ROLES = (*Role, None)  # None: the installation itself


@pytest.mark.parametrize(("state", "act"), list(product(Life, WorkspaceAct)))
@pytest.mark.parametrize("role", ROLES)
def test_an_act_happens_where_the_table_says_and_by_whom_it_says(
    state: Life, act: WorkspaceAct, role: Role | None
) -> None:
    step = find_step(state, act)
    roles = frozenset() if role is None else frozenset({role})
    if step is None:
        with pytest.raises(ActionRefused):
            after(state, act, roles, system=role is None)
    elif (role in step.by) if step.by else (role is None):
        assert after(state, act, roles, system=role is None) is step.target
    else:
        with pytest.raises(NotPermitted):
            after(state, act, roles, system=role is None)


def test_no_step_is_there_twice_and_every_state_is_reached() -> None:
    assert len({(s.source, s.act) for s in STEPS}) == len(STEPS)
    assert {s.target for s in STEPS} == set(Life)
    assert not [s for s in STEPS if s.source is Life.DESTROYED]


@pytest.mark.parametrize("state", list(Life))
def test_only_an_active_workspace_and_one_for_reading_open(state: Life) -> None:
    refusal = opening_refusal(state, "gaps")
    assert (refusal is None) == (find_step(state, WorkspaceAct.OPEN) is not None)
    if refusal is not None:
        assert refusal.reason.endswith(".")


def test_the_picture_has_every_step() -> None:
    assert workspace_mermaid().count("-->") == len(STEPS) + 2
