"""Who is it: local accounts for a demo, or any OpenID Connect provider; who may is for our own register to say."""

from __future__ import annotations

from typing import Any

from jupyterhub.auth import Authenticator
from oauthenticator.generic import GenericOAuthenticator

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import NotFound
from rpp_hub.settings import Login


def is_registered(rpp: Rpp, name: str) -> bool:
    """Whether this name is an open account here; a provider's groups and roles grant nothing."""
    try:
        return rpp.people.get(name).active
    except NotFound:
        return False


class LocalAuthenticator(Authenticator):  # type: ignore[misc]
    """Accounts whose passwords are kept here, as scrypt hashes."""

    rpp: Rpp

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """The name, if the password fits and the account is open."""
        name, password = data.get("username", ""), data.get("password", "")
        return name if self.rpp.people.is_login(name, password) else None

    async def check_allowed(self, username: str, authentication: Any = None) -> bool:
        """Asked on every log-in."""
        return is_registered(self.rpp, username)


class OpenIdAuthenticator(GenericOAuthenticator):  # type: ignore[misc]
    """Any OpenID Connect provider: it says who somebody is, our register says whether they are known."""

    rpp: Rpp

    async def check_allowed(self, username: str, auth_model: Any) -> bool:
        """A registered person whose e-mail address, if the provider states one, is verified."""
        if auth_model is None:
            return True  # authenticate() said no already, or this is a user added by an administrator
        claims = (auth_model.get("auth_state") or {}).get(self.user_auth_state_key, {})
        if claims.get("email") and claims.get("email_verified") is False:
            return False
        return is_registered(self.rpp, username)


def openid_config(login: Login) -> dict[str, Any]:
    """oauthenticator's traits from rpp.toml's [login]."""
    return {
        "client_id": login.client_id,
        "authorize_url": login.authorize_url,
        "token_url": login.token_url,
        "userdata_url": login.userdata_url,
        "username_claim": login.username_claim,
        "logout_redirect_url": login.logout_url,
        "scope": ["openid", "email", "profile"],
    }
