"""The registry, requests and audit log: one SQLAlchemy model for SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with a zone, kept in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Common base; fixes what Python types become."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime,
        date: Date,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: String(255),
    }


class Person(Base):
    """Somebody with an account. `name` is their name at the hub, too."""

    __tablename__ = "people"
    __table_args__ = (
        Index("people_by_training_end", "training_ends"),
        Index("people_by_access_end", "access_agreement_ends"),
    )
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    display_name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    # what the papers confirmed last say; written in the transaction that confirms them
    training_ends: Mapped[date | None]
    access_agreement_signed: Mapped[date | None]
    access_agreement_ends: Mapped[date | None]
    added_at: Mapped[datetime]
    roles: Mapped[list[PersonRole]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class PersonRole(Base):
    """A role held for the whole installation. RESEARCHER is not among them: it comes with membership."""

    __tablename__ = "person_roles"
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    role: Mapped[str] = mapped_column(String(30), primary_key=True)
    given_by: Mapped[str] = mapped_column(String(60), default="")


class District(Base):
    """A district whose warehouse lies here."""

    __tablename__ = "districts"
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    title: Mapped[str]
    added_at: Mapped[datetime]


class Drop(Base):
    """A delivery of files by a district, received unchanged."""

    __tablename__ = "drops"
    __table_args__ = (UniqueConstraint("district", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[list[Any]]
    received_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    received_at: Mapped[datetime]
    agreement: Mapped[str] = mapped_column(
        String(20), default="", server_default=""
    )  # the umbrella it came under


class Build(Base):
    """Masters built from a district's drops by declared rules."""

    __tablename__ = "builds"
    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]]
    built_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    built_at: Mapped[datetime]


class Project(Base):
    """A project of researchers and a district, with what it applied for."""

    __tablename__ = "projects"
    __table_args__ = (
        Index("projects_by_status", "status", "name"),
        Index("projects_by_district", "district", "name"),
        Index("projects_by_sponsor", "sponsor", "name"),
        Index("projects_by_application", "status", "applied_at"),
        Index("projects_by_decision", "status", "decided_at"),
        Index("projects_by_irb_end", "status", "irb_ends"),
        Index("projects_by_agreement_end", "status", "agreement_ends"),
    )
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    district: Mapped[str] = mapped_column(ForeignKey("districts.name"))
    sponsor: Mapped[str] = mapped_column(ForeignKey("people.name"))
    status: Mapped[str] = mapped_column(String(20))
    application: Mapped[dict[str, Any]]
    applied_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    applied_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    irb_ends: Mapped[date | None]
    agreement_ends: Mapped[date | None]
    version: Mapped[int] = mapped_column()
    members: Mapped[list[Membership]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Membership(Base):
    """A person on a project's staff list."""

    __tablename__ = "memberships"
    __table_args__ = (Index("memberships_by_person", "person"),)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime]


class Cut(Base):
    """A sealed, scrambled extract for one project. The row is the truth; the folder is its content."""

    __tablename__ = "cuts"
    __table_args__ = (UniqueConstraint("project", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    name: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    build_sha256: Mapped[str] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]]
    built_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    built_at: Mapped[datetime]


