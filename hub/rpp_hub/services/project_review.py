"""The district's review of an application: the leaders' survey, staff's judgement of each field, exceptions, the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectAct, ProjectStatus, project_refusals
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.review_clock import Clock, Round, review_clock
from rpp_hub.services.authority import require, rights_of
from rpp_hub.services.project_fields import Word, needs_exception
from rpp_hub.services.project_state import (
    Surroundings,
    check_act,
    get_project,
    latest_words,
    participant,
    round_number,
    state_of,
)
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_projects import (
    AmendmentDraft,
    FieldException,
    Judgement,
    ProjectFile,
    ProjectRound,
    SurveyAnswer,
)
from rpp_hub.store.models import Project

LONGEST = 2000


class Topic(StrEnum):
    """What the survey asks of, from 1 (not at all) to 5 (very much)."""

    ALIGNMENT = "alignment"
    BENEFITS = "benefits"
    COSTS = "costs"


QUESTIONS: Mapping[Topic, str] = {
    Topic.ALIGNMENT: "How well does the project fit the district's plan and what we want to learn?",
    Topic.BENEFITS: "How ready are we to use what it finds?",
    Topic.COSTS: "How small is the cost to us, in staff time, burden and risk?",
}
ASPECTS = ("sound", "needs changes", "not sound")


@dataclass(frozen=True, slots=True)
class Survey:
    """One leader's answers."""

    ratings: Mapping[Topic, int]
    words: Mapping[Topic, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """One of the staff's judgement. `fields`: table.field → (word, note)."""

    design: tuple[str, str]
    timeline: tuple[str, str]
    fields: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SurveyView:
    """What a leader answered, in which round."""

    person: str
    round: int
    ratings: Mapping[str, int]
    words: Mapping[str, str]
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class JudgementView:
    """What somebody of the staff judged, in which round."""

    person: str
    round: int
    design: Mapping[str, str]
    timeline: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]]
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """A name or identifier for linkage. `approved` is None while nobody has decided."""

    field: str
    approved: bool | None
    reason: str
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoundView:
    """One time on the district's desk."""

    number: int
    sent_by: str
    sent_at: datetime
    answer: str
    answered_by: str
    answered_at: datetime | None
    reason: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a project's record."""

    kind: str
    file_name: str
    sha256: str
    size: int
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewView:
    """All of a project's review so far."""

    rounds: tuple[RoundView, ...]
    surveys: tuple[SurveyView, ...]
    judgements: tuple[JudgementView, ...]
    words: Mapping[str, str]
    exceptions: tuple[ExceptionView, ...]
    files: tuple[FileView, ...]
    clock: Clock | None
    missing: tuple[Refusal, ...]


