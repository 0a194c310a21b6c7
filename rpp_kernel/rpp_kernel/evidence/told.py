"""What does a cell print? Values are recognised where they are formatted, and the cell's end says what is behind them."""

from __future__ import annotations

import ast
import builtins
import functools
import operator
import re
from collections.abc import Callable
from typing import Any

from rpp_kernel.evidence.origin import ORIGIN, Mark, Origin, origin_of
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.schema import VERSION, Shown, Status, unknown

SEEN, NOW, CALL, COMPUTE, ROUND = (
    "__rpp_seen__",
    "__rpp_now__",
    "__rpp_call__",
    "__rpp_compute__",
    "__rpp_round__",
)
PASSING = frozenset({"round", "float", "int", "abs", "len"})
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
}
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?%?")
MOST = 500


class Told:
    """What one cell has printed so far."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self.tables: list[dict[str, Any]] = []
        self.numbers = 0
        self.labels = 0  # numbers that are names of groups
        self.seen = 0

    def clear(self) -> None:
        """A new cell begins."""
        self.__init__()  # type: ignore[misc]

    def evidence(self) -> dict[str, Any] | None:
        """For all that was printed; nothing where no number was."""
        if not self.numbers and not self.tables:
            return None
        known = [one for one in (*self.values, *self.tables) if one["status"] == str(Status.EXACT)]
        every = [*self.values, *self.tables]
        covered = len(self.values) >= self.numbers - self.labels
        status = (
            Status.EXACT
            if covered and len(known) == len(every)
            else Status.PARTIAL
            if known
            else Status.UNKNOWN
        )
        found = {"version": VERSION, "shown": str(Shown.TEXT), "status": str(status), "values": every[:MOST]}
        if not covered:
            found["why"] = "some of the printed numbers were not computed in a way that is followed"
        return found


TOLD = Told()


def seen(number: int, value: Any) -> Any:
    """A value is formatted into a text."""
    try:
        if SCALARS.is_label(value):
            TOLD.labels += len(_NUMBER.findall(str(value)))
        known = SCALARS.find_since(value, number)
        if known is not None and len(TOLD.values) < MOST:
            from rpp_kernel.evidence.describe import value as evidence_of

            TOLD.values.append(evidence_of(known))
    except Exception:  # noqa: S110 - never worth an exception in somebody's cell
        pass
    return value


def now() -> int:
    """How many numbers are known by now."""
    return SCALARS.number


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """round, float, int, abs and len: the result is about what the argument is about."""
    result = function(*args, **kwargs)
    try:
        if args and function in (round, float, int, abs):
            known = SCALARS.find(args[0])
            if known is not None:
                SCALARS.remember(result, known.cells)
        elif args and function is len and ORIGIN in getattr(args[0], "index", _NOTHING).__dict__:
            _remember_length(result, args[0])
    except Exception:  # noqa: S110 - never worth an exception in somebody's cell
        pass
    return result


def rounded(value: Any, *args: Any, **kwargs: Any) -> Any:
    """`value.round(…)`: the result is about what the value is about."""
    result = value.round(*args, **kwargs)
    try:
        known = SCALARS.find(value)
        if known is not None:
            SCALARS.remember(result, known.cells)
    except Exception:  # noqa: S110 - never worth an exception in somebody's cell
        pass
    return result


class _Nothing:
    pass


_NOTHING = _Nothing()


def _remember_length(result: int, frame: Any) -> None:
    from rpp_kernel.evidence.cells import Column, GroupTable

    origin: Origin | None = origin_of(frame.index)
    if origin is not None:
        SCALARS.remember(result, ((Mark(GroupTable(origin, None, 1, [Column("size")]), 0), 0),))


def compute(name: str, left: Any, right: Any) -> Any:
    """An operator between two values: what is known of both is known of the result."""
    result = getattr(operator, name)(left, right)
    try:
        first, second = SCALARS.find(left), SCALARS.find(right)
        if first is not None or second is not None:
            if all(
                known is not None or isinstance(plain, int | float)
                for known, plain in ((first, left), (second, right))
            ):
                SCALARS.remember(
                    result, tuple(cell for known in (first, second) if known for cell in known.cells)
                )
    except Exception:  # noqa: S110 - never worth an exception in somebody's cell
        pass
    return result


def watch_print() -> Callable[[], None]:
    """Let `print` say what it is given; returns what takes it back."""
    original = builtins.print

    @functools.wraps(original)
    def print(*args: Any, **kwargs: Any) -> None:  # noqa: A001
        original(*args, **kwargs)
        if kwargs.get("file") is None:
            try:
                _printed(args)
            except Exception:  # noqa: S110 - never worth an exception in somebody's cell
                pass

    builtins.print = print

    def undo() -> None:
        builtins.print = original

    return undo


def _printed(args: tuple[Any, ...]) -> None:
    from rpp_kernel.evidence.display import evidence_for, evidence_of_shown, is_frame

    for one in args:
        if is_frame(one):
            TOLD.tables.append(evidence_of_shown(one)[0])
            continue
        known = SCALARS.find(one)
        if known is not None and known.cells[0][1] == -1:
            TOLD.tables.append(evidence_of_shown(known.cells[0][0], whole=True)[0])
            continue
        model = None if known is not None or isinstance(one, str | int | float) else evidence_for(one)
        if model is not None:
            TOLD.tables.append(model)
        elif known is not None:
            from rpp_kernel.evidence.describe import value as evidence_of

            TOLD.values.append(evidence_of(known))
            TOLD.numbers += 1
        else:
            TOLD.numbers += len(_NUMBER.findall(str(one)))


class Formatted(ast.NodeTransformer):
    """Wraps what is formatted into a text, and the arithmetic on single values of a cell's own lines.

    Loops and functions are left as they are, but for the texts in them: they may run a million times.
    """

    def __init__(self) -> None:
        self._inside = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return self._deeper(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Any:
        return self._deeper(node)

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return self._deeper(node)

    def visit_ListComp(self, node: ast.ListComp) -> Any:
        return self._deeper(node)

    def visit_SetComp(self, node: ast.SetComp) -> Any:
        return self._deeper(node)

    def visit_DictComp(self, node: ast.DictComp) -> Any:
        return self._deeper(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        return self._deeper(node)

    def visit_For(self, node: ast.For) -> Any:
        return self._deeper(node)

    def visit_While(self, node: ast.While) -> Any:
        return self._deeper(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Any:
        before, self._inside = self._inside, 0
        self.generic_visit(node)
        self._inside = before
        node.value = _seen(node.value)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format" and _is_text(node.func.value):
            node.args = [one if isinstance(one, ast.Starred) else _seen(one) for one in node.args]
            for keyword in node.keywords:
                keyword.value = _seen(keyword.value) if keyword.arg else keyword.value
        elif not self._inside and isinstance(node.func, ast.Name) and node.func.id in PASSING:
            node.args.insert(0, node.func)
            node.func = _name(CALL, node)
        elif not self._inside and isinstance(node.func, ast.Attribute) and node.func.attr == "round":
            node.args.insert(0, node.func.value)
            node.func = _name(ROUND, node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mod) and _is_text(node.left):
            if isinstance(node.right, ast.Tuple):
                node.right.elts = [_seen(one) for one in node.right.elts]
            else:
                node.right = _seen(node.right)
            return node
        name = OPERATORS.get(type(node.op))
        if self._inside or name is None or not (_may_be_known(node.left) or _may_be_known(node.right)):
            return node
        made = ast.Call(_name(COMPUTE, node), [ast.Constant(name), node.left, node.right], [])
        return ast.fix_missing_locations(ast.copy_location(made, node))

    def _deeper(self, node: Any) -> Any:
        self._inside += 1
        self.generic_visit(node)
        self._inside -= 1
        return node


def _may_be_known(node: ast.expr) -> bool:
    return not isinstance(node, ast.Constant | ast.List | ast.Dict | ast.Set | ast.JoinedStr)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _name(name: str, near: ast.AST) -> ast.Name:
    return ast.copy_location(ast.Name(name, ast.Load()), near)


def _seen(value: ast.expr) -> ast.expr:
    made = ast.Call(_name(SEEN, value), [ast.Call(_name(NOW, value), [], []), value], [])
    return ast.fix_missing_locations(ast.copy_location(made, value))


NAMES: dict[str, Any] = {SEEN: seen, NOW: now, CALL: call, COMPUTE: compute, ROUND: rounded}
__all__ = ["NAMES", "TOLD", "Formatted", "unknown", "watch_print"]
