"""Who decided what about doubtful identifiers, and why. The identifiers themselves stay in the warehouse's own files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class IdentityDecision(Base):
    """One decision. `table_sha256` names the district's table of decisions as it was from then on."""

    __tablename__ = "identity_decisions"
    __table_args__ = (Index("identity_decisions_by_district", "district", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    candidate: Mapped[str] = mapped_column(String(20))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    table_sha256: Mapped[str] = mapped_column(String(64))
    decided_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    decided_at: Mapped[datetime]
