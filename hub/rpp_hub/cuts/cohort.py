"""What does a cohort expression such as `6 <= grade_level <= 8 and ell == 1` mean in SQL?

The text is parsed, never run: names must be fields of the one table, values become bound parameters, and anything but
comparisons, and, or, not, in is refused.
"""

from __future__ import annotations

import ast
import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

from rpp_hub.cuts.matches import did_you_mean
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.codebook import Field, Identifier, Table, Type
from rpp_hub.warehouse.engine import quoted

_OPERATORS = MappingProxyType(
    {ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
)
_TURNED = MappingProxyType({"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="})
_DEPTH = 50

Value = str | int | float | dt.date


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL with its parameters in order."""

    sql: str
    parameters: tuple[Value, ...]


def compile_cohort(text: str, table: Table) -> Condition:
    """The condition that `text` says about rows of `table`. Raises Invalid for anything else."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _Compiler(table).condition(tree, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        detail = f" near character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        _refuse(f"it cannot be read{detail}")


def _refuse(what: str) -> NoReturn:
    raise Invalid(
        f"The cohort expression cannot be used: {what}. Compare fields with values by == != < <= > >= or `in [..]`, and "
        "join comparisons by and, or, not, such as `grade_level >= 6 and school_year == 2024`.",
        code="bad-cohort",
    )


@dataclass(frozen=True, slots=True)
class _Compiler:
    table: Table

    def condition(self, node: ast.expr, depth: int) -> Condition:
        if depth > _DEPTH:
            _refuse("it is nested too deeply")
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.condition(v, depth + 1) for v in values]
                return _joined(" AND " if isinstance(op, ast.And) else " OR ", parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                part = self.condition(operand, depth + 1)
                return Condition(f"(NOT {part.sql})", part.parameters)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                pairs = zip([left, *comparators], ops, comparators, strict=False)
                return _joined(" AND ", [self.comparison(a, op, b) for a, op, b in pairs])
            case _:
                _refuse(f"`{printable(ast.unparse(node))}` is not a comparison")

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Condition:
        if isinstance(op, ast.In | ast.NotIn):
            return self.membership(self.field(left), right, "NOT IN" if isinstance(op, ast.NotIn) else "IN")
        sign = _OPERATORS.get(type(op))
        if sign is None:
            _refuse("it compares by something else than == != < <= > >= in")
        if not isinstance(left, ast.Name):
            left, right, sign = right, left, _TURNED[sign]
        field = self.field(left)
        return Condition(f"({quoted(field.name)} {sign} ?)", (_value(field, right),))

    def membership(self, field: Field, values: ast.expr, word: str) -> Condition:
        if not isinstance(values, ast.List | ast.Tuple | ast.Set) or not values.elts:
            _refuse(f"after `in`, {field.name} needs a list of values")
        marks = ", ".join("?" for _ in values.elts)
        return Condition(
            f"({quoted(field.name)} {word} ({marks}))", tuple(_value(field, v) for v in values.elts)
        )

    def field(self, node: ast.expr) -> Field:
        if not isinstance(node, ast.Name):
            _refuse(f"`{printable(ast.unparse(node))}` stands where a field's name must stand")
        field = self.table.field(node.id)
        if field is None:
            names = [f.name for f in self.table.fields]
            _refuse(f"{self.table.name} has no field {printable(node.id)!r}{did_you_mean(node.id, names)}")
        if field.identifier is Identifier.DIRECT or field.never_share:
            _refuse(
                f"{field.name} may not choose a cohort, because it may not be shared: {field.never_share or 'it identifies'}"
            )
        return field


def _joined(word: str, parts: list[Condition]) -> Condition:
    return Condition(f"({word.join(p.sql for p in parts)})", tuple(v for p in parts for v in p.parameters))


def _value(field: Field, node: ast.expr) -> Value:
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    if not isinstance(inner, ast.Constant):
        _refuse(f"`{printable(ast.unparse(node))}` stands where a value for {field.name} must stand")
    value = inner.value
    if field.type in (Type.INTEGER, Type.NUMBER):
        if isinstance(value, bool) or not isinstance(value, int | float):
            _refuse(f"{field.name} is a number, so compare it with a number")
        return -value if negative else value
    if not isinstance(value, str) or negative:
        _refuse(f"{field.name} is a {field.type}, so compare it with a text in quotes")
    return _date(field, value) if field.type is Type.DATE else value


def _date(field: Field, value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        _refuse(f"{field.name} is a date, so compare it with one like '2024-09-01'")
