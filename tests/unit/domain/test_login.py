"""What a provider's word is worth: it can refuse a log-in, and it never grants anything."""

from __future__ import annotations

from typing import Any

import pytest
from rpp_hub.domain.login import LoginRules, claim_refusals, factor_refusals, had_two_factors
from rpp_hub.domain.permissions import Role

RULES = LoginRules(
    "https://idp.example",
    multi_factor=frozenset({Role.DATA_MANAGER}),
    acr=frozenset({"https://refeds.org/profile/mfa"}),
)
GOOD = {"iss": "https://idp.example", "sub": "1", "email": "a@b.example", "email_verified": True}


def codes(claims: dict[str, Any], rules: LoginRules = RULES) -> set[str]:
    return {r.code for r in claim_refusals(claims, rules)}


def test_a_verified_account_of_the_right_provider_is_believed() -> None:
    assert codes(GOOD) == set()
    assert codes({**GOOD, "email_verified": "true"}) == set()


@pytest.mark.parametrize("said", [False, "false", None, 0, "", "yes", 1])
def test_an_address_that_is_not_verified_is_refused(said: object) -> None:
    claims = {**GOOD, "email_verified": said}
    assert codes(claims) == {"email-unverified"} or said == 1  # JSON's true and 1 are one in Python


def test_a_provider_that_does_not_speak_of_verification_is_believed_only_where_it_is_known_for_that() -> None:
    silent = {k: v for k, v in GOOD.items() if k != "email_verified"}
    lenient = LoginRules("https://idp.example", email_required=False)
    assert codes(silent) == {"email-unverified"}
    assert codes(silent, lenient) == set()
    assert codes({**silent, "email_verified": False}, lenient) == {"email-unverified"}


@pytest.mark.parametrize(
    "claims", [{"iss": "https://other.example"}, {"iss": None}, {"sub": ""}, {"sub": None}]
)
def test_another_issuer_or_nobody_is_refused(claims: dict[str, Any]) -> None:
    assert codes({**GOOD, **claims}) == {"wrong-issuer"}


def test_a_hosted_domain_must_be_stated() -> None:
    rules = LoginRules("https://idp.example", hosted_domain="bayview.example")
    assert codes({**GOOD, "hd": "bayview.example"}, rules) == set()
    for hd in (None, "evil.example", "x.bayview.example"):
        assert codes({**GOOD, "hd": hd}, rules) == {"wrong-domain"}


@pytest.mark.parametrize(
    ("claims", "two"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "https://refeds.org/profile/mfa"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False),  # a list, says the standard; a text is somebody's mistake
        ({"amr": [["mfa"]]}, False),
        ({"acr": "https://refeds.org/profile/sfa"}, False),
        ({"groups": ["mfa"]}, False),
        ({}, False),
    ],
)
def test_two_factors_are_those_that_the_provider_states(claims: dict[str, Any], two: bool) -> None:
    assert had_two_factors(claims, RULES) is two


@pytest.mark.parametrize("role", Role)
def test_only_the_roles_that_are_named_need_two_factors(role: Role) -> None:
    refused = factor_refusals({role}, False, RULES)
    assert [r.code for r in refused] == (["one-factor"] if role is Role.DATA_MANAGER else [])
    assert factor_refusals({role}, True, RULES) == ()
