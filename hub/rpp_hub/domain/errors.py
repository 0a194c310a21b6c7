"""The errors of the trusted side.

RppError
├─ NotFound        there is no such thing, or this person may not know of it     404
├─ NotPermitted    this person may not, whatever the state                       403
├─ ActionRefused   this person may, but not now; carries every Refusal           409
├─ Stale           somebody else changed it first                                409
├─ Invalid         what was sent cannot be understood                            422
└─ Unavailable     something the installation needs is missing or full           503
"""

from __future__ import annotations

from collections.abc import Sequence

from rpp_hub.domain.refusal import Refusal


class RppError(Exception):
    """Base of all errors that are told to a person; `code` is stable, the message is a sentence."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every reason, for callers that list them."""
        return (Refusal(self.code, self.message),)


class NotFound(RppError):
    """There is no such thing, or this person may not know of it."""

    code = "not-found"


class NotPermitted(RppError):
    """This person may not do this, whatever the state."""

    code = "not-permitted"


class ActionRefused(RppError):
    """This person may, but not now."""

    code = "refused"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        if not refusals:
            raise ValueError("ActionRefused needs at least one refusal")
        super().__init__(" ".join(r.reason for r in refusals), code=refusals[0].code)
        self._refusals = tuple(refusals)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every rule that said no."""
        return self._refusals


class Stale(RppError):
    """Somebody else changed it first."""

    code = "stale"


class Invalid(RppError):
    """What was sent cannot be understood."""

    code = "invalid"

    def __init__(self, message: str, *, code: str | None = None, faults: Sequence[str] = ()) -> None:
        super().__init__(message, code=code)
        self.faults = tuple(faults) or (message,)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every fault for itself."""
        return tuple(Refusal(self.code, fault) for fault in self.faults)


class Unavailable(RppError):
    """Something the installation needs is missing, full or broken."""

    code = "unavailable"
