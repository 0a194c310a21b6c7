"""Logging in through an OpenID provider: its word is checked, the register says who that is, and logging out is everywhere."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import jwt
from jupyterhub import orm
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthLogoutHandler
from tornado.web import HTTPError

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import RppError
from rpp_hub.domain.login import LoginRules, claim_refusals, factor_refusals, had_two_factors
from rpp_hub.domain.refusal import Refusal
from rpp_hub.jupyter.login import is_registered
from rpp_hub.jupyter.providers import Provider
from rpp_hub.services.accounts import AccountView, Identity

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
PORTAL_CLIENT = "service-rpp"


class EverywhereLogout(OAuthLogoutHandler):  # type: ignore[misc]
    """Ends the session here, the portal's sessions of this person, and the provider's."""

    async def handle_logout(self) -> None:
        """What the portal got of the hub for this person is worth nothing any more."""
        await super().handle_logout()
        if self.current_user is not None:
            tokens = self.db.query(orm.APIToken).filter_by(
                user_id=self.current_user.orm_user.id, client_id=PORTAL_CLIENT
            )
            for token in tokens:
                self.db.delete(token)
            self.db.commit()

    async def render_logout_page(self) -> None:
        """Off to the provider, which leads back to the portal."""
        provider: Provider = self.authenticator.provider
        if not provider.end_session_url:
            await super().render_logout_page()
            return
        back = f"{self.request.protocol}://{self.request.host}/services/rpp/"
        query = {"client_id": self.authenticator.client_id, "post_logout_redirect_uri": back}
        self.redirect(f"{provider.end_session_url}?{urlencode(query)}")


class OpenIdAuthenticator(GenericOAuthenticator):  # type: ignore[misc]
    """Any OpenID Connect provider. No claim of it grants anything."""

    rpp: Rpp
    provider: Provider
    rules: LoginRules
    logout_handler = EverywhereLogout

    async def token_to_user(self, token_info: dict[str, Any]) -> dict[str, Any]:
        """The claims of the ID token, whose signature, issuer, audience and end are checked, and of the userinfo endpoint."""
        claims = await asyncio.to_thread(self._claims, str(token_info.get("id_token") or ""))
        told = await super().token_to_user(token_info)
        if told.get("sub") != claims.get("sub"):
            raise HTTPError(403, "The provider says two different things of who this is. Tell the operator.")
        return {**told, **claims}

    def _claims(self, id_token: str) -> dict[str, Any]:
        try:
            key = jwt.PyJWKClient(self.provider.jwks_url, timeout=10).get_signing_key_from_jwt(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=_ALGORITHMS,
                audience=self.client_id,
                issuer=self.provider.issuer,
                options={"require": ["iss", "sub", "aud", "exp"]},
                leeway=30,
            )
        except jwt.PyJWTError as error:
            self.log.warning("an ID token was refused: %s", type(error).__name__)
            raise HTTPError(403, "The provider's answer cannot be trusted. Tell the operator.") from None
        return claims

    def user_info_to_username(self, user_info: dict[str, Any]) -> str:
        """Who this is in the register. Raises HTTPError for an account that is nobody here yet."""
        _refuse_for(claim_refusals(user_info, self.rules))
        account = self._account(user_info)
        if account is None or account.person is None:
            number = f" It is {account.name} here." if account is not None else ""
            raise HTTPError(
                403,
                f"Your account is not linked to a person here yet.{number} Ask the data manager to link it.",
            )
        return account.person

    async def check_allowed(self, username: str, auth_model: Any) -> bool:
        """A registered person whose account is open, with as many factors as their roles ask for."""
        if auth_model is None:
            return True  # authenticate() said no already, or this is a user added by an administrator
        claims = auth_model["auth_state"][self.user_auth_state_key]
        roles, _ = self.rpp.accounts.factors(username)
        two = had_two_factors(claims, self.rules)
        _refuse_for(factor_refusals(roles, two, self.rules))
        account = self._account(claims)
        if account is None or not is_registered(self.rpp, username):
            return False
        self.rpp.accounts.logged_in(account.name, two_factors=two)
        return True

    async def refresh_user(self, user: Any, handler: Any = None, **_more: Any) -> bool:
        """Asked every few minutes: a closed account, or a role that asks for more factors, means to log in again."""
        if not is_registered(self.rpp, user.name):
            return False
        roles, two = self.rpp.accounts.factors(user.name)
        return not factor_refusals(roles, two, self.rules)

    def _account(self, claims: dict[str, Any]) -> AccountView | None:
        text = {name: str(claims.get(name) or "") for name in ("iss", "sub", "email", "name")}
        try:
            return self.rpp.accounts.seen(Identity(text["iss"], text["sub"], text["email"], text["name"]))
        except RppError as error:
            raise HTTPError(403, error.message) from None


def _refuse_for(refusals: tuple[Refusal, ...]) -> None:
    if refusals:
        raise HTTPError(403, " ".join(r.reason for r in refusals))
