"""The proxy's routes to UNIX sockets."""

from __future__ import annotations

import re
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy


class SocketProxy(ConfigurableHTTPProxy):  # type: ignore[misc]
    """configurable-http-proxy with targets that are sockets.

    JupyterHub 6.1.1 adds `:80` behind a socket's path when it builds a target; the proxy then looks for a file of that
    name. Services and the hub itself need this as much as workspaces do.
    """

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Add a route; the socket's path is taken as it is."""
        await super().add_route(routespec, re.sub(r"^(http\+unix://[^/:]+):80\b", r"\1", target), data)
