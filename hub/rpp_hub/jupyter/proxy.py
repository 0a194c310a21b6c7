"""The proxy's routes to UNIX sockets."""

from __future__ import annotations

import re
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from tornado.ioloop import PeriodicCallback
from traitlets import validate

_LOOK_AGAIN = 2000  # milliseconds


class SocketProxy(ConfigurableHTTPProxy):  # type: ignore[misc]
    """configurable-http-proxy with targets that are sockets.

    JupyterHub 6.1.1 adds `:80` behind a socket's path when it builds a target; the proxy then looks for a file of that
    name. Services and the hub itself need this as much as workspaces do.
    A proxy that was killed comes back without routes. JupyterHub looks only every few minutes; here it is seconds, since
    without routes nobody gets in.
    """

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

    @validate("extra_routes")
    def _validate_extra_routes(self, proposal: Any) -> dict[str, str]:
        """JupyterHub 6.1 takes http[s] targets only; ours may be sockets as well."""
        for routespec, target in proposal.value.items():
            if not routespec.endswith("/") or not target.startswith(("http://", "https://", "http+unix://")):
                raise ValueError(
                    f"{routespec}={target} is no route: a path that ends with a slash, to a URL, is wanted"
                )
        return dict(proposal.value)
