"""Who may do what, whatever the state: one table from roles to permissions. Default: nothing."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is here. RESEARCHER is held project by project, the others for the installation."""

    RESEARCHER = "researcher"
    DATA_MANAGER = "data manager"
    OUTPUT_REVIEWER = "output reviewer"
    PRACTITIONER = "practitioner"
    DIRECTOR = "director"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """subject:act. Audit tags use the same words."""

    DROP_RECEIVE = "drop:receive"
    DROP_READ = "drop:read"
    MASTERS_BUILD = "masters:build"
    IDENTITY_DECIDE = "identity:decide"
    CODEBOOK_EDIT = "codebook:edit"
    QUESTION_ASK = "question:ask"
    QUESTION_ANSWER = "question:answer"
    CUT_BUILD = "cut:build"
    CUT_READ = "cut:read"
    LINK_MAKE = "link:make"
    RETURN_MAKE = "return:make"
    VAULT_ROTATE = "vault:rotate"
    VAULT_DESTROY = "vault:destroy"
    PROJECT_APPLY = "project:apply"
    PROJECT_DECIDE = "project:decide"
    PROJECT_JUDGE = "project:judge"
    PROJECT_EXCEPT = "project:except"
    PROJECT_CLOSE = "project:close"
    PROJECT_READ_ALL = "project:read-all"
    AGREEMENT_MANAGE = "agreement:manage"
    MEMBER_CHANGE = "member:change"
    PERSON_ADD = "person:add"
    ACCOUNT_LINK = "account:link"
    PERSON_READ = "person:read"
    ROLE_GIVE = "role:give"
    ATTESTATION_DECIDE = "attestation:decide"
    ATTESTATION_READ = "attestation:read"
    INSTITUTION_ADD = "institution:add"
    DESTRUCTION_CONFIRM = "destruction:confirm"
    WORKSPACE_OPEN = "workspace:open"
    WORKSPACE_REVOKE = "workspace:revoke"
    WORKSPACE_KEEP = "workspace:keep"
    WORKSPACE_DESTROY = "workspace:destroy"
    PACKAGE_ASK = "package:ask"
    ENVIRONMENT_MAKE = "environment:make"
    ENVIRONMENT_MOVE = "environment:move"
    INGRESS_OFFER = "ingress:offer"
    INGRESS_DECIDE = "ingress:decide"
    EGRESS_READ = "egress:read"
    EGRESS_RAISE = "egress:raise"
    REQUEST_SUBMIT = "request:submit"
    REQUEST_REVIEW = "request:review"
    REQUEST_READ_ALL = "request:read-all"
    RELEASE_DOWNLOAD = "release:download"
    RELEASE_REVOKE = "release:revoke"
    AUDIT_READ = "audit:read"
    INSTALLATION_OPERATE = "installation:operate"


# these count only for the districts that their holder works for; a data manager at a university works for all
DISTRICT_ROLES = frozenset({Role.PRACTITIONER, Role.DATA_MANAGER})

_P = Permission

PERMISSIONS = MappingProxyType(
    {
        Role.RESEARCHER: frozenset(
            {
                _P.PROJECT_APPLY, _P.WORKSPACE_OPEN, _P.INGRESS_OFFER, _P.REQUEST_SUBMIT, _P.RELEASE_DOWNLOAD,
                _P.QUESTION_ASK, _P.PACKAGE_ASK,
            }
        ),
        Role.DATA_MANAGER: frozenset(
            {
                _P.DROP_RECEIVE, _P.DROP_READ, _P.MASTERS_BUILD, _P.IDENTITY_DECIDE, _P.CODEBOOK_EDIT, _P.QUESTION_ANSWER, _P.CUT_BUILD, _P.CUT_READ,
                _P.LINK_MAKE, _P.RETURN_MAKE, _P.VAULT_DESTROY,
                _P.PROJECT_APPLY, _P.PROJECT_DECIDE, _P.PROJECT_JUDGE, _P.PROJECT_CLOSE, _P.PROJECT_READ_ALL,
                _P.AGREEMENT_MANAGE, _P.MEMBER_CHANGE, _P.ACCOUNT_LINK, _P.PERSON_ADD, _P.PERSON_READ, _P.ROLE_GIVE, _P.ATTESTATION_DECIDE, _P.ATTESTATION_READ,
                _P.INSTITUTION_ADD, _P.WORKSPACE_REVOKE, _P.RELEASE_REVOKE,
                _P.EGRESS_READ, _P.EGRESS_RAISE,
                _P.INGRESS_DECIDE, _P.WORKSPACE_KEEP, _P.WORKSPACE_DESTROY, _P.ENVIRONMENT_MOVE,
            }
        ),
        Role.OUTPUT_REVIEWER: frozenset({_P.REQUEST_REVIEW, _P.REQUEST_READ_ALL}),
        Role.PRACTITIONER: frozenset({_P.DESTRUCTION_CONFIRM, _P.PROJECT_APPLY, _P.PROJECT_DECIDE, _P.PROJECT_JUDGE, _P.PROJECT_READ_ALL}),
        Role.DIRECTOR: frozenset({_P.AGREEMENT_MANAGE, _P.PROJECT_EXCEPT, _P.PROJECT_READ_ALL, _P.PERSON_READ}),
        Role.OPERATOR: frozenset({_P.INSTALLATION_OPERATE, _P.ENVIRONMENT_MAKE, _P.ENVIRONMENT_MOVE, _P.PERSON_READ, _P.WORKSPACE_REVOKE, _P.AUDIT_READ, _P.VAULT_ROTATE, _P.EGRESS_READ}),
        Role.AUDITOR: frozenset({_P.AUDIT_READ, _P.EGRESS_READ}),
    }
)  # fmt: skip


def may(roles: Collection[Role], permission: Permission) -> bool:
    """Whether any of these roles carries the permission."""
    return any(permission in PERMISSIONS[role] for role in roles)


# who runs the installation or audits it sees no data: these roles are not held beside one that does
_SEES_DATA = frozenset({Role.RESEARCHER, Role.DATA_MANAGER, Role.OUTPUT_REVIEWER})
APART: tuple[tuple[Role, frozenset[Role]], ...] = (
    (Role.OPERATOR, _SEES_DATA),
    (Role.AUDITOR, _SEES_DATA | {Role.OPERATOR}),
)


def clashes(roles: Collection[Role]) -> tuple[tuple[Role, Role], ...]:
    """The pairs among these roles that nobody may hold at once."""
    return tuple(
        (one, other) for one, others in APART if one in roles for other in sorted(others & set(roles))
    )
