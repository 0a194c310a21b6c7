"""What the rules of a project's life need to know, read in one session; and the one check that every act passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import FieldGroup, covers
from rpp_hub.domain.application import Application, application_from
from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.gate import written
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import (
    Participant,
    ProjectAct,
    ProjectState,
    ProjectStatus,
    perform_on_project,
)
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.review_clock import next_opening
from rpp_hub.services.authority import Rights, rights_of
from rpp_hub.services.papers import umbrella_in_force
from rpp_hub.services.project_fields import necessity, needs_exception
from rpp_hub.settings import District, Settings
from rpp_hub.store.model_projects import FieldException, Judgement, ProjectFile, ProjectRound, SurveyAnswer
from rpp_hub.store.models import Project
from rpp_hub.warehouse.codebook import Codebook

KnownCodebook = Callable[[str], Codebook | None]
IRB = "irb"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a project's rules look at beside the database."""

    settings: Settings
    codebook: KnownCodebook
    today: Callable[[], date]

    def district(self, name: str) -> District:
        """A district's settings; the defaults for one that rpp.toml no longer names."""
        return self.settings.districts.get(name) or District(title=name)


def get_project(session: Session, name: str) -> Project:
    """One project. Raises NotFound."""
    project = session.get(Project, name)
    if project is None:
        raise no_project(name)
    return project


def may_see(rights: Rights, project: Project) -> bool:
    """Whether somebody may know of a project: its members, and who sees all projects of its district."""
    return rights.sees(Permission.PROJECT_READ_ALL, project.name, project.district)


def no_project(name: str) -> NotFound:
    """There is none, or this person may not know of it."""
    return NotFound(
        f"There is no project called {printable(name)!r} that you may see.", code="no-such-project"
    )


def participant(rights: Rights, project: Project) -> Participant:
    """Somebody as the lifecycle knows them. The installation itself may what anybody may."""
    return Participant(rights.name, rights.roles_in(project.name, project.district))


def check_act(
    session: Session, actor: Actor, project: Project, act: ProjectAct, around: Surroundings
) -> ProjectStatus:
    """The status after the act. Raises NotPermitted or ActionRefused with every reason."""
    who = participant(rights_of(session, actor.name), project)
    return perform_on_project(state_of(session, project, around), act, who)


def state_of(session: Session, project: Project, around: Surroundings) -> ProjectState:
    """Everything that the rules look at."""
    status = ProjectStatus(project.status)
    members = {m.person: m.role for m in project.members}
    application, faults = _application({**project.application, "members": listed_members(project)})
    lead = next((p for p, role in members.items() if role == "lead"), "")
    state = ProjectState(
        name=project.name,
        status=status,
        lead=lead,
        sponsors=tuple(dict.fromkeys((project.sponsor, *project.application.get("cosponsors", ())))),
        members=frozenset(members),
        faults=faults,
    )
    if application is None or status not in _WATCHED:
        return state
    codebook = around.codebook(project.district)
    granted = {f"{t}.{f.name}" for t, f in application.fields()}
    unwanted = {f for f, word in latest_words(session, project.name).items() if not necessity(word)}
    return ProjectState(
        name=state.name,
        status=status,
        lead=lead,
        sponsors=application.sponsors,
        members=state.members,
        faults=faults if status is not ProjectStatus.APPLIED else (),
        irb_documented=has_file(session, project.name, IRB),
        window_closed=_window_closed(around, project.district, around.today()),
        answered=_answered(session, project.name),
        judged_fields=judged_fields(session, project.name, application),
        fields=frozenset(granted),
        open_exceptions=open_exceptions(session, project.name, application.linkage, codebook),
        umbrella_faults=umbrella_faults(session, project.district, granted - unwanted, around.today()),
    )


def listed_members(project: Project) -> list[dict[str, str]]:
    """The staff list as an application holds it."""
    return [{"person": m.person, "role": m.role} for m in sorted(project.members, key=lambda m: m.person)]


