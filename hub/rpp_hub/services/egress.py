"""How much went to people's browsers, who may send more today, and when a workspace was paused for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require, seen_projects
from rpp_hub.settings import Settings
from rpp_hub.store.database import Store
from rpp_hub.store.model_workspace import EgressAlarm, EgressRaise
from rpp_hub.store.models import Membership
from rpp_hub.workspace import client
from rpp_hub.workspace.config import Allowance
from rpp_hub.workspace.meter import Count, day_file, read_count

MEGABYTE = 1_000_000
MOST_DAYS = 366


class EgressState(StrEnum):
    """How a day stands against its budget."""

    OPEN = "open"
    SLOWED = "slowed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class DayView:
    """One person's day in one project. Sizes are bytes; `spent` leaves static files out."""

    project: str
    person: str
    day: date
    by_kind: dict[str, int]
    spent: int
    total: int
    state: EgressState
    alarms: int
    raised_reason: str


class Egress:
    """The byte meters of all workspaces, and the budgets they are held against."""

    def __init__(
        self, store: Store, installation: Installation, settings: Settings, now: Callable[[], datetime]
    ) -> None:
        self._store, self._installation, self._settings, self._now = store, installation, settings, now

    def days(self, actor: Actor, days: int = 7, project: str | None = None) -> tuple[DayView, ...]:
        """What was counted in the last days: what was paused first, then the newest and largest."""
        with self._store.read() as session:
            rights = require(session, actor, Permission.EGRESS_READ)
            first = self._now().date() - timedelta(days=min(max(days, 1), MOST_DAYS) - 1)
            views = [self._view(session, *found) for found in self._counts(first)]
            seen = seen_projects(session, rights, Permission.EGRESS_READ)
        shown = (v for v in views if project in (None, v.project) and (seen is None or v.project in seen))
        return tuple(
            sorted(shown, key=lambda v: (not v.alarms and v.state is not EgressState.PAUSED, -v.day.toordinal(), -v.spent))
        )  # fmt: skip

    def raise_today(self, actor: Actor, project: str, person: str, megabytes: int, reason: str) -> int:
        """Let more pass today, for a reason. Answers the day's budget in bytes."""
        if not 1 <= megabytes <= 1_000_000:
            raise Invalid("Say how many megabytes may pass today: at least 1.", code="bad-budget")
        if len(reason.strip()) < 3:
            raise Invalid("Say why more may pass today; the reason is kept.", code="no-reason")
        day = self._now().date()
        with self._store.act(actor, "egress:raise", f"workspace:{project}/{person}", reason.strip()) as act:
            require(act.session, actor, Permission.EGRESS_RAISE, project)
            if act.session.get(Membership, (project, person)) is None:
                raise NotFound(
                    f"{printable(person)} is no member of {printable(project)}, so has no workspace there.",
                    code="no-such-workspace",
                )
            total = max(megabytes * MEGABYTE, self._total(act.session, project, person, day))
            act.session.add(
                EgressRaise(
                    project=project, person=person, day=day, total=total, reason=reason.strip(), raised_by=actor.name, raised_at=self._now()
                )
            )  # fmt: skip
            act.detail.update(day=day.isoformat(), bytes=total)
        # A workspace that is not told now learns it from the hub within a minute.
        asyncio.run(
            client.raise_running(self._installation.run_dir / "w", project, person, day.isoformat(), total)
        )
        return total

    def allowance(self, project: str, person: str) -> Allowance:
        """What a workspace that opens now is told."""
        day = self._now().date()
        base, settings = self._base(project), self._settings.egress
        with self._store.read() as session:
            raised = self._raised(session, project, person, day)
        return Allowance(
            folder=self._installation.egress_dir(project, person),
            total=base,
            slow_from=base * settings.slow_from // 100,
            slow_rate=settings.slow_rate * 1000,
            raised_day=day.isoformat(),
            raised_total=raised.total if raised is not None else 0,
        )

    def unnoted(self) -> tuple[str, ...]:
        """Pauses of yesterday and today that are not in the audit log yet, as PROJECT/PERSON/DAY."""
        first = self._now().date() - timedelta(days=1)
        with self._store.read() as session:
            return tuple(
                f"{project}/{person}/{day}"
                for project, person, day, count in self._counts(first)
                if count.stops > _noted(session, project, person, day)
            )

    def note(self, key: str) -> None:
        """Write one pause down: the alarm."""
        project, person, written = key.split("/")
        day = date.fromisoformat(written)
        count = read_count(day_file(self._installation.egress_dir(project, person), written))
        with self._store.act(
            system(Via.WORKER), "egress:alarm", f"workspace:{project}/{person}", "The day's budget is spent."
        ) as act:
            number = _noted(act.session, project, person, day) + 1
            total = self._total(act.session, project, person, day)
            act.session.add(
                EgressAlarm(
                    project=project, person=person, day=day, number=number, spent=count.spent, total=total, noted_at=self._now()
                )
            )  # fmt: skip
            act.detail.update(day=written, spent=count.spent, budget=total, number=number)

    def _view(self, session: Session, project: str, person: str, day: date, count: Count) -> DayView:
        total = self._total(session, project, person, day)
        raised = self._raised(session, project, person, day)
        slow = total * self._settings.egress.slow_from // 100
        paused = count.stops > 0 and count.paused_at >= total
        state = (
            EgressState.PAUSED if paused else EgressState.SLOWED if count.spent >= slow else EgressState.OPEN
        )
        return DayView(
            project, person, day, count.by_kind, count.spent, total, state, count.stops,
            raised.reason if raised is not None else "",
        )  # fmt: skip

    def _counts(self, first: date) -> Iterator[tuple[str, str, date, Count]]:
        root = self._installation.egress_root
        for path in sorted(root.glob("*/*/*.count")):
            day = _day_of(path)
            if day is not None and day >= first:
                try:
                    yield path.parent.parent.name, path.parent.name, day, read_count(path)
                except (OSError, ValueError):  # being made this very moment
                    continue

    def _base(self, project: str) -> int:
        settings = self._settings.egress
        return settings.projects.get(project, settings.budget) * MEGABYTE

    def _total(self, session: Session, project: str, person: str, day: date) -> int:
        raised = self._raised(session, project, person, day)
        return max(self._base(project), raised.total if raised is not None else 0)

    def _raised(self, session: Session, project: str, person: str, day: date) -> EgressRaise | None:
        query = select(EgressRaise).where(
            EgressRaise.project == project, EgressRaise.person == person, EgressRaise.day == day
        )
        return session.scalars(query.order_by(EgressRaise.id.desc()).limit(1)).first()


def _noted(session: Session, project: str, person: str, day: date) -> int:
    query = select(func.count()).select_from(EgressAlarm)
    return int(
        session.scalar(
            query.where(EgressAlarm.project == project, EgressAlarm.person == person, EgressAlarm.day == day)
        )
        or 0
    )


def _day_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None
