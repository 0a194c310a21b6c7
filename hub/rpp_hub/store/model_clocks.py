"""The end of a project, the district's word that its data is gone, and which mail was sent about what."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class Ending(Base):
    """A project was closed. Destruction is due some days later, and followed up until the district has confirmed it."""

    __tablename__ = "endings"
    __table_args__ = (Index("endings_by_confirmation", "confirmed_at"),)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    ended_on: Mapped[date]
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    confirmed_at: Mapped[datetime | None]


class Mailing(Base):
    """Somebody was written to about something due, so that they are not written to about it again."""

    __tablename__ = "mailings"
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    due: Mapped[str] = mapped_column(String(150), primary_key=True)
    stage: Mapped[str] = mapped_column(String(10), primary_key=True)
    sent_at: Mapped[datetime]