_WATCHED = frozenset({ProjectStatus.DRAFT, ProjectStatus.APPLIED, ProjectStatus.RETURNED})


def _application(raw: dict[str, object]) -> tuple[Application | None, tuple[str, ...]]:
    try:
        return application_from(raw), ()
    except Invalid as error:
        return None, (error.message,)


def has_file(session: Session, project: str, kind: str) -> bool:
    """Whether a project's record holds a file of this kind."""
    query = select(ProjectFile.id).where(ProjectFile.project == project, ProjectFile.kind == kind)
    return session.scalars(query.limit(1)).first() is not None


def last_round(session: Session, project: str) -> ProjectRound | None:
    """The newest round."""
    query = select(ProjectRound).where(ProjectRound.project == project)
    return session.scalars(query.order_by(ProjectRound.number.desc()).limit(1)).first()


def round_number(session: Session, project: str) -> int:
    """The number of the newest round; 0 before the first."""
    highest = select(func.max(ProjectRound.number)).where(ProjectRound.project == project)
    return session.scalar(highest) or 0


def _answered(session: Session, project: str) -> frozenset[str]:
    return frozenset(session.scalars(select(SurveyAnswer.person).where(SurveyAnswer.project == project)))


def latest_words(session: Session, project: str) -> dict[str, str]:
    """The newest word on each field."""
    rows = session.scalars(
        select(Judgement).where(Judgement.project == project).order_by(Judgement.judged_at)
    )
    return {field: str(said["word"]) for row in rows for field, said in row.fields.items()}


def judged_fields(session: Session, project: str, application: Application) -> frozenset[str]:
    """The fields that were judged as they are asked for now: a request that changed is judged anew."""
    now = _requests(application.model_dump(mode="json"))
    rounds = {
        r.number: _requests(r.application)
        for r in session.scalars(select(ProjectRound).where(ProjectRound.project == project))
    }
    rows = session.scalars(select(Judgement).where(Judgement.project == project))
    return frozenset(
        field
        for row in rows
        for field in row.fields
        if field in now and rounds.get(row.round, {}).get(field) == now[field]
    )


def _requests(application: dict[str, object]) -> dict[str, object]:
    tables = application.get("tables", {})
    return {
        f"{table}.{f['name']}": f
        for table, asked in (tables.items() if isinstance(tables, dict) else ())
        for f in asked["fields"]
    }


def open_exceptions(
    session: Session, project: str, linkage: Iterable[str], codebook: Codebook | None
) -> tuple[str, ...]:
    """Names and direct identifiers asked for and not yet decided on."""
    decided = set(session.scalars(select(FieldException.field).where(FieldException.project == project)))
    return tuple(f for f in linkage if f not in decided and needs_exception(codebook, f))


def umbrella_faults(
    session: Session, district: str, fields: Iterable[str], today: date
) -> tuple[Refusal, ...]:
    """Why the district's umbrella agreement does not carry an agreement over these fields."""
    umbrella = umbrella_in_force(session, district, today)
    if umbrella is None:
        return (
            Refusal(
                "umbrella-missing",
                f"No umbrella agreement of {district} is in force. The director writes one with "
                "`rpp agreement umbrella propose`, and both sides sign it.",
            ),
        )
    groups = [FieldGroup.model_validate(g) for g in umbrella.terms.get("groups", ())]
    outside = [f for f in sorted(fields) if not covers(groups, *f.split(".", 1))]
    if not outside:
        return ()
    shown = ", ".join(outside[:10]) + (f" and {len(outside) - 10} more" if len(outside) > 10 else "")
    return (
        Refusal(
            "not-covered", f"The umbrella agreement of {district} does not cover {shown}. Amend it first."
        ),
    )


def _window_closed(around: Surroundings, district: str, today: date) -> str:
    opening = next_opening(around.district(district).seasons, today)
    if opening is None:
        return ""
    return f"{district} takes applications again from {written(opening)}. The draft is kept until then."
