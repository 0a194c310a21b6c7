"""Questions of researchers about a field of their project's data, and the data manager's answers.

An answer becomes a dated note of the field. What is published names neither the person who asked nor their project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rpp_hub.cuts.seal import CODEBOOK, DATA
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import Rights, of_projects, require, rights_of
from rpp_hub.services.field_notes import ANSWERED, published_notes, with_answers
from rpp_hub.store.database import Store
from rpp_hub.store.model_codebook import FieldQuestion
from rpp_hub.store.models import Cut, Project
from rpp_hub.warehouse.codebook import Codebook, read_codebook
from rpp_hub.warehouse.codebook_edits import find_field
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.told import refuse_told

# A question leaves a workspace for a page that a browser shows: short texts, and few of them at a time.
LONGEST_QUESTION, MOST_WAITING = 1000, 10
LONGEST_ANSWER = 4000


class QuestionStatus(StrEnum):
    """Where a question stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question, for those who may know of it: the project's members, and the data managers."""

    name: str
    district: str
    project: str
    table: str
    field: str
    question: str
    asked_by: str
    asked_at: datetime
    status: QuestionStatus
    answer: str
    answered_by: str | None
    answered_at: datetime | None
    version: int


class Questions:
    """What researchers ask about fields."""

    def __init__(self, store: Store, installation: Installation, masters: Callable[[str], Masters]) -> None:
        self._store = store
        self._installation = installation
        self._masters = masters

    def codebook(self, actor: Actor, project: str) -> Codebook:
        """The fields of a project's newest cut, with everything that was noted since. Raises NotFound without a cut."""
        with self._store.read() as session:
            row = _seen(session, actor, project)
            cut = session.scalars(
                select(Cut.name).where(Cut.project == project).order_by(Cut.id.desc()).limit(1)
            ).first()
            notes = published_notes(session, row.district)
        path = self._installation.cuts_dir(project) / str(cut) / DATA / CODEBOOK
        if cut is None or not path.is_file():
            raise NotFound(
                f"{printable(project)} has no cut yet, so it has no fields to read about. A data manager makes one.",
                code="no-cut",
            )
        return with_answers(read_codebook(path), notes)

    def ask(self, actor: Actor, project: str, table: str, field: str, question: str) -> QuestionView:
        """Ask about a field of the project's own data. Raises NotFound for another's."""
        text = _text(question, LONGEST_QUESTION, "question")
        with self._store.read() as session:
            district = _seen(session, actor, project).district
            require(session, actor, Permission.QUESTION_ASK, project)
        find_field(self.codebook(actor, project), table, field)
        # a project's own survey is no field of the district's: a note on it would tell other projects of it
        find_field(self._masters(district).codebook, table, field)
        with self._store.act(actor, "question:ask", f"project:{project}") as act:
            require(act.session, actor, Permission.QUESTION_ASK, project)
            row = _seen(act.session, actor, project)
            _refuse_too_many(act.session, project)
            asked = FieldQuestion(
                district=row.district,
                project=project,
                table=table,
                field=field,
                question=text,
                asked_by=actor.name,
                asked_at=datetime.now(UTC),
                status=QuestionStatus.WAITING,
            )
            act.session.add(asked)
            act.session.flush()
            act.detail.update(question=asked.name, table=table, field=field)
        return _view(asked)

    def list(
        self, actor: Actor, project: str | None = None, *, waiting: bool = False
    ) -> tuple[QuestionView, ...]:
        """The questions this person may know of, newest first."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            theirs = of_projects(FieldQuestion.project, rights, Permission.QUESTION_ANSWER)
            query = select(FieldQuestion).where(theirs).order_by(FieldQuestion.id.desc())
            if project is not None:
                query = query.where(FieldQuestion.project == project)
            if waiting:
                query = query.where(FieldQuestion.status == QuestionStatus.WAITING)
            return tuple(_view(r) for r in session.scalars(query))

    def count_waiting(self, actor: Actor) -> int:
        """How many of those that this person may know of wait for an answer."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            theirs = of_projects(FieldQuestion.project, rights, Permission.QUESTION_ANSWER)
            waiting = select(func.count()).where(FieldQuestion.status == QuestionStatus.WAITING, theirs)
            return session.scalars(waiting).one()

    def get(self, actor: Actor, name: str) -> QuestionView:
        """One question. Raises NotFound for those who may not know of it."""
        with self._store.read() as session:
            return _view(_find(session, actor, name))

    def answer(self, actor: Actor, name: str, answer: str, published_question: str = "") -> QuestionView:
        """Answer, for everybody who will work with the field.

        `published_question` is what is shown of the question; by default the question as it was asked. Raises ActionRefused
        if either holds a true identifier or a name.
        """
        text = _text(answer, LONGEST_ANSWER, "answer")
        with self._store.read() as session:
            row = _find(session, actor, name)
            require(session, actor, Permission.QUESTION_ANSWER, district=row.district)
            view = _view(row)
        shown = _text(published_question or view.question, LONGEST_QUESTION, "question")
        self._refuse_told(view.district, text, shown)
        with self._store.act(actor, "question:answer", f"question:{view.name}") as act:
            row = _waiting(act.session, actor, name)
            row.status, row.answer, row.published_question = ANSWERED, text, shown
            row.answered_by, row.answered_at = actor.name, datetime.now(UTC)
            act.detail.update(project=row.project, table=row.table, field=row.field)
        return _view(row)

    def decline(self, actor: Actor, name: str, reason: str) -> QuestionView:
        """Not answer, and say why to those who asked. Nothing of it is published."""
        text = _text(reason, LONGEST_ANSWER, "reason")
        with self._store.act(actor, "question:decline", f"question:{printable(name, 20)}") as act:
            row = _waiting(act.session, actor, name)
            row.status, row.answer = QuestionStatus.DECLINED, text
            row.answered_by, row.answered_at = actor.name, datetime.now(UTC)
            act.detail.update(project=row.project, table=row.table, field=row.field)
        return _view(row)

    def _refuse_told(self, district: str, *texts: str) -> None:
        try:
            masters = self._masters(district)
        except NotFound:
            return  # without masters there is no cut, and nobody to read it
        refuse_told(masters, texts)


