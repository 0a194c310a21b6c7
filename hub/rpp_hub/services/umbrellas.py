"""Umbrella agreements: a district's leave to keep its records here, for a time and for groups of fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import ValidationError
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import EVERYTHING, FieldGroup, PaperKind, PaperStatus, last_day
from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.papers.document import as_html
from rpp_hub.papers.umbrella import umbrella_document
from rpp_hub.services.authority import require
from rpp_hub.services.papers import PaperView, umbrella_in_force, view_of
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.models import District


@dataclass(frozen=True, slots=True)
class UmbrellaTerms:
    """From when to when, and which fields. Without a last day: three years."""

    starts: date
    ends: date | None = None
    groups: tuple[FieldGroup, ...] = (EVERYTHING,)
    reason: str = ""


class Umbrellas:
    """The umbrella agreements of the districts."""

    def __init__(self, store: Store, content: ContentStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._content = content
        self._now = now

    def propose(self, actor: Actor, district: str, terms: UmbrellaTerms) -> PaperView:
        """The next version of a district's umbrella agreement, to be signed by both sides."""
        ends = terms.ends or last_day(terms.starts)
        if ends < terms.starts:
            raise Invalid("The last day lies before the first. Mend the dates.", code="bad-date")
        with self._store.read() as session:
            require(session, actor, Permission.AGREEMENT_MANAGE, district=district)
            number = _next_number(session, district)
            title = _district(session, district).title
        document = umbrella_document(title, number, terms.starts, ends, terms.groups, terms.reason)
        kept = self._content.put(as_html(document))  # bytes first, then the row
        with self._store.act(actor, "agreement:propose", f"district:{district}", terms.reason) as act:
            require(act.session, actor, Permission.AGREEMENT_MANAGE, district=district)
            for open_ in act.session.scalars(_all(district).where(Paper.status == PaperStatus.PROPOSED)):
                open_.status = PaperStatus.WITHDRAWN
            paper = Paper(
                kind=PaperKind.UMBRELLA, number=number, district=district, starts=terms.starts, ends=ends,
                terms={"groups": [g.model_dump(mode="json") for g in terms.groups]}, reason=terms.reason,
                status=PaperStatus.PROPOSED, document_sha256=kept, made_by=actor.name, made_at=self._now(), signatures=[],
            )  # fmt: skip
            act.session.add(paper)
            act.session.flush()
            act.detail.update(
                agreement=paper.name, kind=paper.kind, version=number, ends=ends.isoformat(), sha256=kept
            )
        return view_of(paper)

    def versions(self, district: str) -> tuple[PaperView, ...]:
        """Every version of a district's umbrella agreement, newest first."""
        with self._store.read() as session:
            _district(session, district)
            return tuple(view_of(p) for p in session.scalars(_all(district).order_by(Paper.number.desc())))

    def in_force(self, district: str, today: date | None = None) -> PaperView | None:
        """The version that holds on a day, by default today."""
        with self._store.read() as session:
            paper = umbrella_in_force(session, district, today or self._now().date())
            return view_of(paper) if paper is not None else None


def groups_from(texts: Sequence[str]) -> tuple[FieldGroup, ...]:
    """Field groups written as `TITLE: table, table.field`; none means everything. Raises Invalid."""
    groups = []
    for text in texts:
        title, colon, fields = text.rpartition(":")
        names = [f.strip() for f in fields.split(",") if f.strip()]
        try:
            groups.append(FieldGroup(title=title if colon else fields, fields=tuple(names)))
        except ValidationError:
            raise Invalid(
                f"{printable(text)!r} is no group of fields. Write it as: Attendance: table, other_table.field",
                code="bad-field-group",
            ) from None
    return tuple(groups) or (EVERYTHING,)


def groups_of(paper: PaperView | Paper) -> tuple[FieldGroup, ...]:
    """The field groups that an umbrella agreement covers."""
    return tuple(FieldGroup.model_validate(g) for g in paper.terms.get("groups", ()))


def _all(district: str) -> Select[Paper]:
    return select(Paper).where(Paper.district == district, Paper.kind == PaperKind.UMBRELLA)


def _next_number(session: Session, district: str) -> int:
    highest = select(func.max(Paper.number)).where(
        Paper.district == district, Paper.kind == PaperKind.UMBRELLA
    )
    return (session.scalar(highest) or 0) + 1


def _district(session: Session, name: str) -> District:
    row = session.get(District, name)
    if row is None:
        raise NotFound(
            f"There is no district called {printable(name)!r} here. Add it to rpp.toml; `rpp init` or the next `rpp up` takes it in.",
            code="no-such-district",
        )
    return row
