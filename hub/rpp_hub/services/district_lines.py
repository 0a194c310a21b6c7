"""All districts' warehouses as lines of a list: what came last, and what was built last. One query however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from rpp_hub.store.models import Build, District, Drop


@dataclass(frozen=True, slots=True)
class DistrictLine:
    """One district: its deliveries, and its newest masters."""

    district: str
    title: str
    drops: int
    last_received: datetime | None
    tables: int
    last_built: datetime | None

    @property
    def is_behind(self) -> bool:
        """Whether something came after the masters were built."""
        return (
            self.last_received is not None
            and self.last_built is not None
            and self.last_received > self.last_built
        )


_DISTRICTS, _DROP, _BUILDS = District.__table__, Drop.__table__.c, Build.__table__
_DISTRICT, _BUILD = _DISTRICTS.c, _BUILDS.c
_NEWEST = select(func.max(_BUILD.id)).where(_BUILD.district == _DISTRICT.name).correlate(_DISTRICTS)
_LINES = (
    select(
        _DISTRICT.name,
        _DISTRICT.title,
        select(func.count()).where(_DROP.district == _DISTRICT.name).scalar_subquery().label("drops"),
        select(func.max(_DROP.received_at)).where(_DROP.district == _DISTRICT.name).scalar_subquery().label("received"),
        _BUILD.summary,
        _BUILD.built_at,
    )
    .select_from(
        _DISTRICTS.outerjoin(
            _BUILDS, and_(_BUILD.district == _DISTRICT.name, _BUILD.id == _NEWEST.scalar_subquery())
        )
    )
    .order_by(_DISTRICT.name)
)  # fmt: skip


def district_lines(session: Session) -> tuple[DistrictLine, ...]:
    """By name."""
    return tuple(
        DistrictLine(
            district=row.name,
            title=row.title,
            drops=row.drops,
            last_received=row.received,
            tables=len(row.summary["tables"]) if row.summary is not None else 0,
            last_built=row.built_at,
        )
        for row in session.execute(_LINES)
    )
