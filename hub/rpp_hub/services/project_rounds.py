"""Rounds of an application: sending it, answering it, and the files that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.application import Application, application_from
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import printable
from rpp_hub.domain.project_lifecycle import ProjectAct
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.project_state import IRB, Surroundings, check_act, last_round
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Act
from rpp_hub.store.model_projects import ProjectFile, ProjectRound
from rpp_hub.store.models import Project

LARGEST_LETTER = 20_000_000
_KINDS = (b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class IrbLetter:
    """The IRB's approval or exemption, as a file."""

    file_name: str
    content: bytes


def keep_file(session: Session, actor: Actor, project: str, letter: IrbLetter, papers: ContentStore) -> str:
    """Put the letter on a project's record; the answer is its SHA-256. Raises Invalid for what is no letter."""
    if not letter.content or len(letter.content) > LARGEST_LETTER:
        raise Invalid("The IRB's letter must be a file of at most 20 MB.", code="bad-file")
    if not letter.content.startswith(_KINDS):
        raise Invalid(
            "The IRB's letter must be a PDF, a Word document, a PNG or a JPEG picture.", code="bad-file"
        )
    kept = papers.put(letter.content)  # bytes first, then the row
    session.add(
        ProjectFile(
            project=project,
            kind=IRB,
            file_name=printable(letter.file_name, 120) or "letter",
            sha256=kept,
            size=len(letter.content),
            added_by=actor.name,
            added_at=datetime.now(UTC),
        )
    )
    session.flush()
    return kept


def send(act: Act, actor: Actor, project: Project, application: Application, around: Surroundings) -> None:
    """Draft or revision to the district: a new round."""
    project.status = check_act(act.session, actor, project, ProjectAct.APPLY, around)
    before = last_round(act.session, project.name)
    number = before.number + 1 if before else 1
    now = datetime.now(UTC)
    act.session.add(
        ProjectRound(
            project=project.name,
            number=number,
            application=application.model_dump(mode="json"),
            sent_by=actor.name,
            sent_at=now,
            conditions=[],
        )
    )
    if number == 1:
        project.applied_by, project.applied_at = actor.name, now
    project.irb_ends = application.irb.ends
    act.detail.update(round=number, district=project.district, tables=sorted(application.tables))


def answer_round(
    act: Act,
    actor: Actor,
    project: Project,
    answer: ProjectAct,
    reason: str,
    conditions: Sequence[str],
    around: Surroundings,
) -> Application:
    """End the round that is open: approved, declined, sent back or withdrawn. The answer is what was asked for."""
    if project.decided_at is not None:
        raise ActionRefused((Refusal("already-decided", f"{project.name} is already {project.status}."),))
    project.status = check_act(act.session, actor, project, answer, around)
    row, now = last_round(act.session, project.name), datetime.now(UTC)
    if row is not None:
        row.answer, row.answered_by, row.answered_at = answer, actor.name, now
        row.reason, row.conditions = reason, list(conditions)
        act.detail["round"] = row.number
    if answer in (ProjectAct.APPROVE, ProjectAct.DECLINE):
        project.decided_by, project.decided_at, project.decision_reason = actor.name, now, reason
    if conditions:
        act.detail["conditions"] = len(conditions)
    return application_from(project.application)


def project_exists(name: str) -> ActionRefused:
    """The name is taken."""
    return ActionRefused(
        (Refusal("project-exists", f"There is already a project called {name}. Choose another name."),)
    )
