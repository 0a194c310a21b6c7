"""What does the code say and write? Finds refusals, errors and audit acts by parsing it; only the gate is asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from rpp_hub.domain.gate import Standing, gate
from rpp_hub.domain.lifecycle import TRANSITIONS, Action, Status
from rpp_hub.domain.project_lifecycle import ProjectStatus

CHECKOUT = Path(__file__).parent.parent
HUB = CHECKOUT / "hub" / "rpp_hub"

GATE = "The gate: may this person work on this project today"
PARTS: Mapping[str, tuple[Path, ...]] = {
    GATE: (HUB / "domain" / "gate.py",),
    "The life of a request": (HUB / "domain" / "lifecycle.py", HUB / "services" / "reviewing.py"),
    "The life of a project": (HUB / "domain" / "project_lifecycle.py",),
    "Everything else the installation says": (HUB,),
    "What a workspace's walls say": (HUB / "workspace",),
    "What is said of a notebook that cannot be read": (CHECKOUT / "extensions" / "rpp_review",),
    "What the workspace's server says": (CHECKOUT / "extensions" / "rpp_review" / "server",),
}

# constructor → (position of the code or its keyword, position of the sentence)
_FORMS: Mapping[str, tuple[int | str, int]] = {
    "Refusal": (0, 1),
    "NotFound": ("code", 0),
    "NotPermitted": ("code", 0),
    "NotLinked": ("code", 0),
    "ActionRefused": ("code", 0),
    "Stale": ("code", 0),
    "Invalid": ("code", 0),
    "Unavailable": ("code", 0),
    "InvalidNotebook": (0, 1),
    "Barred": (1, 2),
    "Refused": (1, 2),
    "_refuse": (1, 2),
    "Problem": (0, 1),
}
_KINDS = {
    "Refusal": "refusal",
    "Barred": "workspace",
    "_refuse": "workspace",
    "Refused": "workspace",
    "InvalidNotebook": "Invalid",
    "Problem": "Unavailable",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One stable code: the kind of error, and every sentence that is said with it."""

    kind: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """One audit act, what it is about, and which file writes it."""

    act: str
    subject: str
    where: str


def told() -> dict[str, dict[str, Told]]:
    """Code → what is told, for each part; a file belongs to the most narrow part that names it."""
    found: dict[str, dict[str, Told]] = {title: {} for title in PARTS}
    for root in (HUB, CHECKOUT / "extensions" / "rpp_review"):
        for path in sorted(root.rglob("*.py")):
            part = found[_part_of(path)]
            for code, kind, sentence in _told_in(path):
                before = part.get(code, Told(kind, ()))
                if sentence not in before.sentences:
                    part[code] = Told(before.kind, (*before.sentences, sentence))
    return found | {GATE: _gate()}


def _gate() -> dict[str, Told]:
    """Every refusal of the gate, as it is said: the rules are asked about somebody who lacks everything."""
    nobody: dict[str, Any] = {
        "person": "NAME",
        "project": "PROJECT",
        "person_active": False,
        "is_member": False,
        "has_cut": False,
        "third_party_sponsor": "SPONSOR",
    }
    dates = (
        "irb_ends", "agreement_ends", "training_ends", "access_agreement_signed", "access_agreement_ends",
        "umbrella_ends", "partner_until", "third_party_begins", "sponsor_until",
    )  # fmt: skip
    said: dict[str, Told] = {}
    over, later = date(2025, 12, 31), date(2026, 12, 31)
    for status, day, cover, works in product(ProjectStatus, (None, over), (None, over, later), (False, True)):
        days: dict[str, Any] = {**dict.fromkeys(dates, day), "third_party_ends": cover}
        standing = Standing(**nobody, project_status=status, works_somewhere=works, **days)
        for refusal in gate(standing, date(2026, 1, 1)):
            said[refusal.code] = Told("refusal", (refusal.reason.replace("31 December 2025", "‹day›"),))
    return said


def acts() -> tuple[Act, ...]:
    """Every act of the audit log, by name."""
    found = {act for path in sorted(HUB.rglob("*.py")) for act in _acts_in(path)}
    return tuple(sorted(found, key=lambda a: (a.act, a.subject, a.where)))


def _part_of(path: Path) -> str:
    fitting = [
        (len(place.parts), title)
        for title, places in PARTS.items()
        for place in places
        if path.is_relative_to(place)
    ]
    return max(fitting)[1]


