"""Identifiers that seem wrong: found, looked at by a data manager, decided with a reason.

Candidates and the table of decisions hold true identifiers and names; they lie in the district's own folder. The registry
knows them by names that say nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require
from rpp_hub.store.database import Store
from rpp_hub.store.model_identities import IdentityDecision
from rpp_hub.store.models import District, Drop
from rpp_hub.warehouse.build import look_for_identities
from rpp_hub.warehouse.folders import canonical_json, locked
from rpp_hub.warehouse.identities import Candidate, Kind, Sighting
from rpp_hub.warehouse.identity_table import (
    Decision,
    Verdict,
    decision_of,
    keep_decisions,
    kept_decisions,
    with_decision,
)
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.whole import write_whole

_FOUND = "found.json"
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class DecidedView:
    """What was decided of a candidate, by whom, when and why."""

    verdict: Verdict
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A candidate as a list shows it: nothing that identifies anybody."""

    name: str
    kind: Kind
    unit: str
    people: int
    years_together: tuple[int, ...]
    decided: DecidedView | None


class Identities:
    """Doubtful identifiers of the districts."""

    def __init__(self, store: Store, installation: Installation, now: Callable[[], datetime]) -> None:
        self._store = store
        self._installation = installation
        self._now = now

    def find(self, actor: Actor, district: str, progress: Progress = silent) -> tuple[CandidateView, ...]:
        """Look through everything received; what was found before and decided stays decided."""
        with self._store.read() as session:
            require(session, actor, Permission.IDENTITY_DECIDE, district=district)
            title = _district(session, district).title
            drops = tuple(session.scalars(select(Drop.name).where(Drop.district == district)))
        folder = self._folder(district)
        with locked(folder):
            found = look_for_identities(folder.parent, title, drops, _salt(folder), progress)
            with self._store.act(actor, "identity:find", f"identities:{district}") as act:
                require(act.session, actor, Permission.IDENTITY_DECIDE, district=district)
                act.detail.update(candidates=len(found))
                write_whole(folder / _FOUND, canonical_json([asdict(c) for c in found]))
        return self.list(actor, district)

    def list(self, actor: Actor, district: str) -> tuple[CandidateView, ...]:
        """What was found, what is to be decided first. Empty before anybody has looked."""
        with self._store.read() as session:
            require(session, actor, Permission.IDENTITY_DECIDE, district=district)
            _district(session, district)
            decided = _decided(session, district)
        views = (_view(c, decided.get(c.name)) for c in self._found(district))
        return tuple(sorted(views, key=lambda v: (v.decided is not None, v.kind, v.name)))

    def looked(self, district: str) -> bool:
        """Whether anybody has looked for candidates yet."""
        return (self._folder(district) / _FOUND).is_file()

    def get(self, actor: Actor, district: str, name: str) -> tuple[Candidate, DecidedView | None]:
        """A candidate with the people it is about: true identifiers, names and birth dates."""
        with self._store.read() as session:
            require(session, actor, Permission.IDENTITY_DECIDE, district=district)
            _district(session, district)
            decided = _decided(session, district)
        found = next((c for c in self._found(district) if c.name == name), None)
        if found is None:
            raise NotFound(
                f"There is no candidate {printable(name)!r} in {district}. Look for candidates again with "
                "`rpp warehouse identities find`.",
                code="no-such-candidate",
            )
        return found, decided.get(name)

    def decide(
        self, actor: Actor, district: str, name: str, verdict: Verdict, reason: str, chosen: str = ""
    ) -> CandidateView:
        """Decide a candidate, or decide it anew; the next build does it.

        `chosen`: of a merge the identifier that stays, of a split the number of the person who keeps it.
        """
        reason = reason.strip()
        if not reason or len(reason) > _LONGEST:
            raise Invalid(
                f"Say why, in at most {_LONGEST} letters: others will ask. Name nobody in it.",
                code="no-reason",
            )
        candidate, _ = self.get(actor, district, name)
        fresh = decision_of(candidate, verdict, chosen)
        with locked(self._folder(district)):
            with self._store.read() as session:
                current = decisions_now(session, self._folder(district).parent)
            sha256 = keep_decisions(self._folder(district), with_decision(current, fresh))
            with self._store.act(actor, "identity:decide", f"identity:{district}/{name}", reason) as act:
                require(act.session, actor, Permission.IDENTITY_DECIDE, district=district)
                row = IdentityDecision(
                    district=district, candidate=name, verdict=verdict, reason=reason, table_sha256=sha256,
                    decided_by=actor.name, decided_at=self._now(),
                )  # fmt: skip
                act.session.add(row)
                act.detail.update(verdict=verdict, sha256=sha256)
        return _view(candidate, _decided_view(row))

    def _found(self, district: str) -> tuple[Candidate, ...]:
        path = self._folder(district) / _FOUND
        return tuple(_candidate(c) for c in json.loads(path.read_bytes())) if path.is_file() else ()

    def _folder(self, district: str) -> Path:
        return self._installation.warehouse_dir(district) / "identities"


def decisions_now(session: Session, district_dir: Path) -> tuple[Decision, ...]:
    """The table of decisions as it is now: an input of the build."""
    sha256 = session.scalars(
        select(IdentityDecision.table_sha256)
        .where(IdentityDecision.district == district_dir.name)
        .order_by(IdentityDecision.id.desc())
        .limit(1)
    ).first()
    return kept_decisions(district_dir / "identities", sha256) if sha256 else ()


def _salt(folder: Path) -> bytes:
    """What makes a candidate's name say nothing about its identifiers, which are few enough to be tried out."""
    path = folder / "salt"
    if not path.exists():
        write_whole(path, os.urandom(32))
    return path.read_bytes()


def _decided(session: Session, district: str) -> dict[str, DecidedView]:
    rows = session.scalars(
        select(IdentityDecision).where(IdentityDecision.district == district).order_by(IdentityDecision.id)
    )
    return {row.candidate: _decided_view(row) for row in rows}


def _decided_view(row: IdentityDecision) -> DecidedView:
    return DecidedView(Verdict(row.verdict), row.reason, row.decided_by, row.decided_at)


def _view(candidate: Candidate, decided: DecidedView | None) -> CandidateView:
    return CandidateView(
        candidate.name, candidate.kind, candidate.unit, len(candidate.people), candidate.years_together, decided
    )  # fmt: skip


def _candidate(raw: dict[str, Any]) -> Candidate:
    people = tuple(
        Sighting(**{**p, "years": tuple(p["years"]), "marks": tuple((a, b) for a, b in p["marks"])})
        for p in raw["people"]
    )
    return Candidate(raw["name"], Kind(raw["kind"]), raw["unit"], people)


def _district(session: Session, name: str) -> District:
    row = session.get(District, name)
    if row is None:
        raise NotFound(
            f"There is no district called {printable(name)!r} here. Add it to rpp.toml; `rpp init` or the next `rpp up` takes it in.",
            code="no-such-district",
        )
    return row
