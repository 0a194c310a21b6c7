"""Values that stand in a statement's own text: so a plan that PostgreSQL keeps for a prepared statement is made for them.

A state, a limit or a day that is a parameter could be anything to it, and it would plan each execution anew.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, Integer, String, bindparam, literal


def said(word: StrEnum) -> ColumnElement[str]:
    """A word of ours."""
    return literal(str(word), String, literal_execute=True)


def number(name: str) -> BindParameter[Any]:
    """A number that is given when the statement is executed, one of a few."""
    return bindparam(name, type_=Integer, literal_execute=True)


def day(name: str) -> BindParameter[Any]:
    """A day that is given when the statement is executed: today, or one counted from it."""
    return bindparam(name, type_=Date, literal_execute=True)
