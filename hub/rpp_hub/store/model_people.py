"""Where people work, the papers they sent in, and what covers those from outside the partnership."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class Institution(Base):
    """A district, a university, or somewhere else that people work. Partners are those that share the agreements."""

    __tablename__ = "institutions"
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20))
    partner: Mapped[bool]
    added_at: Mapped[datetime]


class Affiliation(Base):
    """A person works at an institution, from a day to a day or with no end known."""

    __tablename__ = "affiliations"
    __table_args__ = (
        Index("affiliations_by_institution", "institution"),
        Index("affiliations_by_end", "until"),
    )
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institutions.name"), primary_key=True)
    since: Mapped[date]
    until: Mapped[date | None]


class Attestation(Base):
    """A certificate or agreement of a person's. Its file lies in the content store under `sha256`."""

    __tablename__ = "attestations"
    __table_args__ = (
        Index("attestations_by_person", "person", "kind"),
        Index("attestations_by_status", "status"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"))
    kind: Mapped[str] = mapped_column(String(30))
    begins: Mapped[date]
    ends: Mapped[date | None]
    sponsor: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    file_name: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(String(80), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    status: Mapped[str] = mapped_column(String(20))
    sent_by: Mapped[str] = mapped_column(String(60))
    sent_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: d0001 (d for document)."""
        return f"d{self.id:04d}"


class Cover(Base):
    """The third-party agreement confirmed last: until when, and who sponsors the person."""

    __tablename__ = "covers"
    __table_args__ = (Index("covers_by_end", "ends"),)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    sponsor: Mapped[str] = mapped_column(ForeignKey("people.name"))
    begins: Mapped[date]
    ends: Mapped[date]
    attestation_id: Mapped[int] = mapped_column(ForeignKey("attestations.id"))
