"""Who is it: local accounts, as the demo has them; who may is for our own register to say."""

from __future__ import annotations

from typing import Any

from jupyterhub.auth import Authenticator

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import NotFound


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
