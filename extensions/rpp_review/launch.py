"""How a workspace's Jupyter Server starts inside the server sandbox: hardened first, then no slower than it must be.

`python -I -m rpp_review.launch --listen FD --secrets FD`. The listening socket and the hub's token come as open
descriptors; the token is in no environment, on no command line, and this process's memory is closed to others.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import json
import os
import socket
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traitlets.config import Config

PR_SET_DUMPABLE = 4
SECRETS_LIMIT = 64 * 1024
ROOT = "/workspace"
PROVISIONER = "rpp-sandbox"
PROCESS_EVENTS = frozenset(
    {"subprocess.Popen", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system"}
)
EXTENSIONS = {"jupyterlab": True}
PREPARED = (
    *("jupyter_server.serverapp", "jupyterhub.singleuser.extension", "jupyterlab.labapp", "jupyterlab_server"),
    *("rpp_review.server.authorizer", "rpp_review.server.contents", "rpp_review.server.kernels", "rpp_review.server.handlers",
    "rpp_review.server.runs"),
    *("rpp_kernel.provisioner", "jupyter_server.services.kernels.connection.channels", "jupyter_server.services.sessions.sessionmanager"),
)  # fmt: skip
REVIEW_EXTENSION = "rpp_review.server"


def main() -> None:
    """Never returns while the workspace is open."""
    arguments = _arguments()
    harden()
    start_no_process()
    spare_imports()
    prepare()
    identity = read_identity(arguments.secrets)
    if identity is None:
        return
    os.environ.update(identity.environment)
    os.chdir(ROOT)  # anew: the folder may have been mounted only now
    serve(
        socket.socket(fileno=arguments.listen),
        configuration(identity.token),
        {REVIEW_EXTENSION: True, **EXTENSIONS},
    )


def harden() -> None:
    """Nobody of the same account reads this process's memory, environment or descriptors."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the server's memory could not be closed")
    os.umask(0o077)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose server this is: the hub's token, and where the hub is to be found."""

    token: str
    environment: dict[str, str]


def read_identity(descriptor: int) -> Identity | None:
    """Blocks until it is known, and reads it once: what is read from the pipe is gone from it. None: nobody comes."""
    with os.fdopen(descriptor, "rb") as pipe:
        told = pipe.read(SECRETS_LIMIT)
    if not told:
        return None
    document = json.loads(told)
    return Identity(str(document["api_token"]), dict(document["environment"]))


def prepare() -> None:
    """Imports what a server needs, whoever it will belong to: most of the time of a start."""
    for module in PREPARED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def start_no_process() -> None:
    """Kernels are the supervisor's to start. Whatever asks for a process in *this* sandbox is mistaken or hostile."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event in PROCESS_EVENTS:
            raise PermissionError(f"No process is started beside the Jupyter Server ({event}).")

    sys.addaudithook(refuse)


def spare_imports() -> None:
    """Half of a plain start is spent on modules whose work is not wanted here."""
    # jsonschema's IRI format checks: a grammar is built at import, more than a second.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    # The debugger and asynchronous DNS want a network.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    sys.modules["aiodns"] = None  # type: ignore[assignment]
    # JupyterLab asks Node for its package registry at import, a quarter of a second, in order to build nothing.
    os.environ["PATH"] = str(Path(sys.prefix) / "bin")
    # The single-user server takes a few pure functions from modules of the hub, which bring SQLAlchemy and Alembic
    # along. There is no database here; what asks for one fails, and so refuses.
    _stand_in("sqlalchemy")
    _stand_in("sqlalchemy.exc", SQLAlchemyError=type("SQLAlchemyError", (Exception,), {}))
    _stand_in("jupyterhub.orm")
    _stand_in("jupyterhub.roles")
    _stand_in("jupyterhub.handlers")
    _stand_in("jupyterhub.handlers.pages", HealthCheckHandler=type("HealthCheckHandler", (), {}))
    _stand_in("jupyterhub.metrics", prometheus_log_method=lambda handler: None)
    os.environ.setdefault("JUPYTERHUB_SINGLEUSER_EXTENSION", "1")


def _stand_in(name: str, **attributes: object) -> None:
    module = types.ModuleType(name)
    module.__path__ = []
    vars(module).update(attributes)
    sys.modules[name] = module


def configuration(token: str) -> Config:
    """Where the server is and who it is; what it may do is the extension's lock-down, without which nothing starts."""
    from traitlets.config import Config

    from rpp_review.server import server_config

    config = Config()
    config.HubOAuth.api_token = token
    config.ServerApp.root_dir = ROOT
    config.ServerApp.allow_remote_access = True
    config.ServerApp.default_url = "/lab"
    config.ServerApp.log_level = "INFO"
    config.KernelProvisionerFactory.default_provisioner_name = PROVISIONER
    config.merge(server_config())
    return config


def serve(listener: socket.socket, config: Config, extensions: dict[str, bool]) -> None:
    """Runs JupyterHub's single-user server on a socket that was made outside."""
    from jupyter_server.serverapp import ServerApp
    from jupyterhub.singleuser.extension import (
        JupyterHubIdentityProvider,
        JupyterHubSingleUser,
    )

    _keep_token_out_of_page(JupyterHubIdentityProvider)

    class AdoptingServerApp(ServerApp):  # type: ignore[misc]
        """Listens on the socket it was given; there is no port to look for, and no network to look in."""

        def _find_http_port(self) -> None:
            return

        def _bind_http_server(self) -> None:
            listener.setblocking(False)
            self.http_server.add_socket(listener)

    class SingleUser(JupyterHubSingleUser):  # type: ignore[misc]
        serverapp_class = AdoptingServerApp
        serverapp_config = {"jpserver_extensions": extensions}  # noqa: RUF012 - how ExtensionApp reads it

        @classmethod
        def get_extension_package(cls) -> str:
            return "jupyterhub"

    # Not launch_instance, which drops the configuration.
    SingleUser.initialize_server(argv=[], config=config).start()


def _keep_token_out_of_page(provider: Any) -> None:
    """The person's token stays out of Lab's page, where every output could read it: the cookie is enough."""
    original = provider.page_config_hook

    def page_config_hook(self: Any, handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
        return {**original(self, handler, page_config), "token": ""}

    provider.page_config_hook = page_config_hook


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rpp_review.launch", allow_abbrev=False)
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--secrets", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
