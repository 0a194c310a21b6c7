"""Which parts of Jupyter Server may be used here? A list of what JupyterLab needs; everything else is refused.

The second layer behind the relay's table of routes. It names classes, since `/files/` and the contents API, which
JupyterLab cannot do without, are the same *resource* to Jupyter.
"""

from __future__ import annotations

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.api.handlers import APIStatusHandler, IdentityHandler
from jupyter_server.services.config.handlers import ConfigHandler
from jupyter_server.services.contents import handlers as contents
from jupyter_server.services.events.handlers import EventHandler, SubscribeWebsocket
from jupyter_server.services.kernels import handlers as kernels
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.services.kernelspecs import handlers as kernelspecs
from jupyter_server.services.sessions import handlers as sessions

from rpp_review.server.handlers import ReviewHandler

ALLOWED: tuple[type[JupyterHandler], ...] = (
    APIStatusHandler,
    IdentityHandler,
    ConfigHandler,
    EventHandler,
    SubscribeWebsocket,
    contents.ContentsHandler,
    contents.CheckpointsHandler,
    kernels.MainKernelHandler,
    kernels.KernelHandler,
    kernels.KernelActionHandler,
    KernelWebsocketHandler,
    kernelspecs.MainKernelSpecHandler,
    kernelspecs.KernelSpecHandler,
    sessions.SessionRootHandler,
    sessions.SessionHandler,
    ReviewHandler,
)


class WorkspaceAuthorizer(Authorizer):
    """Refuses file downloads, conversion, raw views, terminals, the server's own shutdown, and what is new."""

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        return isinstance(handler, ALLOWED)
