"""Workspaces: how much went to a browser and what was said of it, files brought in, and where a workspace stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class EgressRaise(Base):
    """On this day a person may send more to their browser than the project's budget says."""

    __tablename__ = "egress_raises"
    __table_args__ = (Index("egress_raises_by_day", "project", "person", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    person: Mapped[str] = mapped_column(ForeignKey("people.name"))
    day: Mapped[date]
    total: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    raised_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    raised_at: Mapped[datetime]


class EgressAlarm(Base):
    """A workspace was paused because its budget was spent; `number` counts the times of that day."""

    __tablename__ = "egress_alarms"
    project: Mapped[str] = mapped_column(String(30), primary_key=True)
    person: Mapped[str] = mapped_column(String(30), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    spent: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    noted_at: Mapped[datetime]


class Ingress(Base):
    """A file that a researcher wants to have in the workspace; its bytes lie in the content store under `sha256`."""

    __tablename__ = "ingress"
    __table_args__ = (Index("ingress_by_project", "project"), Index("ingress_by_status", "status"))
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    author: Mapped[str] = mapped_column(ForeignKey("people.name"))
    file_name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(Text)
    findings: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(String(20))
    offered_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: i0001."""
        return f"i{self.id:04d}"


class WorkspaceState(Base):
    """Where one person's workspace of a project stands, when it is not simply closed or open."""

    __tablename__ = "workspace_states"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime]
    until: Mapped[date | None]
    archive: Mapped[dict[str, Any] | None]
    certificate: Mapped[dict[str, Any] | None]
    signature: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
