"""Runs the portal on its UNIX socket: `python -m rpp_hub.web`."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from rpp_hub.bootstrap import home_from, open_installation
from rpp_hub.domain.errors import RppError
from rpp_hub.installation import ensure_run_dir
from rpp_hub.web.app import create_app
from rpp_hub.web.hub_client import connect


def private_socket(path: Path) -> socket.socket:
    """A listening socket that only this account can reach, in place of one a dead process may have left."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen(128)
    return listening


def main() -> int:
    """Serve until told to stop."""
    # uvicorn shuts down in order, then raises the signal once more: by then there is nothing left for it to end
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    try:
        rpp = open_installation(home_from(os.environ))
        run_dir = ensure_run_dir(rpp.installation)
        token = (rpp.installation.hub_dir / "portal-api.token").read_text(encoding="ascii").strip()
    except RppError as error:
        sys.stderr.write(f"{error.message}\n")
        return 3
    hub = connect(run_dir / "hub.sock", token)
    # only the proxy reaches the socket, so its X-Forwarded-* headers may be trusted; the access log would hold log-in codes
    config = uvicorn.Config(
        create_app(rpp, hub),
        proxy_headers=True,
        forwarded_allow_ips="*",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    path = run_dir / "portal.sock"
    listening = private_socket(path)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
        path.unlink(missing_ok=True)
        hub.close()
        rpp.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
