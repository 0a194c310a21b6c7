"""Every error has one status and one shape."""

from __future__ import annotations

import inspect

import rpp_hub.domain.errors as domain_errors
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, RppError
from rpp_hub.domain.refusal import Refusal
from rpp_hub.web.errors import STATUS, Forged, NotLoggedIn, TooLarge, error_body, status_of
from rpp_hub.workspace.capability import InvalidCapability


def test_the_table_has_exactly_the_errors_of_the_domain_and_the_portals_own() -> None:
    of_domain = {
        error
        for _, error in inspect.getmembers(domain_errors, inspect.isclass)
        if issubclass(error, RppError) and error is not RppError
    }
    assert set(STATUS) == of_domain | {NotLoggedIn, TooLarge}


def test_the_nearest_class_decides_the_status() -> None:
    assert status_of(Forged()) == 403
    assert status_of(TooLarge(1_000_000)) == 413
    assert status_of(Invalid("x")) == 422
    assert status_of(InvalidCapability("x")) == status_of(NotPermitted("x")) == 403
    assert status_of(RppError("of no kind")) == 500


def test_the_body_lists_every_refusal() -> None:
    body = error_body(ActionRefused((Refusal("a", "First."), Refusal("b", "Second."))))
    assert body == {
        "error": {
            "code": "a",
            "message": "First. Second.",
            "refusals": [{"code": "a", "reason": "First."}, {"code": "b", "reason": "Second."}],
        }
    }
