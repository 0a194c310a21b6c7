"""What a workspace's server saw run of a notebook, beside the round that it was submitted with."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class RoundProvenance(Base):
    """The record's bytes lie in the content store under `sha256`; `head` is the end of its chain."""

    __tablename__ = "round_provenance"
    __table_args__ = (ForeignKeyConstraint(["request_id", "round"], ["rounds.request_id", "rounds.number"]),)
    request_id: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))
