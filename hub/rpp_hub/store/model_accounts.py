"""Accounts at OpenID providers, and the people they are linked to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class Account(Base):
    """Somebody at a provider. Who they are here is nobody until a data manager says so."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    display_name: Mapped[str] = mapped_column(default="")
    first_seen: Mapped[datetime]
    person: Mapped[str | None] = mapped_column(String(30), ForeignKey("people.name"), index=True)
    linked_by: Mapped[str | None] = mapped_column(String(30))
    linked_at: Mapped[datetime | None]
    two_factors: Mapped[bool] = mapped_column(default=False)

    @property
    def name(self) -> str:
        """How people call it: a0001."""
        return f"a{self.id:04d}"
