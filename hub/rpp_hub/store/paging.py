"""One page of a query, found through an index: the rows behind a key, and whether there are more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Integer, Row, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.paging import MOST, Page, PageAt

R = TypeVar("R")
Key = InstrumentedAttribute[Any] | ColumnElement[Any]


def read_page(
    session: Session, query: Select[R], key: Key, at: PageAt, *, newest_first: bool = False
) -> Page[R]:
    """A page of the query's objects in the order of `key`, which must be unique, indexed and not null.

    Reads one row more than it shows, to know whether there are others. Raises Invalid for a mark that is no key.
    """
    return _page(session.scalars(behind_mark(query, key, at, newest_first=newest_first)).all(), key, at)


def read_rows(
    session: Session, query: Select[*tuple[Any, ...]], key: Key, at: PageAt, *, newest_first: bool = False
) -> Page[Row[Any]]:
    """The same for a query of columns; `key` must be among them under its own name."""
    return _page(session.execute(behind_mark(query, key, at, newest_first=newest_first)).all(), key, at)


def read_rows_by_pair(
    session: Session, query: Select[*tuple[Any, ...]], first: Key, number: Key, at: PageAt
) -> Page[Row[Any]]:
    """The same in the order of two columns that are unique together; both are among the query's, the second a number."""
    if at.after:
        begins, _, behind = at.after.rpartition(":")
        query = query.where(tuple_(first, number) > (begins, _typed(number, behind)))
    limit = _limit(at)
    rows = session.execute(
        query.order_by(first, number).limit(literal(limit + 1, Integer, literal_execute=True))
    ).all()
    shown = tuple(rows[:limit])
    marks = (getattr(shown[-1], str(key.key)) for key in (first, number)) if len(rows) > limit else ()
    return Page(shown, ":".join(map(str, marks)), first=not at.after)


def behind_mark(
    query: Select[*tuple[Any, ...]], key: Key, at: PageAt, *, newest_first: bool
) -> Select[*tuple[Any, ...]]:
    """The rows of a page and one more."""
    if at.after:
        mark = _typed(key, at.after)
        query = query.where(key < mark if newest_first else key > mark)
    return query.order_by(key.desc() if newest_first else key).limit(
        literal(_limit(at) + 1, Integer, literal_execute=True)
    )


def _page(rows: Sequence[R], key: Key, at: PageAt) -> Page[R]:
    shown = tuple(rows[: _limit(at)])
    following = str(getattr(shown[-1], str(key.key))) if len(rows) > len(shown) else ""
    return Page(shown, following, first=not at.after)


def _limit(at: PageAt) -> int:
    return max(1, min(at.limit, MOST))


def _typed(key: Key, mark: str) -> str | int:
    if not isinstance(key.type, Integer):
        return mark
    if not (mark.isascii() and mark.isdigit() and len(mark) <= 9):
        raise Invalid("This page of the list does not exist. Begin at the first.", code="bad-page")
    return int(mark)
