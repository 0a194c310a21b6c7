"""How a state, a last day and a count of findings look: a badge, made once for each of the few there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from markupsafe import Markup

from rpp_hub.domain.counts import counted
from rpp_hub.services.request_state import Tally

_TONES: Mapping[str, str] = MappingProxyType(
    {
        "submitted": "busy", "returned": "warn", "approved": "ok", "rejected": "bad", "withdrawn": "off", "released": "ok",
        "revoked": "bad", "applied": "busy", "declined": "bad", "closed": "off", "draft": "off", "proposed": "busy",
        "signed": "ok", "replaced": "off",
    }
)  # fmt: skip
_BADGE = Markup('<span class="badge {}">{}</span>')
_SOON = 7


@lru_cache(256)
def status(value: str) -> Markup:
    """The state of a request, a project or an agreement."""
    return _BADGE.format(_TONES.get(str(value), "off"), value)


@lru_cache(2048)
def last_day(left: int) -> Markup:
    """How many days are left of something that is due; less than nothing when it is late."""
    if left < 0:
        return _BADGE.format("bad", f"{counted(-left, 'day')} late")
    if left == 0:
        return _BADGE.format("warn", "today")
    return _BADGE.format("warn" if left <= _SOON else "off", f"in {counted(left, 'day')}")


def findings_line(tally: Tally) -> Markup:
    """What the checks of a request found, counted."""
    return _findings(tally.fails, tally.looks)


@lru_cache(2048)
def _findings(fails: int, looks: int) -> Markup:
    if not fails and not looks:
        return _BADGE.format("ok", "all checks pass")
    failed = _BADGE.format("bad", counted(fails, "failed check")) + " " if fails else Markup()
    return failed + (_BADGE.format("warn", counted(looks, "look needed", "looks needed")) if looks else "")
