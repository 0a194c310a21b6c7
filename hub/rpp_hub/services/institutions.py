"""Institutions: which there are, and which of them are the partnership's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import check_institution_name, printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import require
from rpp_hub.store.database import Store
from rpp_hub.store.model_people import Institution


@dataclass(frozen=True, slots=True)
class InstitutionView:
    """An institution as everybody may see it."""

    name: str
    title: str
    kind: InstitutionKind
    partner: bool


class Institutions:
    """The register of institutions. Districts of rpp.toml are in it from the start."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, actor: Actor, name: str, title: str, kind: InstitutionKind, *, partner: bool
    ) -> InstitutionView:
        """Register an institution. Raises Invalid for an impossible name, ActionRefused if it is taken."""
        check_institution_name(name)
        with self._store.act(actor, "institution:add", f"institution:{name}") as act:
            require(act.session, actor, Permission.INSTITUTION_ADD)
            if act.session.get(Institution, name) is not None:
                raise ActionRefused(
                    (Refusal("institution-exists", f"There is already an institution called {name} here."),)
                )
            row = institution_row(name, title, kind, partner=partner)
            act.session.add(row)
            act.detail.update(kind=str(kind), partner=partner)
            return _view(row)

    def list(self) -> tuple[InstitutionView, ...]:
        """All of them, by title."""
        with self._store.read() as session:
            return tuple(
                InstitutionView(row.name, row.title, InstitutionKind(row.kind), row.partner)
                for row in session.execute(_ALL)
            )


_PLACE = Institution.__table__.c
_ALL = select(_PLACE.name, _PLACE.title, _PLACE.kind, _PLACE.partner).order_by(_PLACE.title)


def institution_row(name: str, title: str, kind: InstitutionKind, *, partner: bool) -> Institution:
    """A new row; who adds it, adds the event."""
    return Institution(
        name=name,
        title=printable(title.strip(), 100) or name,
        kind=str(kind),
        partner=partner,
        added_at=datetime.now(UTC),
    )


def check_institution(session: Session, name: str) -> Institution:
    """The institution of this name. Raises Invalid, with the nearest names, where there is none."""
    row = session.get(Institution, name)
    if row is None:
        known = list(session.scalars(select(Institution.name).order_by(Institution.name)))
        near = get_close_matches(name, known, n=3) or known[:10]
        hint = f" There is {', '.join(near)}." if near else ""
        raise Invalid(
            f"There is no institution {printable(name)!r} here.{hint} A data manager adds one with `rpp institution add`.",
            code="no-such-institution",
        )
    return row


def _view(row: Institution) -> InstitutionView:
    return InstitutionView(row.name, row.title, InstitutionKind(row.kind), row.partner)
