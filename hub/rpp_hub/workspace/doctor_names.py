"""Do the names below the wildcard domain lead here? And if there are none: what does sharing one origin leave open?"""

from __future__ import annotations

import socket
from collections.abc import Callable

from rpp_hub.domain.origins import Origins
from rpp_hub.workspace.doctor import Note, Problem

Resolve = Callable[[str], frozenset[str]]


def addresses(name: str) -> frozenset[str]:
    """What a name resolves to; nothing if it does not."""
    try:
        return frozenset(
            str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        )
    except OSError:
        return frozenset()


def names(origins: Origins | None, resolve: Resolve = addresses) -> Problem | Note:
    """A made-up workspace's name must lead where the portal's does. Browsers know *.localhost by themselves."""
    if origins is None:
        return Note(
            "shared-origin",
            "All workspaces share the portal's origin: a page of one may be led elsewhere by its address.",
            "With a wildcard domain each has its own: see 'workspace_domain' under [server] in rpp.toml.",
        )
    here, there = resolve(origins.portal_host), resolve(origins.host("doctor", "doctor"))
    if origins.portal_host.endswith("localhost") or (here and here & there):
        return Note("own-origins", f"Each workspace has an origin of its own below {origins.domain}.")
    found = "do not resolve" if not there else f"lead to {', '.join(sorted(there))}"
    wanted = (
        f"{origins.portal_host} to {', '.join(sorted(here))}" if here else f"{origins.portal_host} to nothing"
    )
    return Problem(
        "workspace-domain",
        f"Names below {origins.domain} {found}, and {wanted}: no workspace would open in a browser.",
        f"Let '*.{origins.domain}' lead to the address of {origins.portal_host} in the name server, and name both in the "
        "TLS certificate.",
    )