def _told_in(path: Path) -> Iterator[tuple[str, str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _name(node.func)) in _FORMS:
            place, text = _FORMS[name]
            code = _argument(node, place)
            if code is None and isinstance(place, str):
                code = ast.Constant(_DEFAULT_CODES.get(name))
            if code is not None and len(node.args) > text and (shown := _shown(code, known)):
                kind = _KINDS.get(name, name)
                for one in (c for s in shown for c in (_passed_in(tree, s) if s.startswith("‹") else (s,))):
                    yield one, kind, " / ".join(_shown(node.args[text], known))
        if isinstance(node, ast.ClassDef):
            yield from _of_class(node, known)


def _passed_in(tree: ast.Module, parameter: str) -> Iterator[str]:
    """A code that a function of this file takes as its first argument: what its callers give."""
    takers = {
        n.name for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef) and n.args.args and f"‹{n.args.args[0].arg}›" == parameter
    }  # fmt: skip
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and _name(node.func) in takers
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def _constants(tree: ast.Module) -> dict[str, str]:
    """The file's own constants: numbers and sentences."""
    return {
        _name(n.targets[0]): f"{n.value.value:,}" if isinstance(n.value.value, int) else str(n.value.value)
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)
    }


_DEFAULT_CODES = {
    "NotFound": "not-found",
    "NotPermitted": "not-permitted",
    "Stale": "stale",
    "Invalid": "invalid",
    "Unavailable": "unavailable",
}


def _of_class(node: ast.ClassDef, known: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """An error class with a code of its own and a sentence in its constructor."""
    codes = [
        n.value.value for n in node.body
        if isinstance(n, ast.Assign) and _name(n.targets[0]) == "code" and isinstance(n.value, ast.Constant)
    ]  # fmt: skip
    said = [
        n.args[0] for n in ast.walk(node)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "__init__" and n.args
    ]  # fmt: skip
    if codes and said and isinstance(said[0], ast.Constant | ast.JoinedStr):
        yield str(codes[0]), node.name, " / ".join(_shown(said[0], known))


def _acts_in(path: Path) -> Iterator[Act]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assigned = {
        n.targets[0].id: n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
    }
    returned = {
        n.name: last.value
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef)
        and isinstance(last := n.body[-1], ast.Return)
        and last.value is not None
    }
    where = f"`{path.relative_to(HUB.parent)}`"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) < 2:
            continue
        first = {"act": 1, "also": 0}.get(node.func.attr)
        if first is None or len(node.args) < first + 2:
            continue
        act, subject = (_resolved(a, assigned, returned) for a in node.args[first : first + 2])
        for name in _expanded(_shown(act, {})):
            yield Act(name, " / ".join(_shown(subject, {})), where)


def _resolved(node: ast.expr, assigned: Mapping[str, ast.expr], returned: Mapping[str, ast.expr]) -> ast.expr:
    """What a variable was set to, or what a function or property of the same file returns."""
    if isinstance(node, ast.Name):
        return assigned.get(node.id, node)
    return returned.get(_name(node.func if isinstance(node, ast.Call) else node), node)


def _expanded(names: tuple[str, ...]) -> Iterator[str]:
    """`request:‹action›` is whatever the system does by itself once enough reviewers have decided; `‹step›` a workspace's."""
    for name in names:
        mark = next((m for m in _STANDS_FOR if m in name), "")
        yield from (name.replace(mark, one) for one in _STANDS_FOR.get(mark, ("",)))


def _shown(node: ast.expr, known: Mapping[str, str]) -> tuple[str, ...]:
    """The text or texts an expression can be; what only a run can know stands as ‹name›."""
    match node:
        case ast.Constant(value=value):
            return (str(value),) if value is not None else ()
        case ast.IfExp(body=one, orelse=other):
            return (*_shown(one, known), *_shown(other, known))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return tuple("".join(p) for p in product(_shown(left, known), _shown(right, known)))
        case ast.JoinedStr(values=values):
            return tuple("".join(p) for p in product(*(_shown(v, known) for v in values)))
        case ast.FormattedValue(value=value):
            return _shown(value, known)
        case ast.Attribute(value=ast.Name(id="Action"), attr=name):
            return (str(Action[name]),)
    name = _name(node.args[0] if isinstance(node, ast.Call) and node.args else node)
    return (known.get(name) or f"‹{name.strip('_').lower().replace('_', ' ') or '…'}›",)


# What the system does by itself once enough reviewers have decided.
_FOLLOWING = tuple(
    str(t.action)
    for t in TRANSITIONS
    if t.by is None and t.source is Status.SUBMITTED and t.target is not Status.SUBMITTED
)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return ""


def _argument(node: ast.Call, place: int | str) -> ast.expr | None:
    if isinstance(place, int):
        return node.args[place] if len(node.args) > place else None
    return next((k.value for k in node.keywords if k.arg == place), None)


# What is recorded of a workspace's life; opening and closing are written elsewhere.
_STEPS = ("freeze", "thaw", "reopen", "end-reading", "archive", "restore", "destroy")
_STANDS_FOR = {"‹action›": _FOLLOWING, "‹step›": _STEPS}
