"""Whether an OpenID provider's word is enough for this person to log in; who they are here is for the register to say.

Nothing that a provider says grants a role: groups, roles and domains are not even read, save a hosted domain that is
asked for. What is read can only refuse.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from rpp_hub.domain.permissions import Role
from rpp_hub.domain.refusal import Refusal


@dataclass(frozen=True, slots=True)
class LoginRules:
    """What an installation asks of a log-in."""

    issuer: str
    email_required: bool = (
        True  # a provider that never says whether an address is verified can only be believed if it does
    )
    hosted_domain: str = ""
    multi_factor: frozenset[Role] = frozenset()
    acr: frozenset[str] = frozenset()
    amr: frozenset[str] = field(default=frozenset({"mfa"}))


def claim_refusals(claims: Mapping[str, Any], rules: LoginRules) -> tuple[Refusal, ...]:
    """What is wrong with the provider's word itself, whoever this is."""
    found = []
    if claims.get("iss") != rules.issuer or not str(claims.get("sub") or ""):
        found.append(
            Refusal("wrong-issuer", "This log-in comes from another provider than the one that is set here.")
        )
    verified = claims.get("email_verified")
    if verified not in (True, "true") and (verified is not None or rules.email_required):
        found.append(
            Refusal(
                "email-unverified",
                "Your provider has not verified your e-mail address. Verify it there, then log in again.",
            )
        )
    if rules.hosted_domain and claims.get("hd") != rules.hosted_domain:
        found.append(
            Refusal(
                "wrong-domain", f"Log in with your account of {rules.hosted_domain}, not with another one."
            )
        )
    return tuple(found)


def had_two_factors(claims: Mapping[str, Any], rules: LoginRules) -> bool:
    """Whether the provider states that this log-in took more than one factor."""
    methods = claims.get("amr")
    stated = {m for m in methods if isinstance(m, str)} if isinstance(methods, list) else set()
    return claims.get("acr") in rules.acr or bool(stated & rules.amr)


def factor_refusals(roles: Collection[Role], two_factors: bool, rules: LoginRules) -> tuple[Refusal, ...]:
    """Whether this person's roles ask for more than one factor, and the log-in had only one."""
    strict = sorted(set(roles) & rules.multi_factor)
    if not strict or two_factors:
        return ()
    return (
        Refusal(
            "one-factor",
            f"As {', '.join(strict)} you log in with two factors, and your provider states only one. "
            "Set up a second factor there, then log in again.",
        ),
    )
