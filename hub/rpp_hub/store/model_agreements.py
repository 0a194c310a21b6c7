"""Agreements as papers that people sign: umbrella, project, third-party and access agreements, in one table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from rpp_hub.store.models import Base


class Paper(Base):
    """One version of an agreement. Its exact document lies in the content store under `document_sha256`.

    `district`, `project` and `person` say what it is about, as far as its kind has them; `number` is the version.
    """

    __tablename__ = "papers"
    __table_args__ = (
        Index("papers_by_district", "district", "kind"),
        Index("papers_by_project", "project", "kind"),
        Index("papers_by_person", "person", "kind"),
        Index("papers_by_status", "status", "kind"),
        Index("papers_by_sponsor", "sponsor"),
        Index("papers_newest_of_district", "district", "id"),
        Index("papers_of_district_by_status", "district", "status", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    project: Mapped[str | None] = mapped_column(ForeignKey("projects.name"))
    person: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    sponsor: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    starts: Mapped[date]
    ends: Mapped[date | None]
    terms: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(20))
    document_sha256: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(60))  # a person, or the installation itself
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()
    signatures: Mapped[list[Signature]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: a0001."""
        return f"a{self.id:04d}"


class Signature(Base):
    """One party's signature under one paper: given here, or elsewhere and recorded with the file."""

    __tablename__ = "signatures"
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    party: Mapped[str] = mapped_column(String(30), primary_key=True)
    signer: Mapped[str]
    person: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    signed_on: Mapped[date]
    document_sha256: Mapped[str] = mapped_column(String(64))
    file_sha256: Mapped[str] = mapped_column(String(64), default="")
    recorded_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]
