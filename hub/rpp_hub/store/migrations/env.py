"""Alembic's entry: which database, which models."""

from __future__ import annotations

from alembic import context
from rpp_hub.store import (  # noqa: F401 - their tables belong to the metadata
    model_agreements,
    model_receiving,
    model_workspace,
)
from rpp_hub.store.models import Base
from sqlalchemy import create_engine

url = context.config.get_main_option("sqlalchemy.url")
if url is None:
    raise RuntimeError("sqlalchemy.url is not set")

engine = create_engine(url)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
