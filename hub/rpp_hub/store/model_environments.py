"""Versions of the workspaces' environment, in which a project stays and a workspace was last opened, and packages asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rpp_hub.store.models import Base


class EnvironmentVersion(Base):
    """A version that was made; its files lie in `environments/NAME` until it is retired. The last one used is the current."""

    __tablename__ = "workspace_environments"
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    manifest: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    made_at: Mapped[datetime]
    used_from: Mapped[datetime]
    turn: Mapped[int] = mapped_column(unique=True)  # the current one has the highest of those that are kept
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class StaysIn(Base):
    """The version that a project's workspaces are opened in; `moved_by` is empty where it began with that one."""

    __tablename__ = "stays_in"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    environment: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    moved_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    reason: Mapped[str] = mapped_column(Text)


class OpenedIn(Base):
    """The environment that a workspace was last opened in."""

    __tablename__ = "opened_in"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    environment: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime]


class PackageRequest(Base):
    """A package that a researcher needs, and what the operator answered."""

    __tablename__ = "package_requests"
    __table_args__ = (Index("package_requests_by_status", "status"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    person: Mapped[str] = mapped_column(ForeignKey("people.name"))
    package: Mapped[str] = mapped_column(String(100))
    purpose: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: p0001."""
        return f"p{self.id:04d}"