def _seen(session: Session, actor: Actor, project: str) -> Project:
    """A project for those who may know of its data: members and data managers."""
    row = session.get(Project, project)
    rights = rights_of(session, actor.name)
    if row is None or not _may_read(rights, project, row.district):
        raise NotFound(
            f"There is no project called {printable(project)!r} that you may see.", code="no-such-project"
        )
    return row


def _may_read(rights: Rights, project: str, district: str) -> bool:
    return project in rights.projects or rights.may(Permission.QUESTION_ANSWER, district=district)


def _find(session: Session, actor: Actor, name: str) -> FieldQuestion:
    number = name[1:] if name[:1] == "q" else ""
    row = (
        session.get(FieldQuestion, int(number))
        if number.isascii() and number.isdigit() and len(number) < 10
        else None
    )
    rights = rights_of(session, actor.name)
    if row is None or not _may_read(rights, row.project, row.district):
        raise NotFound(
            f"There is no question {printable(name, 20)!r} that you may see.", code="no-such-question"
        )
    return row


def _waiting(session: Session, actor: Actor, name: str) -> FieldQuestion:
    """A question that this person may answer now."""
    row = _find(session, actor, name)
    require(session, actor, Permission.QUESTION_ANSWER, district=row.district)
    if row.status != QuestionStatus.WAITING:
        raise ActionRefused(
            [
                Refusal(
                    "question-settled",
                    f"{row.name} is {row.status} already. Write a further note with `rpp warehouse codebook edit`.",
                )
            ]
        )
    return row


def _refuse_too_many(session: Session, project: str) -> None:
    waiting = session.scalar(
        select(func.count())
        .select_from(FieldQuestion)
        .where(FieldQuestion.project == project, FieldQuestion.status == QuestionStatus.WAITING)
    )
    if (waiting or 0) >= MOST_WAITING:
        raise ActionRefused(
            [
                Refusal(
                    "too-many-questions",
                    f"{waiting} questions of {project} wait for an answer. Ask again when some of them are answered.",
                )
            ]
        )


def _text(text: str, longest: int, what: str) -> str:
    clean = text.strip()
    if not clean:
        raise Invalid(f"The {what} is empty. Write it, then send it again.", code="text-missing")
    if len(clean) > longest:
        raise Invalid(
            f"The {what} has {len(clean):,} characters; at most {longest:,} are taken. Shorten it.",
            code="text-too-long",
        )
    return clean


def _view(row: FieldQuestion) -> QuestionView:
    return QuestionView(
        name=row.name,
        district=row.district,
        project=row.project,
        table=row.table,
        field=row.field,
        question=row.question,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        status=QuestionStatus(row.status),
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        version=row.version,
    )
