"""What a confirmed paper changes: the days that the gate reads, in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor, Via
from rpp_hub.domain.agreements import PaperKind
from rpp_hub.domain.attestations import AttestationKind, AttestationStatus, AttestationTerms
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_people import Attestation, Cover
from rpp_hub.store.models import Person


def new_attestation(
    actor: Actor, person: str, terms: AttestationTerms, status: AttestationStatus
) -> Attestation:
    """A row with what the paper says and no file yet."""
    return Attestation(
        person=person,
        kind=str(terms.kind),
        begins=terms.begins,
        ends=terms.ends,
        sponsor=terms.sponsor or None,
        status=str(status),
        sent_by=actor.name,
        sent_at=datetime.now(UTC),
    )


def record_confirmed(session: Session, actor: Actor, person: Person, terms: AttestationTerms) -> Attestation:
    """A paper that was seen elsewhere, confirmed by who records it."""
    paper = new_attestation(actor, person.name, terms, AttestationStatus.CONFIRMED)
    paper.decided_by, paper.decided_at = actor.name, paper.sent_at
    session.add(paper)
    session.flush()
    apply_attestation(session, person, paper)
    return paper


def record_agreement(session: Session, paper: Paper) -> None:
    """An access or third-party agreement that all parties have signed here counts like one that was sent in."""
    kind = _BY_PAPER[PaperKind(paper.kind)]
    person = session.get_one(Person, paper.person)
    last = paper.signatures[-1]
    terms = AttestationTerms(kind, paper.starts, paper.ends, paper.sponsor or "")
    row = new_attestation(
        Actor(last.recorded_by, Via.PORTAL), person.name, terms, AttestationStatus.CONFIRMED
    )
    row.file_name, row.reason = paper.name, f"Signed as {paper.name}."
    row.decided_by, row.decided_at = last.recorded_by, last.recorded_at
    session.add(row)
    session.flush()
    apply_attestation(session, person, row)


_BY_PAPER = {
    PaperKind.ACCESS: AttestationKind.ACCESS_AGREEMENT,
    PaperKind.THIRD_PARTY: AttestationKind.THIRD_PARTY_AGREEMENT,
}


def apply_attestation(session: Session, person: Person, paper: Attestation) -> None:
    """Let the gate know what a confirmed paper says. The paper confirmed last is the one that counts."""
    match AttestationKind(paper.kind):
        case AttestationKind.TRAINING:
            person.training_ends = paper.ends
        case AttestationKind.ACCESS_AGREEMENT:
            person.access_agreement_signed, person.access_agreement_ends = paper.begins, paper.ends
        case AttestationKind.THIRD_PARTY_AGREEMENT:
            if paper.sponsor is None or paper.ends is None:
                raise ValueError("a third-party agreement has a sponsor and a last day")
            session.merge(
                Cover(
                    person=person.name,
                    sponsor=paper.sponsor,
                    begins=paper.begins,
                    ends=paper.ends,
                    attestation_id=paper.id,
                )
            )
