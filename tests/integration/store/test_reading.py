"""What is read leaves a connection as it was, with the plans that it has made."""

from __future__ import annotations

from rpp_hub.store.models import AuditHead
from rpp_hub.store.moments import one_moment
from sqlalchemy import select, text

from tests.conftest import Place

_KEPT = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%audit_head%'")


def test_what_a_reader_does_to_a_row_is_not_written(place: Place) -> None:
    store = place.store()
    before = store.head()
    with store.read() as session:
        session.scalars(select(AuditHead)).one().seq += 1
    with one_moment(), store.read() as session:
        session.scalars(select(AuditHead)).one().seq += 1
    assert store.head() == before
    store.close()


def test_a_question_asked_often_is_planned_once(place: Place) -> None:
    store = place.store()
    if place.url.startswith("sqlite"):
        store.close()
        return
    for _ in range(8):
        store.head()
    for _ in range(8):
        with one_moment():
            store.head()
    with store.read() as session:
        assert session.execute(_KEPT).scalar_one() == 1
    store.close()
