"""Which origin has each workspace, where a wildcard domain is configured? One for each person and project, below the portal's."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_LABEL_BYTES = 15
_WORKSPACE = re.compile(r"/user/([^/]+)/([^/]+)/?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Origins:
    """The portal's own origin, and the domain whose names are workspaces."""

    portal: str
    domain: str

    @property
    def portal_host(self) -> str:
        """Without the port, as a proxy routes by it."""
        return urlsplit(self.portal).hostname or ""

    def host(self, person: str, project: str) -> str:
        """A workspace's name: it gives nobody's name away, neither in a name server's log nor on the line."""
        mark = hashlib.sha256(f"{person}\0{project}".encode()).digest()[:_LABEL_BYTES]
        return f"{base64.b32encode(mark).decode().lower()}.{self.domain}"

    def of(self, person: str, project: str) -> str:
        """A workspace's origin."""
        parts = urlsplit(self.portal)
        port = "" if parts.port is None else f":{parts.port}"
        return f"{parts.scheme}://{self.host(person, project)}{port}"

    def host_of_path(self, path: str) -> str:
        """Which host serves a path: a workspace's own, or the portal's."""
        found = _WORKSPACE.fullmatch(path)
        return self.host(unquote(found[1]), unquote(found[2])) if found else self.portal_host


def fault(origin: str, domain: str) -> str:
    """Why these two cannot be used; empty if they can. Both are empty where workspaces share the portal's origin."""
    if not domain:
        return "" if not origin or _is_origin(origin) else _NO_ORIGIN.format(origin)
    if not _is_origin(origin):
        return _NO_ORIGIN.format(origin)
    host = urlsplit(origin).hostname or ""
    if _HOST.fullmatch(domain) is None or len(domain) > 200:
        return f"workspace_domain = {domain!r} is no domain: write it in lower case and without a star, like w.rpp.example.org"
    if not domain.endswith(f".{host}"):
        return (
            f"workspace_domain = {domain!r} must lie below {host!r}: browsers refuse the log-in of a frame from "
            "anywhere else"
        )
    if origin.startswith("http://") and host != "localhost" and not host.endswith(".localhost"):
        return "workspaces of their own origin need TLS: write origin as https://…"
    return ""


_NO_ORIGIN = "origin = {!r} is not the portal's public address: write https://, the name and, if need be, the port, without a path"


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    return parts.scheme in ("http", "https") and plain and _HOST.fullmatch(parts.hostname or "") is not None
