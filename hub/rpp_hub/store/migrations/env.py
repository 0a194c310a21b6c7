"""Alembic's entry: which database, which models."""

from __future__ import annotations

from typing import Any

from alembic import context
from rpp_hub.store.metadata import METADATA
from sqlalchemy import create_engine, event

url = context.config.get_main_option("sqlalchemy.url")
if url is None:
    raise RuntimeError("sqlalchemy.url is not set")

engine = create_engine(url)
if engine.dialect.name == "sqlite":
    # a migration that is killed half-way leaves the old schema: the driver would begin no transaction before DDL

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
