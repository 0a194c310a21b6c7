"""Attestations: a person sends in a certificate or an agreement with its file, and a data manager confirms it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.attestations import (
    AttestationKind,
    AttestationStatus,
    AttestationTerms,
    InstitutionKind,
    check_terms,
    extension_of,
    media_type_of,
)
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.attestation_rows import apply_attestation, new_attestation
from rpp_hub.services.authority import require, rights_of
from rpp_hub.services.people_views import find_person
from rpp_hub.services.standing import last_day_at_partner
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_people import Attestation
from rpp_hub.store.models import Person


@dataclass(frozen=True, slots=True)
class AttestationView:
    """A paper as its person and the data managers see it."""

    name: str
    person: str
    kind: AttestationKind
    begins: date
    ends: date | None
    sponsor: str
    file_name: str
    media_type: str
    sha256: str
    status: AttestationStatus
    sent_by: str
    sent_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class AttestationFile:
    """A paper's bytes, as they came, and how to call them."""

    content: bytes
    media_type: str
    file_name: str


class Attestations:
    """What people send in to show that they may work with data."""

    def __init__(self, store: Store, content: ContentStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._content = content
        self._now = now

    def send(
        self, actor: Actor, person: str, terms: AttestationTerms, file_name: str, content: bytes
    ) -> AttestationView:
        """Send in one's own paper, or a data manager somebody else's. It counts once it is confirmed.

        The bytes are kept before the row that names them, so that a crash leaves no paper without its file.
        """
        check_terms(terms, self._now().astimezone(UTC).date())
        media_type = media_type_of(content)
        with self._store.read() as session:
            self._check_may_send(session, actor, person, terms)
        digest = self._content.put(content)
        with self._store.act(actor, "attestation:send", f"person:{person}") as act:
            self._check_may_send(act.session, actor, person, terms)
            paper = new_attestation(actor, person, terms, AttestationStatus.WAITING)
            paper.file_name, paper.media_type, paper.sha256 = _called(file_name), media_type, digest
            act.session.add(paper)
            act.session.flush()
            act.detail.update(paper=paper.name, kind=str(terms.kind), sha256=digest)
            return _view(paper)

    def decide(self, actor: Actor, name: str, *, confirm: bool, reason: str = "") -> AttestationView:
        """Confirm a paper, so that it counts, or refuse it with a word on what to send instead."""
        done = "attestation:confirm" if confirm else "attestation:refuse"
        with self._store.act(actor, done, f"attestation:{name}", reason) as act:
            require(act.session, actor, Permission.ATTESTATION_DECIDE)
            paper = _get(act.session, name, lock=True)
            reasons = _refusals(paper, actor, confirm=confirm, reason=reason)
            if reasons:
                raise ActionRefused(reasons)
            paper.status = str(AttestationStatus.CONFIRMED if confirm else AttestationStatus.REFUSED)
            paper.decided_by, paper.decided_at, paper.reason = actor.name, self._now(), reason.strip()
            if confirm:
                apply_attestation(act.session, find_person(act.session, paper.person), paper)
            act.detail.update(person=paper.person, kind=paper.kind, sha256=paper.sha256)
            return _view(paper)

    def of_person(self, actor: Actor, person: str) -> tuple[AttestationView, ...]:
        """Somebody's papers, newest first; for themselves and for data managers."""
        with self._store.read() as session:
            if actor.name != person:
                require(session, actor, Permission.ATTESTATION_READ)
            find_person(session, person)
            query = select(Attestation).where(Attestation.person == person).order_by(Attestation.id.desc())
            return tuple(_view(p) for p in session.scalars(query))

    def waiting(self, actor: Actor, limit: int = 50) -> tuple[AttestationView, ...]:
        """What waits for a data manager's word, oldest first."""
        with self._store.read() as session:
            require(session, actor, Permission.ATTESTATION_DECIDE)
            waits = Attestation.status == str(AttestationStatus.WAITING)
            query = select(Attestation).where(waits).order_by(Attestation.id).limit(limit)
            return tuple(_view(p) for p in session.scalars(query))

    def file(self, actor: Actor, name: str) -> AttestationFile:
        """A paper's file, for its person and for data managers. Each look is an act of its own."""
        with self._store.act(actor, "attestation:read", f"attestation:{name}") as act:
            paper = _get(act.session, name)
            if actor.name != paper.person and not rights_of(act.session, actor.name).may(
                Permission.ATTESTATION_READ
            ):
                raise _no_paper(name)
            if not paper.sha256:
                raise NotFound(f"{name} was recorded without a file.", code="no-file")
            act.detail["sha256"] = paper.sha256
            content = self._content.get(paper.sha256)
            return AttestationFile(content, paper.media_type, f"{name}{extension_of(paper.media_type)}")

    def _check_may_send(self, session: Session, actor: Actor, person: str, terms: AttestationTerms) -> None:
        if actor.name != person:
            require(session, actor, Permission.ATTESTATION_DECIDE)
        if not find_person(session, person).active:
            raise NotPermitted(f"The account {person} is closed.", code="person-inactive")
        if terms.sponsor:
            _check_sponsor(session, person, terms.sponsor, self._now().astimezone(UTC).date())


def _check_sponsor(session: Session, person: str, sponsor: str, today: date) -> None:
    until = session.scalar(
        select(last_day_at_partner(Person.name, InstitutionKind.UNIVERSITY)).where(Person.name == sponsor)
    )
    if sponsor == person or until is None or until < today:
        raise Invalid(
            f"{printable(sponsor)!r} cannot sponsor you: a sponsor has an account here and works at a university of the partnership.",
            code="bad-sponsor",
        )


def _refusals(paper: Attestation, actor: Actor, *, confirm: bool, reason: str) -> tuple[Refusal, ...]:
    reasons = []
    if paper.status != AttestationStatus.WAITING:
        reasons.append(Refusal("paper-decided", f"{paper.name} is {paper.status} already."))
    if actor.name == paper.person and actor.name != SYSTEM:
        reasons.append(Refusal("own-paper", "Nobody confirms their own papers. Ask another data manager."))
    if not confirm and not reason.strip():
        reasons.append(
            Refusal("refusal-unexplained", "Say what is wrong with the paper, so that another can be sent.")
        )
    return tuple(reasons)


def _called(file_name: str) -> str:
    """What the sender called the file, for showing; it names nothing on disk."""
    return printable(file_name.replace("\\", "/").rpartition("/")[2], 100)


def _get(session: Session, name: str, *, lock: bool = False) -> Attestation:
    number = name[1:]
    if name.startswith("d") and number.isascii() and number.isdigit() and len(number) <= 9:
        row = session.get(Attestation, int(number), with_for_update=lock)
        if row is not None and row.name == name:
            return row
    raise _no_paper(name)


def _no_paper(name: str) -> NotFound:
    return NotFound(f"There is no paper {printable(name)!r} that you may see.", code="no-such-paper")


def _view(row: Attestation) -> AttestationView:
    return AttestationView(
        name=row.name,
        person=row.person,
        kind=AttestationKind(row.kind),
        begins=row.begins,
        ends=row.ends,
        sponsor=row.sponsor or "",
        file_name=row.file_name,
        media_type=row.media_type,
        sha256=row.sha256,
        status=AttestationStatus(row.status),
        sent_by=row.sent_by,
        sent_at=row.sent_at,
        decided_by=row.decided_by or "",
        decided_at=row.decided_at,
        reason=row.reason,
    )
