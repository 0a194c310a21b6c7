"""The one place that lists all that is due or late, for each person; and the district's word that data is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.dues import Clocks, Due, DueKind, dues, dues_of
from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.review_clock import Round, review_clock
from rpp_hub.services.authority import Rights, require, rights_of
from rpp_hub.services.due_facts import SHOWN, Scope, read_facts
from rpp_hub.services.project_fields import needs_exception
from rpp_hub.services.project_state import KnownCodebook
from rpp_hub.settings import District
from rpp_hub.store.database import Store
from rpp_hub.store.model_clocks import Ending
from rpp_hub.store.models import Destruction, Project

_NO_DISTRICT = District(title="")
_SEE_ALL = frozenset({Role.DATA_MANAGER, Role.DIRECTOR})
_TOLD_OF_UMBRELLAS = frozenset({*_SEE_ALL, Role.PRACTITIONER})


@dataclass(frozen=True, slots=True)
class DueView:
    """One thing that is due, as one person sees it: `mine` if it is their move."""

    kind: str
    subject: str
    on: date
    left: int
    late: bool
    mine: bool
    sentence: str


class Dues:
    """What waits, what is late and what ends soon."""

    def __init__(
        self,
        store: Store,
        clocks: Clocks,
        districts: Mapping[str, District],
        codebook: KnownCodebook,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._districts = districts
        self._clocks = clocks
        self._codebook = codebook
        self._now = now

    def seen_by(self, actor: Actor, most: int = SHOWN) -> tuple[DueView, ...]:
        """What this person has to do or is told of, the most urgent first, and of each kind so many; nothing for a stranger."""
        today = self.today()
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            found = dues_of(self.found(session, rights, most), rights.name, rights.roles_at)
        return tuple(_view(due, rights, today) for due in found)

    def found(self, session: Session, rights: Rights, most: int = SHOWN) -> tuple[Due, ...]:
        """The most urgent of all that this person may know of."""
        everything = not _SEE_ALL.isdisjoint(rights.roles)
        reviews = everything or Role.OUTPUT_REVIEWER in rights.roles
        umbrellas = not _TOLD_OF_UMBRELLAS.isdisjoint(rights.roles)
        districts = rights.reach(Permission.PROJECT_READ_ALL)
        scope = Scope(
            rights.name,
            everything,
            rights.projects,
            reviews,
            umbrellas,
            most,
            districts=districts,
            leave=Role.DIRECTOR in rights.roles,
        )
        return _most_urgent(self.within(session, scope), most)

    def within(self, session: Session, scope: Scope) -> tuple[Due, ...]:
        """Everything of a scope."""
        facts = read_facts(session, scope, self._clocks, self.today(), self._answer_by, self._needs_leave)
        return dues(facts, self._clocks, self.today())

    def today(self) -> date:
        """The day in UTC, by which everything here is counted."""
        return self._now().astimezone(UTC).date()

    def confirm_destruction(self, actor: Actor, project: str) -> None:
        """The district has read the certificate of destruction. For the project's sponsor."""
        with self._store.act(actor, "destruction:confirm", f"project:{project}") as act:
            require(act.session, actor, Permission.DESTRUCTION_CONFIRM, project)
            row, ending = act.session.get(Project, project), act.session.get(Ending, project)
            if row is None or row.sponsor != actor.name:
                raise NotPermitted(
                    "Only the project's sponsor confirms for the district that its data is destroyed.",
                    code="not-sponsor",
                )
            if act.session.get(Destruction, project) is None or ending is None:
                raise ActionRefused(
                    (Refusal("not-destroyed", f"The data of {project} has not been destroyed yet."),)
                )
            if ending.confirmed_at is not None:
                raise ActionRefused((Refusal("already-confirmed", f"{project} was confirmed before."),))
            ending.confirmed_by, ending.confirmed_at = actor.name, self._now()

    def _needs_leave(self, district: str, field: str) -> bool:
        return needs_exception(self._codebook(district), field)

    def _answer_by(self, district: str, rounds: tuple[Round, ...]) -> date:
        settings = self._districts.get(district, _NO_DISTRICT)
        clock = review_clock(rounds, self.today(), settings.review_weeks, settings.pause)
        return clock.due or rounds[-1].came


def _most_urgent(found: Sequence[Due], most: int) -> tuple[Due, ...]:
    """Of each kind so many; `found` begins with the most urgent."""
    so_far: Counter[DueKind] = Counter()
    kept = []
    for due in found:
        so_far[due.kind] += 1
        if so_far[due.kind] <= most:
            kept.append(due)
    return tuple(kept)


def note_end(session: Session, project: str, day: date) -> None:
    """A project has ended: its clocks of destruction and confirmation begin."""
    if session.get(Ending, project) is None:
        session.add(Ending(project=project, ended_on=day))


def _view(due: Due, rights: Rights, today: date) -> DueView:
    return DueView(
        kind=str(due.kind),
        subject=due.subject,
        on=due.on,
        left=due.left(today),
        late=due.late(today),
        mine=due.doers.holds(rights.name, rights.roles_at(due.district)),
        sentence=due.sentence,
    )
