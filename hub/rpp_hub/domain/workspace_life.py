"""The life of one person's workspace of a project: one table of states and acts, and who may do each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.refusal import Refusal


class Life(StrEnum):
    """Where a workspace stands. Whether an active one is open just now is the hub's to say."""

    ACTIVE = "active"
    FROZEN = "frozen"  # the agreement or the project is over; nothing was taken away
    READING = "reading"  # opened again to read one's notebooks: no data, nothing runs, nothing changes
    ARCHIVED = "archived"  # packed away, whole
    DESTROYED = "destroyed"


class WorkspaceAct(StrEnum):
    """What is done to a workspace. The audit tag is `workspace:{act}`."""

    OPEN = "open"
    STOP = "stop"
    CLOSE = "close"  # by the installation: idle, a lost condition, a limit
    REVOKE = "revoke"
    FREEZE = "freeze"
    THAW = "thaw"
    REOPEN = "reopen"
    END_READING = "end-reading"
    ARCHIVE = "archive"
    RESTORE = "restore"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Step:
    """One row: from where, by what act, to where, by whom; None is the installation itself."""

    source: Life
    act: WorkspaceAct
    target: Life
    by: tuple[Role, ...]


_L, _A = Life, WorkspaceAct
_SYSTEM: tuple[Role, ...] = ()
_OWNER, _KEEPER = (Role.RESEARCHER,), (Role.DATA_MANAGER,)

STEPS: tuple[Step, ...] = (
    Step(_L.ACTIVE, _A.OPEN, _L.ACTIVE, _OWNER),
    Step(_L.ACTIVE, _A.STOP, _L.ACTIVE, _OWNER),
    Step(_L.ACTIVE, _A.CLOSE, _L.ACTIVE, _SYSTEM),
    Step(_L.ACTIVE, _A.REVOKE, _L.ACTIVE, (Role.DATA_MANAGER, Role.OPERATOR)),
    Step(_L.ACTIVE, _A.FREEZE, _L.FROZEN, _SYSTEM),
    Step(_L.FROZEN, _A.THAW, _L.ACTIVE, _SYSTEM),
    Step(_L.FROZEN, _A.REOPEN, _L.READING, _KEEPER),
    Step(_L.FROZEN, _A.ARCHIVE, _L.ARCHIVED, _KEEPER),
    Step(_L.FROZEN, _A.DESTROY, _L.DESTROYED, _KEEPER),
    Step(_L.READING, _A.OPEN, _L.READING, _OWNER),
    Step(_L.READING, _A.STOP, _L.READING, _OWNER),
    Step(_L.READING, _A.CLOSE, _L.READING, _SYSTEM),
    Step(_L.READING, _A.REVOKE, _L.READING, (Role.DATA_MANAGER, Role.OPERATOR)),
    Step(_L.READING, _A.END_READING, _L.FROZEN, _SYSTEM),
    Step(_L.READING, _A.THAW, _L.ACTIVE, _SYSTEM),
    Step(_L.ARCHIVED, _A.RESTORE, _L.FROZEN, _KEEPER),
    Step(_L.ARCHIVED, _A.DESTROY, _L.DESTROYED, _KEEPER),
)

_CLOSED_WORDS = {
    Life.FROZEN: "is frozen, because the project or its agreement is over. Ask the data manager to open it for reading.",
    Life.ARCHIVED: "has been archived. Ask the data manager to restore it.",
    Life.DESTROYED: "has been destroyed at the end of the project; the certificate is kept.",
}


def find_step(state: Life, act: WorkspaceAct) -> Step | None:
    """The row for this state and act, if there is one."""
    return next((step for step in STEPS if step.source is state and step.act is act), None)


def after(state: Life, act: WorkspaceAct, roles: frozenset[Role], *, system: bool = False) -> Life:
    """The state after the act. Raises NotPermitted for the wrong person, ActionRefused for the wrong time."""
    step = find_step(state, act)
    if step is None:
        raise ActionRefused(
            (Refusal("workspace-state", f"A workspace that is {state} cannot be the object of “{act}”."),)
        )
    if system is not (step.by == _SYSTEM) or (step.by and not roles & set(step.by)):
        by = ", ".join(step.by) or "the installation itself"
        raise NotPermitted(f"“{act}” is for {by} only.", code="wrong-role")
    return step.target


def opening_refusal(state: Life, project: str) -> Refusal | None:
    """Why a workspace in this state is not opened, whatever else holds."""
    words = _CLOSED_WORDS.get(state)
    return None if words is None else Refusal(f"workspace-{state}", f"Your workspace of {project} {words}")


def workspace_mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> active: open (researcher)"]
    lines += [f"    {s.source} --> {s.target}: {s.act} ({' or '.join(s.by) or 'system'})" for s in STEPS]
    return "\n".join([*lines, "    destroyed --> [*]"]) + "\n"
