"""Mail about what is due: each person once when it comes near, once in its last week, and once when it is late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Via, system
from rpp_hub.domain.dues import Audience, Due
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.permissions import DISTRICT_ROLES, Role
from rpp_hub.services.authority import Rights, rights_of
from rpp_hub.services.due_facts import Scope
from rpp_hub.services.dues import Dues
from rpp_hub.services.mailer import Send
from rpp_hub.settings import Settings
from rpp_hub.store.database import Store
from rpp_hub.store.model_clocks import Mailing
from rpp_hub.store.models import Person, PersonRole

_EVERY = timedelta(hours=1)
_LAST_WEEK = 7
_ALL = 50_000
_TOGETHER = 500


class Stage(StrEnum):
    """How near a last day is."""

    NEAR = "near"
    LAST_WEEK = "last week"
    LATE = "late"


def stage_of(due: Due, today: date) -> Stage:
    """Which of the three."""
    if due.late(today):
        return Stage.LATE
    return Stage.LAST_WEEK if due.left(today) <= _LAST_WEEK else Stage.NEAR


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes, and where all of it can be read."""

    partnership: str
    portal: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Letterhead:
        """As rpp.toml says."""
        return cls(settings.partnership.name, settings.mail.portal)

    @property
    def where(self) -> str:
        """The last line of a message."""
        if not self.portal:
            return "All of it is on the page “Due” of the portal."
        return f"All of it: {self.portal.rstrip('/')}/services/rpp/due"


class Notices:
    """What the worker mails. What was mailed is a row, so that nobody is written to twice about the same thing.

    A message goes out before its rows are written: killed between the two, a person gets it twice rather than never.
    """

    def __init__(
        self,
        store: Store,
        dues: Dues,
        send: Send | None,
        now: Callable[[], datetime],
        head: Letterhead,
    ) -> None:
        self._store = store
        self._dues = dues
        self._send = send
        self._now = now
        self._head = head
        self._waiting: dict[str, tuple[Due, ...]] = {}
        self._looked: datetime | None = None

    def pending(self) -> tuple[str, ...]:
        """Who is to be written to. Looks once an hour."""
        now = self._now()
        if self._send is not None and (self._looked is None or now - self._looked >= _EVERY):
            self._waiting = self._look()
            self._looked = now
        return tuple(self._waiting)

    def send(self, person: str) -> None:
        """One message with all that is new for this person. Raises Unavailable if it was not taken."""
        found = self._waiting.get(person, ())
        with self._store.read() as session:
            row = session.get(Person, person)
        if self._send is not None and found and row is not None and row.active and row.email:
            self._send(row.email, *self._words(row.display_name, found))
            today = self._dues.today()
            with self._store.act(system(Via.WORKER), "person:notify", f"person:{person}") as act:
                for due in found:
                    stage = str(stage_of(due, today))
                    act.session.merge(Mailing(person=person, due=due.key, stage=stage, sent_at=self._now()))
                act.detail["about"] = [due.key for due in found]
        self._waiting.pop(person, None)

    def _look(self) -> dict[str, tuple[Due, ...]]:
        today = self._dues.today()
        with self._store.read() as session:
            found = self._dues.within(
                session,
                Scope(SYSTEM, everything=True, projects=frozenset(), limit=_ALL, all_names=True, leave=True),
            )
            readers = _readers(session)
            sent = _sent(session, [due.key for due in found])
        fresh: dict[str, list[Due]] = {}
        for due in found:
            stage = str(stage_of(due, today))
            for person in sorted(_meant(due, due.doers, readers) | _meant(due, due.told, readers)):
                if (person, due.key, stage) not in sent:
                    fresh.setdefault(person, []).append(due)
        return {person: tuple(dues) for person, dues in fresh.items()}

    def _words(self, name: str, found: Iterable[Due]) -> tuple[str, str]:
        today = self._dues.today()
        ordered = sorted(found, key=lambda due: due.on)
        late = sum(due.late(today) for due in ordered)
        subject = f"{self._head.partnership}: {len(ordered)} due" + (f", {late} of them late" if late else "")
        lines = [f"- {'LATE: ' if due.late(today) else ''}{due.sentence}" for due in ordered]
        return subject, "\n".join([f"Good day, {name},", "", *lines, "", self._head.where, ""])


@dataclass(frozen=True, slots=True)
class _Readers:
    """Who has an address, and what they are; of those whose roles count for districts, their rights."""

    people: frozenset[str]
    by_role: Mapping[Role, frozenset[str]]
    rights: Mapping[str, Rights]


def _readers(session: Session) -> _Readers:
    people = frozenset(session.scalars(select(Person.name).where(Person.active, Person.email != "")))
    by_role: dict[Role, set[str]] = {}
    for person, role in session.execute(select(PersonRole.person, PersonRole.role)):
        by_role.setdefault(Role(role), set()).add(person)
    held = {role: frozenset(names) & people for role, names in by_role.items()}
    bound = frozenset().union(*(held.get(role, frozenset()) for role in DISTRICT_ROLES))
    return _Readers(people, held, {name: rights_of(session, name) for name in sorted(bound)})


def _meant(due: Due, audience: Audience, readers: _Readers) -> frozenset[str]:
    by_role = (
        frozenset(name for name in readers.by_role.get(role, ()) if _counts(due, role, name, readers))
        for role in audience.roles
    )
    return (audience.people & readers.people).union(*by_role) - audience.without


def _counts(due: Due, role: Role, person: str, readers: _Readers) -> bool:
    rights = readers.rights.get(person)
    return role not in DISTRICT_ROLES or (rights is not None and role in rights.roles_at(due.district))


def _sent(session: Session, keys: Sequence[str]) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for begin in range(0, len(keys), _TOGETHER):
        query = select(Mailing).where(Mailing.due.in_(keys[begin : begin + _TOGETHER]))
        found |= {(m.person, m.due, m.stage) for m in session.scalars(query)}
    return found
