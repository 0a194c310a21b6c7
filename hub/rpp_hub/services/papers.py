"""Papers as others see them, and which one is in force: what the gate, the warehouse and the cuts ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.agreements import PaperKind, PaperStatus, Party, missing_parties
from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.names import printable
from rpp_hub.store.model_agreements import Paper, Signature


@dataclass(frozen=True, slots=True)
class SignatureView:
    """Who signed for whom, when, and what exactly. `file_sha256` is empty for a signature that was given here."""

    party: Party
    signer: str
    signed_on: date
    document_sha256: str
    file_sha256: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class PaperView:
    """One version of an agreement."""

    name: str
    kind: PaperKind
    number: int
    district: str
    project: str | None
    person: str | None
    sponsor: str | None
    starts: date
    ends: date | None
    terms: Mapping[str, Any]
    reason: str
    status: PaperStatus
    document_sha256: str
    made_by: str
    made_at: datetime
    signatures: tuple[SignatureView, ...]
    missing: tuple[Party, ...]


def umbrella_in_force(session: Session, district: str, today: date) -> Paper | None:
    """The district's umbrella agreement of a day; the newest version if several are signed."""
    return _running(session, today, select(Paper).where(Paper.district == district), PaperKind.UMBRELLA)


def _running(session: Session, today: date, query: Select[Paper], kind: PaperKind) -> Paper | None:
    """The newest signed version that has begun, unless it has ended: an earlier one does not come back then."""
    signed = func.coalesce(Paper.status, "") == str(PaperStatus.SIGNED)  # by its kind, as in `standing`
    begun = query.where(Paper.kind == kind, signed, Paper.starts <= today)
    newest = session.scalars(begun.order_by(Paper.number.desc(), Paper.id.desc()).limit(1)).first()
    if newest is None or (newest.ends is not None and newest.ends < today):
        return None
    return newest


def get_paper(session: Session, name: str) -> Paper:
    """One paper by its name. Raises NotFound."""
    number = name[1:] if name[:1] == "a" else ""
    row = (
        session.get(Paper, int(number))
        if number.isascii() and number.isdigit() and len(number) < 10
        else None
    )
    if row is None:
        raise NotFound(
            f"There is no agreement {printable(name)!r} that you may see.", code="no-such-agreement"
        )
    return row


def view_of(paper: Paper) -> PaperView:
    """A row for others."""
    signatures = tuple(_signature(s) for s in sorted(paper.signatures, key=lambda s: s.party))
    kind = PaperKind(paper.kind)
    return PaperView(
        name=paper.name,
        kind=kind,
        number=paper.number,
        district=paper.district,
        project=paper.project,
        person=paper.person,
        sponsor=paper.sponsor,
        starts=paper.starts,
        ends=paper.ends,
        terms=paper.terms,
        reason=paper.reason,
        status=PaperStatus(paper.status),
        document_sha256=paper.document_sha256,
        made_by=paper.made_by,
        made_at=paper.made_at,
        signatures=signatures,
        missing=missing_parties(kind, {s.party for s in signatures}),
    )


def _signature(row: Signature) -> SignatureView:
    return SignatureView(
        party=Party(row.party),
        signer=row.signer,
        signed_on=row.signed_on,
        document_sha256=row.document_sha256,
        file_sha256=row.file_sha256,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
