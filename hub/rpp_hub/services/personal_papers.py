"""Papers about one person: access agreements, and third-party agreements for those of another institution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.papers.document import Document, as_html
from rpp_hub.papers.personal import Collaborator, access_document, third_party_document
from rpp_hub.services.authority import require
from rpp_hub.services.papers import PaperView, view_of
from rpp_hub.services.people_views import PersonView, find_person, person_view
from rpp_hub.services.project_state import get_project
from rpp_hub.services.standing import last_day_at_partner
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.models import District, Person


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """Somebody of another institution on a project, and who answers for them."""

    project: str
    person: str
    sponsor: str
    institution: str
    ends: date


class PersonalPapers:
    """Papers that people sign for themselves."""

    def __init__(self, store: Store, papers: ContentStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._papers = papers
        self._now = now

    def access(self, actor: Actor, person: str, district: str, ends: date | None = None) -> PaperView:
        """Write a person's access agreement, for them to sign."""
        today = self._now().date()
        if ends is not None and ends < today:
            raise Invalid("The last day has passed. Mend it.", code="bad-date")
        with self._store.read() as session:
            require(session, actor, Permission.AGREEMENT_MANAGE, district=district)
            row, place = person_view(session, find_person(session, person)), _district(session, district)
        document = access_document(row.display_name, row.institution, place.title, ends)
        about: dict[str, Any] = {
            "kind": PaperKind.ACCESS,
            "person": person,
            "district": district,
            "ends": ends,
        }
        return self._propose(actor, document, about, {})

    def third_party(self, actor: Actor, wanted: ThirdParty) -> PaperView:
        """Write a third-party agreement, for the person, the university sponsor and the district to sign."""
        today = self._now().date()
        if wanted.ends < today:
            raise Invalid("The last day has passed. Mend it.", code="bad-date")
        if not wanted.institution.strip():
            raise Invalid("Say where they work now.", code="no-institution")
        with self._store.read() as session:
            require(session, actor, Permission.AGREEMENT_MANAGE, wanted.project)
            project = get_project(session, wanted.project)
            row, sponsor = (
                person_view(session, find_person(session, n)) for n in (wanted.person, wanted.sponsor)
            )
            _check_sponsor(session, row, sponsor, today)
            if project.status != ProjectStatus.APPROVED:
                raise ActionRefused(
                    (Refusal("not-approved", f"{project.name} is {project.status}; approval comes first."),)
                )
            place = _district(session, project.district)
        who = Collaborator(
            row.display_name,
            wanted.institution.strip(),
            sponsor.display_name,
            sponsor.institution,
            project.title,
        )
        document = third_party_document(who, place.title, today, wanted.ends)
        about: dict[str, Any] = {
            "kind": PaperKind.THIRD_PARTY, "person": wanted.person, "district": project.district,
            "project": project.name, "sponsor": wanted.sponsor, "ends": wanted.ends,
        }  # fmt: skip
        return self._propose(actor, document, about, {"institution": wanted.institution.strip()})

    def _propose(
        self, actor: Actor, document: Document, about: dict[str, Any], terms: dict[str, Any]
    ) -> PaperView:
        kept = self._papers.put(as_html(document))  # bytes first, then the row
        with self._store.act(actor, "agreement:propose", f"person:{about['person']}") as act:
            require(act.session, actor, Permission.AGREEMENT_MANAGE, district=about["district"])
            same = select(Paper).where(
                Paper.kind == about["kind"],
                Paper.person == about["person"],
                _project(about),
                Paper.status == PaperStatus.PROPOSED,
            )
            for open_ in act.session.scalars(same):
                open_.status = PaperStatus.WITHDRAWN
            paper = Paper(
                **about, number=_next(act.session, about), starts=self._now().date(), terms=terms, reason="",
                status=PaperStatus.PROPOSED, document_sha256=kept, made_by=actor.name, made_at=self._now(), signatures=[],
            )  # fmt: skip
            act.session.add(paper)
            act.session.flush()
            act.detail.update(agreement=paper.name, kind=paper.kind, sha256=kept)
        return view_of(paper)


def _project(about: dict[str, Any]) -> ColumnElement[bool]:
    return Paper.project == about["project"] if "project" in about else Paper.project.is_(None)


def _next(session: Session, about: dict[str, Any]) -> int:
    highest = select(func.max(Paper.number)).where(
        Paper.kind == about["kind"], Paper.person == about["person"], _project(about)
    )
    return (session.scalar(highest) or 0) + 1


def _check_sponsor(session: Session, person: PersonView, sponsor: PersonView, today: date) -> None:
    if person.name == sponsor.name:
        raise Invalid("Nobody sponsors themselves.", code="one-person")
    until = session.scalar(
        select(last_day_at_partner(Person.name, InstitutionKind.UNIVERSITY)).where(
            Person.name == sponsor.name
        )
    )
    if until is None or until < today:
        raise Invalid(
            f"{sponsor.display_name} cannot sponsor: a sponsor has an open account and works at a university of the partnership.",
            code="bad-sponsor",
        )


def _district(session: Session, name: str) -> District:
    row = session.get(District, name)
    if row is None:
        raise NotFound(f"There is no district called {printable(name)!r} here.", code="no-such-district")
    return row
