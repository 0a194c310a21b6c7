"""What is known of the providers that partnerships use, so that rpp.toml names one and gives what only its operator knows."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rpp_hub.domain.login import LoginRules
from rpp_hub.settings import Login

REFEDS_MFA = "https://refeds.org/profile/mfa"


@dataclass(frozen=True, slots=True)
class Provider:
    """Endpoints of a provider, and what it says of those who log in."""

    issuer: str
    authorize_url: str
    token_url: str
    userdata_url: str
    jwks_url: str
    end_session_url: str = ""  # empty where there is none that ends only this client's session
    scope: tuple[str, ...] = ("openid", "email", "profile")
    states_verified_email: bool = True
    acr: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset({"mfa"})


_MICROSOFT = "https://login.microsoftonline.com/{tenant}"
PRESETS = MappingProxyType(
    {
        "cilogon": Provider(
            issuer="https://cilogon.org",
            authorize_url="https://cilogon.org/authorize",
            token_url="https://cilogon.org/oauth2/token",  # noqa: S106
            userdata_url="https://cilogon.org/oauth2/userinfo",
            jwks_url="https://cilogon.org/oauth2/certs",
            end_session_url="https://cilogon.org/logout",
            scope=("openid", "email", "profile", "org.cilogon.userinfo"),
            states_verified_email=False,  # universities vouch for their own addresses; CILogon repeats what they say
            acr=frozenset({REFEDS_MFA}),
        ),
        "google": Provider(
            issuer="https://accounts.google.com",
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106
            userdata_url="https://openidconnect.googleapis.com/v1/userinfo",
            jwks_url="https://www.googleapis.com/oauth2/v3/certs",
        ),
        "entra": Provider(
            issuer=f"{_MICROSOFT}/v2.0",
            authorize_url=f"{_MICROSOFT}/oauth2/v2.0/authorize",
            token_url=f"{_MICROSOFT}/oauth2/v2.0/token",
            userdata_url="https://graph.microsoft.com/oidc/userinfo",
            jwks_url=f"{_MICROSOFT}/discovery/v2.0/keys",
            end_session_url=f"{_MICROSOFT}/oauth2/v2.0/logout",
            states_verified_email=False,  # a directory's own people; an address is never what tells who somebody is
        ),
    }
)


def provider_of(login: Login) -> Provider:
    """The preset, filled in, or the endpoints that rpp.toml gives."""
    if not login.preset:
        return Provider(
            login.issuer,
            login.authorize_url,
            login.token_url,
            login.userdata_url,
            login.jwks_url,
            login.logout_url,
            acr=frozenset(login.multi_factor_acr),
            amr=frozenset(login.multi_factor_amr),
        )
    preset = PRESETS[login.preset]
    filled = {
        name: getattr(preset, name).replace("{tenant}", login.tenant)
        for name in ("issuer", "authorize_url", "token_url", "userdata_url", "jwks_url", "end_session_url")
    }
    return Provider(
        **filled,
        scope=preset.scope,
        states_verified_email=preset.states_verified_email,
        acr=preset.acr | set(login.multi_factor_acr),
        amr=preset.amr | set(login.multi_factor_amr),
    )


def rules_of(login: Login) -> LoginRules:
    """What is asked of a log-in here."""
    provider = provider_of(login)
    return LoginRules(
        issuer=provider.issuer,
        email_required=provider.states_verified_email,
        hosted_domain=login.hosted_domain,
        multi_factor=frozenset(login.multi_factor),
        acr=provider.acr,
        amr=provider.amr,
    )


def authenticator_config(login: Login) -> dict[str, Any]:
    """oauthenticator's traits."""
    provider = provider_of(login)
    asked = {"acr_values": " ".join(sorted(provider.acr))} if login.multi_factor and provider.acr else {}
    domain = {"hd": login.hosted_domain} if login.hosted_domain else {}
    return {
        "client_id": login.client_id,
        "authorize_url": provider.authorize_url,
        "token_url": provider.token_url,
        "userdata_url": provider.userdata_url,
        "scope": list(provider.scope),
        "enable_pkce": True,
        "basic_auth": True,
        "extra_authorize_params": {**asked, **domain},
        "manage_groups": False,
        "login_service": {"cilogon": "CILogon", "google": "Google", "entra": "Microsoft"}.get(
            login.preset, login.title
        ),
    }