class Linkage(Base):
    """A survey linked to students. Its rows, and the pairs in doubt, lie encrypted in the vault under their SHA-256."""

    __tablename__ = "linkages"
    __table_args__ = (Index("linkages_by_project", "project"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    table: Mapped[str] = mapped_column(String(63))
    by: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(63))
    described: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]]
    rows_sha256: Mapped[str] = mapped_column(String(64))
    pairs_sha256: Mapped[str] = mapped_column(String(64), default="")
    linked_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    linked_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()
    decisions: Mapped[list[LinkageDecision]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: l0001."""
        return f"l{self.id:04d}"


class LinkageDecision(Base):
    """What clerical review said of one doubtful pair."""

    __tablename__ = "linkage_decisions"
    linkage_id: Mapped[int] = mapped_column(ForeignKey("linkages.id"), primary_key=True)
    pair: Mapped[int] = mapped_column(primary_key=True)
    accepted: Mapped[bool]
    decided_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    decided_at: Mapped[datetime]


class Destruction(Base):
    """A project's key and crosswalk were destroyed. The row is the truth; the files are removed after it."""

    __tablename__ = "destructions"
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    certificate: Mapped[dict[str, Any]]
    signature: Mapped[str] = mapped_column(Text)
    destroyed_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    destroyed_at: Mapped[datetime]


class Request(Base):
    """A request to release outputs."""

    __tablename__ = "requests"
    __table_args__ = (Index("requests_by_project", "project"), Index("requests_by_status", "status", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    author: Mapped[str] = mapped_column(ForeignKey("people.name"))
    status: Mapped[str] = mapped_column(String(20))
    round: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()
    rounds: Mapped[list[Round]] = relationship(
        cascade="all, delete-orphan", order_by="Round.number", lazy="selectin"
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def name(self) -> str:
        """How people call it: r0001."""
        return f"r{self.id:04d}"

    @property
    def current(self) -> Round:
        """The round under way."""
        return self.rounds[-1]


class Round(Base):
    """One submission of a request: a frozen snapshot, what was asked for, and what the examination found."""

    __tablename__ = "rounds"
    __table_args__ = (
        Index(
            "rounds_to_examine",
            "request_id",
            sqlite_where=text("examined_at IS NULL"),
            postgresql_where=text("examined_at IS NULL"),
        ),
    )
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    snapshot: Mapped[str] = mapped_column(String(64))
    outputs: Mapped[list[Any]]
    context: Mapped[str] = mapped_column(Text)
    controls: Mapped[str] = mapped_column(Text)
    cut: Mapped[str] = mapped_column(String(20))
    submitted_at: Mapped[datetime]
    examined_at: Mapped[datetime | None]
    examination: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # its items, and the findings in them that fail or want a look: counted when they are written, for lists
    tally_items: Mapped[int] = mapped_column(default=0, server_default="0")
    tally_fails: Mapped[int] = mapped_column(default=0, server_default="0")
    tally_looks: Mapped[int] = mapped_column(default=0, server_default="0")
    items: Mapped[list[RequestItem]] = relationship(
        cascade="all, delete-orphan", order_by="RequestItem.position", lazy="selectin"
    )
    reviews: Mapped[list[ReviewRow]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class RequestItem(Base):
    """One item of a round in normal form; its bytes lie in the content store under `sha256`."""

    __tablename__ = "request_items"
    __table_args__ = (ForeignKeyConstraint(["request_id", "round"], ["rounds.request_id", "rounds.number"]),)
    request_id: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    media_type: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(Text)
    cell: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    reproduction: Mapped[str | None] = mapped_column(String(30))
    findings: Mapped[list[Any]]


class ReviewRow(Base):
    """One reviewer's verdicts on a round, and their decision once they have finished."""

    __tablename__ = "reviews"
    __table_args__ = (
        ForeignKeyConstraint(["request_id", "round"], ["rounds.request_id", "rounds.number"]),
        Index("reviews_by_reviewer", "reviewer", "request_id"),
        Index(
            "reviews_begun",
            "reviewer",
            "request_id",
            sqlite_where=text("decision IS NULL"),
            postgresql_where=text("decision IS NULL"),
        ),
    )
    request_id: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    reviewer: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    verdicts: Mapped[dict[str, Any]]
    comments: Mapped[dict[str, Any]]
    comment: Mapped[str] = mapped_column(Text, default="")
    decision: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]


class Release(Base):
    """A signed bundle of what was approved."""

    __tablename__ = "releases"
    __table_args__ = (Index("releases_by_project", "project"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), unique=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    bundle_sha256: Mapped[str] = mapped_column(String(64))
    items: Mapped[int]
    released_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """How people call it: e0001 (e for export)."""
        return f"e{self.id:04d}"


class AuditRow(Base):
    """One event. Only ever inserted; `hash` chains each row to the one before."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_by_subject", "subject"),
        Index("audit_by_act", "act"),
        Index("audit_by_actor", "actor"),
        Index("audit_by_request", "request_id"),
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(60))
    via: Mapped[str] = mapped_column(String(20))
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(40), server_default="", default="")


class AuditHead(Base):
    """The last link of the chain; its one row is also the lock that orders writers."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    moved_to: Mapped[str] = mapped_column(server_default="", default="")
