"""The versions of each district's codebook, and what researchers asked about its fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class CodebookVersion(Base):
    """What a data manager has said of a district's fields, as a whole; the newest version holds."""

    __tablename__ = "codebook_versions"
    __table_args__ = (UniqueConstraint("district", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    number: Mapped[int]
    package: Mapped[dict[str, Any]]
    changes: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(Text, default="")
    changed_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    changed_at: Mapped[datetime]


class FieldQuestion(Base):
    """A question about a field. Who asked and for which project stays here; what becomes a note names neither."""

    __tablename__ = "field_questions"
    __table_args__ = (
        Index("field_questions_by_district", "district", "status"),
        Index("field_questions_by_project", "project"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    table: Mapped[str] = mapped_column(String(63))
    field: Mapped[str] = mapped_column(String(63))
    question: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    asked_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    published_question: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    answered_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: q0001."""
        return f"q{self.id:04d}"
