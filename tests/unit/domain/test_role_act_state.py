"""Role × act × state: who may, over every role, permission, project state and request state, from the tables the code uses."""

from __future__ import annotations

from itertools import product

import pytest
from rpp_hub.domain.lifecycle import TRANSITIONS, Action, Doer, Status, find_transition, holds_role
from rpp_hub.domain.permissions import APART, PERMISSIONS, Permission, Role, clashes, may
from rpp_hub.services.authority import Rights

# what shows or changes a district's data, or outputs that have not been reviewed
DATA = frozenset(
    {
        Permission.DROP_RECEIVE, Permission.DROP_READ, Permission.MASTERS_BUILD, Permission.CUT_BUILD, Permission.CUT_READ,
        Permission.LINK_MAKE, Permission.RETURN_MAKE, Permission.WORKSPACE_OPEN, Permission.REQUEST_SUBMIT,
        Permission.REQUEST_REVIEW, Permission.REQUEST_READ_ALL, Permission.RELEASE_DOWNLOAD,
    }
)  # fmt: skip


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_a_role_may_what_its_row_says_and_nothing_else(role: Role, permission: Permission) -> None:
    expected = permission in PERMISSIONS[role]
    everywhere = Rights("somebody", frozenset({role}), frozenset())
    assert everywhere.may(permission) == expected
    member = Rights("somebody", frozenset(), frozenset({"alpha"}))
    assert member.may(permission, "alpha") == (permission in PERMISSIONS[Role.RESEARCHER])
    assert not member.may(permission, "beta")
    assert not member.may(permission)


@pytest.mark.parametrize("permission", Permission)
def test_the_default_is_nothing(permission: Permission) -> None:
    assert not may((), permission)
    assert not Rights("stranger", frozenset(), frozenset()).may(permission, "alpha")
    assert any(permission in granted for granted in PERMISSIONS.values()), "a permission that nobody has"


@pytest.mark.parametrize(("role", "status", "action"), list(product(Role, Status, Action)))
def test_a_request_is_moved_by_the_role_of_its_row_alone(role: Role, status: Status, action: Action) -> None:
    row = find_transition(status, action)
    expected = any(t.source is status and t.action is action and t.by is role for t in TRANSITIONS)
    assert (row is not None and holds_role(row, Doer("somebody", frozenset({role})))) == expected


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
def test_who_runs_or_audits_the_installation_sees_no_data_and_takes_no_role_that_does(role: Role) -> None:
    assert PERMISSIONS[role].isdisjoint(DATA)
    for other in (Role.RESEARCHER, Role.DATA_MANAGER, Role.OUTPUT_REVIEWER):
        assert clashes({role, other})


def test_roles_that_stay_apart_are_named_once_each() -> None:
    assert len({role for role, _ in APART}) == len(APART)
    assert all(role not in others for role, others in APART)
    assert clashes({Role.AUDITOR, Role.OPERATOR}) == ((Role.AUDITOR, Role.OPERATOR),)
    assert clashes({Role.DATA_MANAGER, Role.OUTPUT_REVIEWER, Role.DIRECTOR, Role.PRACTITIONER}) == ()
