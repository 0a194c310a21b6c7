"""Signing papers: here, by a named person over the exact document, or elsewhere and recorded with the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import PARTIES, PaperKind, PaperStatus, Party, missing_parties
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, Stale
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.attestation_rows import record_agreement
from rpp_hub.services.authority import Rights, require, rights_of
from rpp_hub.services.papers import PaperView, get_paper, view_of
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Act, Store
from rpp_hub.store.model_agreements import Paper, Signature
from rpp_hub.store.models import Membership, Person, Project

LARGEST_FILE = 20_000_000


@dataclass(frozen=True, slots=True)
class SignedElsewhere:
    """A signature on paper or in another system, and the file that shows it."""

    party: Party
    signer: str
    signed_on: date
    file: bytes


class Signing:
    """Signatures under papers of every kind."""

    def __init__(self, store: Store, content: ContentStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._content = content
        self._now = now

    def parties_of(self, actor: Actor, name: str) -> tuple[Party, ...]:
        """For whom this person may sign the paper now."""
        with self._store.read() as session:
            paper = get_paper(session, name)
            return _signable(session, rights_of(session, actor.name), paper)

    def sign(self, actor: Actor, name: str, document_sha256: str, party: Party | None = None) -> PaperView:
        """Sign here. `document_sha256` says what the person has read; another document is refused as stale."""
        with self._store.act(actor, "agreement:sign", f"agreement:{name}") as act:
            paper = get_paper(act.session, name)
            rights = rights_of(act.session, actor.name)
            person = act.session.get(Person, actor.name)
            if person is None or not _ever_signs(act.session, rights, paper):
                raise NotPermitted(f"{actor.name} does not sign this agreement.", code="not-a-party")
            _check_open(paper)
            if document_sha256 != paper.document_sha256:
                raise Stale("This is not the document that is to be signed. Open it again and read it.")
            able = _signable(act.session, rights, paper)
            if not able or (party is not None and party not in able):
                raise ActionRefused(
                    (
                        Refusal(
                            "already-signed",
                            f"{name} has been signed for that side already, or you do not stand for it.",
                        ),
                    )
                )
            signature = self._signature(actor, party or able[0], person.display_name, self._now().date())
            signature.person = person.name
            _add(act, paper, signature)
        return view_of(paper)

    def record(self, actor: Actor, name: str, given: SignedElsewhere) -> PaperView:
        """Record a signature that was given elsewhere, with its file."""
        _check_given(given, self._now().date())
        with self._store.read() as session:
            district = get_paper(session, name).district
            require(session, actor, Permission.AGREEMENT_MANAGE, district=district)
        kept = self._content.put(given.file)  # bytes first, then the row
        with self._store.act(actor, "agreement:record", f"agreement:{name}") as act:
            paper = get_paper(act.session, name)
            require(act.session, actor, Permission.AGREEMENT_MANAGE, district=paper.district)
            _check_open(paper)
            if given.party not in missing_parties(PaperKind(paper.kind), {s.party for s in paper.signatures}):
                raise ActionRefused(
                    (Refusal("already-signed", f"{given.party} has signed {name} already, or is no party."),)
                )
            signature = self._signature(actor, given.party, printable(given.signer, 100), given.signed_on)
            signature.file_sha256 = kept
            _add(act, paper, signature)
            act.detail["file_sha256"] = kept
        return view_of(paper)

    def _signature(self, actor: Actor, party: Party, signer: str, signed_on: date) -> Signature:
        return Signature(
            party=party,
            signer=signer,
            signed_on=signed_on,
            file_sha256="",
            recorded_by=actor.name,
            recorded_at=self._now(),
        )


def _add(act: Act, paper: Paper, signature: Signature) -> None:
    signature.document_sha256 = paper.document_sha256
    paper.signatures.append(signature)
    act.detail.update(party=signature.party, document_sha256=paper.document_sha256)
    if not missing_parties(PaperKind(paper.kind), {s.party for s in paper.signatures}):
        _come_into_force(act, paper, signature.recorded_at.date())


def _come_into_force(act: Act, paper: Paper, today: date) -> None:
    """All have signed. Once it has begun, earlier versions of the same agreement are replaced."""
    paper.status = PaperStatus.SIGNED
    act.also("agreement:in-force", f"agreement:{paper.name}", kind=paper.kind, version=paper.number)
    if paper.person is not None:
        record_agreement(act.session, paper)
    if paper.kind == PaperKind.PROJECT and paper.project is not None:
        project = act.session.get(Project, paper.project)
        if project is not None:
            project.agreement_ends = paper.ends
    if paper.starts > today:
        return
    same = select(Paper).where(
        Paper.kind == paper.kind,
        Paper.district == paper.district,
        Paper.project.is_(None) if paper.project is None else Paper.project == paper.project,
        Paper.person.is_(None) if paper.person is None else Paper.person == paper.person,
        Paper.status == PaperStatus.SIGNED,
        Paper.number < paper.number,
    )
    for earlier in act.session.scalars(same):
        earlier.status = PaperStatus.REPLACED


def _ever_signs(session: Session, rights: Rights, paper: Paper) -> bool:
    return any(_stands_for(session, rights, paper, p) for p in PARTIES[PaperKind(paper.kind)])


def _signable(session: Session, rights: Rights, paper: Paper) -> tuple[Party, ...]:
    """The parties that have not signed and for whom this person can."""
    if paper.status != PaperStatus.PROPOSED:
        return ()
    kind = PaperKind(paper.kind)
    open_ = missing_parties(kind, {s.party for s in paper.signatures})
    return tuple(p for p in open_ if _stands_for(session, rights, paper, p))


def _stands_for(session: Session, rights: Rights, paper: Paper, party: Party) -> bool:
    project = session.get(Project, paper.project) if paper.project else None
    match party:
        case Party.UNIVERSITY:
            return Role.DIRECTOR in rights.roles
        case Party.DISTRICT:
            leads_there = Role.PRACTITIONER in rights.roles_at(paper.district)
            return leads_there and (project is None or project.sponsor == rights.name)
        case Party.RESEARCH_TEAM:
            lead = session.get(Membership, (paper.project, rights.name))
            return lead is not None and lead.role == "lead"
        case Party.UNIVERSITY_SPONSOR:
            return paper.sponsor == rights.name
        case Party.PERSON:
            return paper.person == rights.name


def _check_open(paper: Paper) -> None:
    if paper.status != PaperStatus.PROPOSED:
        raise ActionRefused(
            (Refusal("agreement-not-open", f"{paper.name} is {paper.status}, so nobody signs it any more."),)
        )


def _check_given(given: SignedElsewhere, today: date) -> None:
    if not given.file or len(given.file) > LARGEST_FILE:
        raise Invalid(
            "Give the signed file, of at most 20 MB: a scan, or what the signing service gave.",
            code="bad-file",
        )
    if given.signed_on > today:
        raise Invalid("The day of the signature lies in the future. Mend it.", code="bad-date")
    if not given.signer.strip():
        raise Invalid("Say who signed.", code="no-signer")