class Reviews:
    """The reviews of all projects."""

    def __init__(self, store: Store, papers: ContentStore, around: Surroundings) -> None:
        self._store = store
        self._papers = papers
        self._around = around

    def answer(self, actor: Actor, name: str, survey: Survey) -> None:
        """A sponsoring leader answers the survey; answering again replaces the answer."""
        if set(survey.ratings) != set(Topic) or not all(1 <= r <= 5 for r in survey.ratings.values()):
            raise Invalid("Answer each of the three questions with 1 to 5.", code="bad-survey")
        words = {str(k): printable(v, LONGEST) for k, v in survey.words.items() if v.strip()}
        with self._store.act(actor, "project:answer", f"project:{name}") as act:
            project = get_project(act.session, name)
            check_act(act.session, actor, project, ProjectAct.ANSWER, self._around)
            key = (name, round_number(act.session, name), actor.name)
            row = act.session.get(SurveyAnswer, key)
            if row is None:
                row = SurveyAnswer(project=key[0], round=key[1], person=key[2])
                act.session.add(row)
            row.ratings = {str(k): v for k, v in survey.ratings.items()}
            row.words, row.answered_at = words, datetime.now(UTC)
            act.detail.update(round=key[1], ratings=row.ratings)

    def judge(self, actor: Actor, name: str, judged: Judged) -> None:
        """Research staff judge design, timeline and fields; judging again replaces the judgement."""
        _check_judged(judged)
        with self._store.act(actor, "project:judge", f"project:{name}") as act:
            require(act.session, actor, Permission.PROJECT_JUDGE, name)
            project = get_project(act.session, name)
            check_act(act.session, actor, project, ProjectAct.JUDGE, self._around)
            asked = {
                f"{t}.{f['name']}" for t, a in project.application["tables"].items() for f in a["fields"]
            }
            unknown = sorted(set(judged.fields) - asked)
            if unknown:
                raise Invalid(
                    f"{name} does not ask for {printable(', '.join(unknown), 200)}.", code="unknown-field"
                )
            key = (name, round_number(act.session, name), actor.name)
            row = act.session.get(Judgement, key)
            if row is None:
                row = Judgement(project=key[0], round=key[1], person=key[2])
                act.session.add(row)
            row.design, row.timeline = _aspect(judged.design), _aspect(judged.timeline)
            row.fields = {
                k: {"word": w, "note": printable(n, LONGEST)} for k, (w, n) in judged.fields.items()
            }
            row.judged_at = datetime.now(UTC)
            act.detail.update(round=key[1], fields=len(row.fields))

    def decide_exception(
        self, actor: Actor, name: str, field_name: str, *, approve: bool, reason: str
    ) -> None:
        """The director says whether a name or identifier may be used for linkage, and why."""
        if not reason.strip():
            raise Invalid("Say why; the reason stands in the agreement.", code="no-reason")
        with self._store.act(actor, "project:except", f"project:{name}", reason) as act:
            require(act.session, actor, Permission.PROJECT_EXCEPT, name)
            project = get_project(act.session, name)
            check_act(act.session, actor, project, ProjectAct.EXCEPT, self._around)
            if not needs_exception(self._around.codebook(project.district), field_name):
                raise Invalid(
                    f"{printable(field_name)!r} is no name or identifier that needs leave.",
                    code="no-exception",
                )
            row = act.session.get(FieldException, (name, field_name))
            if row is None:
                row = FieldException(project=name, field=field_name)
                act.session.add(row)
            row.approved, row.reason = approve, reason.strip()
            row.decided_by, row.decided_at = actor.name, datetime.now(UTC)
            act.detail.update(field=field_name, approved=approve)

    def of(self, name: str) -> ReviewView:
        """The review of a project so far; for those who may see the project."""
        with self._store.read() as session:
            project = get_project(session, name)
            return ReviewView(
                rounds=tuple(_round(r) for r in _rows(session, ProjectRound, name, ProjectRound.number)),
                surveys=tuple(
                    _survey(a) for a in _rows(session, SurveyAnswer, name, SurveyAnswer.answered_at)
                ),
                judgements=tuple(_judgement(j) for j in _rows(session, Judgement, name, Judgement.judged_at)),
                words=latest_words(session, name),
                exceptions=self._exceptions(session, project),
                files=tuple(_file(f) for f in _rows(session, ProjectFile, name, ProjectFile.id)),
                clock=self._clock(session, project),
                missing=self._missing(session, project),
            )

    def file(self, name: str, sha256: str) -> bytes:
        """A file of the project's record; for those who may see the project."""
        with self._store.read() as session:
            query = select(ProjectFile.id).where(ProjectFile.project == name, ProjectFile.sha256 == sha256)
            if session.scalars(query.limit(1)).first() is None:
                raise NotFound("There is no such file here.")
        return self._papers.get(sha256)

    def may(self, actor: Actor, name: str, act: ProjectAct) -> tuple[Refusal, ...]:
        """Why this person may not do this to the project now; empty when they may."""
        with self._store.read() as session:
            project = get_project(session, name)
            who = participant(rights_of(session, actor.name), project)
            return project_refusals(state_of(session, project, self._around), act, who)

    def _clock(self, session: Session, project: Project) -> Clock | None:
        rounds = [
            Round(r.sent_at.date(), r.answered_at.date() if r.answered_at else None)
            for r in _rows(session, ProjectRound, project.name, ProjectRound.number)
        ]
        if not rounds:
            return None
        district = self._around.district(project.district)
        return review_clock(rounds, self._around.today(), district.review_weeks, district.pause)

    def _missing(self, session: Session, project: Project) -> tuple[Refusal, ...]:
        """What an approval still waits for."""
        if project.status != ProjectStatus.APPLIED:
            return ()
        who = participant(rights_of(session, SYSTEM), project)
        return project_refusals(state_of(session, project, self._around), ProjectAct.APPROVE, who)

    def _exceptions(self, session: Session, project: Project) -> tuple[ExceptionView, ...]:
        codebook = self._around.codebook(project.district)
        decided = {e.field: e for e in _rows(session, FieldException, project.name, FieldException.field)}
        amendment = session.get(AmendmentDraft, project.name)
        wanted = [
            *project.application.get("linkage", ()),
            *(amendment.application.get("linkage", ()) if amendment is not None else ()),
        ]
        asked = [f for f in wanted if needs_exception(codebook, f)]
        views = []
        for name in dict.fromkeys((*asked, *decided)):
            row = decided.get(name)
            views.append(
                ExceptionView(name, row.approved, row.reason, row.decided_by, row.decided_at)
                if row
                else ExceptionView(name, None, "", "", None)
            )
        return tuple(views)


def _check_judged(judged: Judged) -> None:
    for word, _note in (judged.design, judged.timeline):
        if word not in ASPECTS:
            raise Invalid(f"Judge design and timeline as one of: {', '.join(ASPECTS)}.", code="bad-judgement")
    if not all(word in set(Word) for word, _note in judged.fields.values()):
        raise Invalid(f"Judge each field as one of: {', '.join(Word)}.", code="bad-judgement")


def _aspect(said: tuple[str, str]) -> dict[str, str]:
    return {"word": said[0], "note": printable(said[1], LONGEST)}


def _rows(session: Session, kind: Any, project: str, order: Any) -> Sequence[Any]:
    return session.scalars(select(kind).where(kind.project == project).order_by(order)).all()


def _round(row: ProjectRound) -> RoundView:
    return RoundView(
        row.number,
        row.sent_by,
        row.sent_at,
        row.answer,
        row.answered_by,
        row.answered_at,
        row.reason,
        tuple(row.conditions),
    )


def _survey(row: SurveyAnswer) -> SurveyView:
    return SurveyView(row.person, row.round, row.ratings, row.words, row.answered_at)


def _judgement(row: Judgement) -> JudgementView:
    return JudgementView(row.person, row.round, row.design, row.timeline, row.fields, row.judged_at)


def _file(row: ProjectFile) -> FileView:
    return FileView(row.kind, row.file_name, row.sha256, row.size, row.added_by, row.added_at)
