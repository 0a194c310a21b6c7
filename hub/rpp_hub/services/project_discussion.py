"""The data discussion of a project, the plan against reality, by either side; and what it costs in staff hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.project_lifecycle import ProjectAct
from rpp_hub.services.authority import rights_of
from rpp_hub.services.project_state import Surroundings, check_act, get_project, may_see, no_project
from rpp_hub.store.database import Store
from rpp_hub.store.model_projects import DiscussionEntry, StaffHours

LONGEST = 5000
MOST_HOURS = 200


class Kind(StrEnum):
    """What an entry is."""

    PLANNED = "planned"
    FOUND = "found"
    DECIDED = "decided"


class Side(StrEnum):
    """Who speaks."""

    RESEARCH = "research"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class EntryView:
    """One dated entry."""

    person: str
    side: Side
    kind: Kind
    on: date
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class HoursView:
    """Time of one person."""

    person: str
    side: Side
    on: date
    hours: float
    work: str


@dataclass(frozen=True, slots=True)
class Spent:
    """All hours of a project, and each side's sum."""

    entries: tuple[HoursView, ...]
    totals: Mapping[str, float]


class Discussions:
    """The data discussions and hours of all projects."""

    def __init__(self, store: Store, around: Surroundings, now: Callable[[], datetime]) -> None:
        self._store = store
        self._around = around
        self._now = now

    def write(self, actor: Actor, name: str, kind: Kind, text: str, on: date | None = None) -> None:
        """Add an entry. Entries are never changed: what was thought before stays visible."""
        if not 1 <= len(text.strip()) <= LONGEST:
            raise Invalid(f"Write between 1 and {LONGEST:,} characters.", code="bad-entry")
        day = self._day(on)
        with self._store.act(actor, "project:discuss", f"project:{name}") as act:
            self._check(act.session, actor, name, ProjectAct.DISCUSS)
            side = _side(act.session, actor)
            act.session.add(
                DiscussionEntry(
                    project=name,
                    person=actor.name,
                    side=side,
                    kind=kind,
                    on=day,
                    text=text.strip(),
                    written_at=self._now(),
                )
            )
            act.detail.update(kind=kind, side=side, on=day.isoformat())

    def of(self, actor: Actor, name: str) -> tuple[EntryView, ...]:
        """The entries, by their day."""
        with self._store.read() as session:
            self._check_may_see(session, actor, name)
            query = select(DiscussionEntry).where(DiscussionEntry.project == name)
            rows = session.scalars(query.order_by(DiscussionEntry.on, DiscussionEntry.id))
            return tuple(
                EntryView(r.person, Side(r.side), Kind(r.kind), r.on, r.text, r.written_at) for r in rows
            )

    def spend(self, actor: Actor, name: str, hours: float, work: str, on: date | None = None) -> None:
        """Record one's own hours."""
        minutes = round(hours * 60)
        if not 1 <= minutes <= MOST_HOURS * 60 or not 1 <= len(work.strip()) <= LONGEST:
            raise Invalid(f"Say how many hours, up to {MOST_HOURS}, and on what.", code="bad-hours")
        day = self._day(on)
        with self._store.act(actor, "project:cost", f"project:{name}") as act:
            self._check(act.session, actor, name, ProjectAct.COST)
            side = _side(act.session, actor)
            act.session.add(
                StaffHours(
                    project=name,
                    person=actor.name,
                    side=side,
                    on=day,
                    minutes=minutes,
                    work=work.strip(),
                    written_at=self._now(),
                )
            )
            act.detail.update(minutes=minutes, side=side, on=day.isoformat())

    def hours(self, actor: Actor, name: str) -> Spent:
        """What a project has cost so far."""
        with self._store.read() as session:
            self._check_may_see(session, actor, name)
            query = select(StaffHours).where(StaffHours.project == name)
            rows = session.scalars(query.order_by(StaffHours.on, StaffHours.id)).all()
        totals: dict[str, float] = {}
        for row in rows:
            totals[row.side] = totals.get(row.side, 0) + row.minutes / 60
        return Spent(
            tuple(HoursView(r.person, Side(r.side), r.on, r.minutes / 60, r.work) for r in rows), totals
        )

    def _day(self, on: date | None) -> date:
        today = self._now().date()
        if on is not None and not date(2000, 1, 1) <= on <= today:
            raise Invalid("The day lies in the future, or too far back. Mend it.", code="bad-date")
        return on or today

    def _check(self, session: Session, actor: Actor, name: str, act: ProjectAct) -> None:
        self._check_may_see(session, actor, name)
        check_act(session, actor, get_project(session, name), act, self._around)

    def _check_may_see(self, session: Session, actor: Actor, name: str) -> None:
        if not may_see(rights_of(session, actor.name), get_project(session, name)):
            raise no_project(name)


def _side(session: Session, actor: Actor) -> Side:
    """A practitioner speaks for the district, everybody else for research."""
    return Side.DISTRICT if Role.PRACTITIONER in rights_of(session, actor.name).roles else Side.RESEARCH
