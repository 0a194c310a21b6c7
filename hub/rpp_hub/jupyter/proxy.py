"""The proxy's routes to UNIX sockets."""

from __future__ import annotations

import re
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from traitlets import validate


class SocketProxy(ConfigurableHTTPProxy):  # type: ignore[misc]
    """configurable-http-proxy with targets that are sockets.

    JupyterHub 6.1.1 adds `:80` behind a socket's path when it builds a target; the proxy then looks for a file of that
    name. Services and the hub itself need this as much as workspaces do.
    """

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Add a route; the socket's path is taken as it is."""
        await super().add_route(routespec, re.sub(r"^(http\+unix://[^/:]+):80\b", r"\1", target), data)

    @validate("extra_routes")
    def _validate_extra_routes(self, proposal: Any) -> dict[str, str]:
        """JupyterHub 6.1 takes http[s] targets only; ours may be sockets as well."""
        for routespec, target in proposal.value.items():
            if not routespec.endswith("/") or not target.startswith(("http://", "https://", "http+unix://")):
                raise ValueError(f"{routespec}={target} is no route: a path that ends with a slash, to a URL, is wanted")
        return dict(proposal.value)
