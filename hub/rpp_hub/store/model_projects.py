"""What surrounds a project's application: rounds, the ABC review, exceptions, the data discussion, hours, files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class ProjectRound(Base):
    """One time an application was sent: as it was then, and what was answered."""

    __tablename__ = "project_rounds"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    application: Mapped[dict[str, Any]]
    sent_by: Mapped[str] = mapped_column(String(60))
    sent_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(20), default="")
    answered_by: Mapped[str] = mapped_column(String(60), default="")
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[list[Any]] = mapped_column(JSON, default=list)


class SurveyAnswer(Base):
    """What one sponsoring leader says of alignment, benefits and costs."""

    __tablename__ = "survey_answers"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    ratings: Mapped[dict[str, Any]]
    words: Mapped[dict[str, Any]]
    answered_at: Mapped[datetime]


class Judgement(Base):
    """What one of the research staff says of design, timeline and each field."""

    __tablename__ = "judgements"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    design: Mapped[dict[str, Any]]
    timeline: Mapped[dict[str, Any]]
    fields: Mapped[dict[str, Any]]
    judged_at: Mapped[datetime]


class FieldException(Base):
    """A name or direct identifier that a project may use for linkage, or may not, and who said so."""

    __tablename__ = "field_exceptions"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    field: Mapped[str] = mapped_column(String(63), primary_key=True)
    approved: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(String(60))
    decided_at: Mapped[datetime]


class DiscussionEntry(Base):
    """One dated entry of the data discussion: what was planned, found or decided."""

    __tablename__ = "discussion_entries"
    __table_args__ = (Index("discussion_by_project", "project"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    person: Mapped[str] = mapped_column(ForeignKey("people.name"))
    side: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    on: Mapped[date]
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


class StaffHours(Base):
    """Time that somebody of either side spent on a project."""

    __tablename__ = "staff_hours"
    __table_args__ = (Index("hours_by_project", "project"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    person: Mapped[str] = mapped_column(ForeignKey("people.name"))
    side: Mapped[str] = mapped_column(String(20))
    on: Mapped[date]
    minutes: Mapped[int]
    work: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


class ProjectFile(Base):
    """A file that belongs to a project's record, such as the IRB's letter. Its bytes lie in the content store."""

    __tablename__ = "project_files"
    __table_args__ = (Index("files_by_project", "project", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    kind: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    added_by: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]


class AmendmentDraft(Base):
    """An amendment of a project's agreement that is being written."""

    __tablename__ = "amendment_drafts"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    application: Mapped[dict[str, Any]]
    begun_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
