"""The proxy's routes to UNIX sockets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from jupyterhub.proxy import ConfigurableHTTPProxy
from tornado.ioloop import PeriodicCallback
from traitlets import validate

from rpp_hub.domain.origins import Origins

_LOOK_AGAIN = 2000  # milliseconds


class SocketProxy(ConfigurableHTTPProxy):  # type: ignore[misc]
    """configurable-http-proxy with targets that are sockets.

    JupyterHub 6.1.1 adds `:80` behind a socket's path when it builds a target; the proxy then looks for a file of that
    name. Services and the hub itself need this as much as workspaces do.
    A proxy that was killed comes back without routes. JupyterHub looks only every few minutes; here it is seconds, since
    without routes nobody gets in.
    With a wildcard domain the proxy tells hosts apart: a workspace's path is there on its own host alone, and the hub and
    the portal are on theirs alone. JupyterHub knows nothing of it, since its own subdomains are one a person and come with
    a cookie that all of them see.
    """

    origins: Origins | None = None
    portal_target = ""  # who answers on a workspace's host once the workspace is closed

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._had_routes = False
        self._looking = PeriodicCallback(self._restore_routes, _LOOK_AGAIN)
        self._looking.start()

    async def _restore_routes(self) -> None:
        routes = await self.get_all_routes()
        if self.app.hub.routespec in routes:
            self._had_routes = True
        elif self._had_routes:  # not before the hub has put them there itself
            await self.check_routes(self.app.users, self.app._service_map)

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Add a route; the socket's path is taken as it is."""
        await super().add_route(routespec, re.sub(r"^(http\+unix://[^/:]+):80\b", r"\1", target), data)
        if (
            self.origins is not None
            and (host := self.origins.host_of_path(routespec)) != self.origins.portal_host
        ):
            await self.api_request(f"/{host}", method="POST", body={"target": self.portal_target})

    def _routespec_to_chp_path(self, routespec: str) -> str:
        path: str = super()._routespec_to_chp_path(routespec)
        return path if self.origins is None else f"/{self.origins.host_of_path(path)}{path}".rstrip("/")

    def _routespec_from_chp_path(self, chp_path: str) -> str:
        if self.origins is None or chp_path == "/":
            return str(super()._routespec_from_chp_path(chp_path))
        return quote(f"/{chp_path.lstrip('/').partition('/')[2]}".rstrip("/") + "/", safe="@/~")

    @validate("extra_routes")
    def _validate_extra_routes(self, proposal: Any) -> dict[str, str]:
        """JupyterHub 6.1 takes http[s] targets only; ours may be sockets as well."""
        for routespec, target in proposal.value.items():
            if not routespec.endswith("/") or not target.startswith(("http://", "https://", "http+unix://")):
                raise ValueError(
                    f"{routespec}={target} is no route: a path that ends with a slash, to a URL, is wanted"
                )
        return dict(proposal.value)
