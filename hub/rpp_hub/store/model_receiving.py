"""Deliveries that were brought and wait for a person's word on how they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class WaitingDrop(Base):
    """A delivery that lies in `waiting/`, how it would be read, and what its values look like."""

    __tablename__ = "waiting_drops"
    __table_args__ = (UniqueConstraint("district", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[list[Any]]
    found: Mapped[dict[str, Any]]
    brought_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    brought_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
