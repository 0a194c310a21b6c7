"""Which headers pass the relay, and what is added so that a page of the workspace reaches nothing but the workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rpp_hub.workspace.routes import Barred, Kind

Headers = list[tuple[str, str]]

HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers "
    "transfer-encoding upgrade content-length".split()
)
# Compression would make the meter count less than the browser gets; the rest is the server's business with nobody.
DROPPED_REQUEST = HOP_BY_HOP | {
    "accept-encoding",
    "authorization",
    "expect",
    "host",
    "range",
    "if-range",
    "origin",
}
DROPPED_RESPONSE = HOP_BY_HOP | {
    *(
        "content-security-policy",
        "content-security-policy-report-only",
        "cache-control",
        "content-disposition",
    ),
    *("access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"),
    *(
        "server",
        "x-content-type-options",
        "referrer-policy",
        "link",
        "refresh",
        "sourcemap",
        "report-to",
        "nel",
    ),
    *("service-worker-allowed", "clear-site-data", "date"),
}
NOBODY = "'none'"
SAFE_METHODS = frozenset({"GET", "HEAD"})


def request_refusal(method: str, headers: Mapping[str, str], kind: Kind) -> Barred | None:
    """Why a request is not one of this workspace's own pages."""
    host = headers.get("Host", "")
    if HOST.fullmatch(host) is None:
        return Barred(400, "host", "The Host header is missing or malformed.")
    if "Authorization" in headers:
        return Barred(403, "token", "A workspace is opened in a browser; tokens are not accepted here.")
    if headers.get("Service-Worker", "").lower() == "script":
        return Barred(403, "service-worker", "A page of a workspace may not leave a service worker behind.")
    return _origin_refusal(method, headers, kind, host)


def _origin_refusal(method: str, headers: Mapping[str, str], kind: Kind, host: str) -> Barred | None:
    barred = Barred(403, "origin", "This request does not come from a page of this workspace.")
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "").lower()
    changes = kind is Kind.WEBSOCKET or method not in SAFE_METHODS
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        return barred
    if changes and site not in ("", "same-origin"):
        return barred
    if changes and origin is None and site != "same-origin":
        return barred
    if kind in (Kind.API, Kind.CONTENTS, Kind.STATIC) and site not in ("", "same-origin", "none"):
        return barred
    return None


def request_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """What the Jupyter Server gets to see."""
    listed = list(headers)
    named = _named_by_connection(listed)
    return [
        (n, v)
        for n, v in listed
        if n.lower() not in DROPPED_REQUEST | named and not n.lower().startswith("x-rpp-")
    ]


def response_headers(
    headers: Iterable[tuple[str, str]], kind: Kind, host: str, base: str, framed_by: str = NOBODY
) -> Headers:
    """What the browser gets to see."""
    listed = list(headers)
    named = _named_by_connection(listed)
    kept = [
        (n, v) for n, v in listed if n.lower() not in DROPPED_RESPONSE | named and not _reaches_others(n, v)
    ]
    return [*kept, *protection(host, base, framed_by), ("Cache-Control", _cache_control(kind, listed))]


def _reaches_others(name: str, value: str) -> bool:
    """A cookie with a domain is one for other hosts, too."""
    return name.lower() == "set-cookie" and re.search(r";\s*domain\s*=", value, re.IGNORECASE) is not None


def protection(host: str, base: str, framed_by: str = NOBODY) -> Headers:
    """The headers every answer of the relay carries, its own refusals too."""
    return [
        ("Content-Security-Policy", content_security_policy(host, base, framed_by)),
        ("X-Content-Type-Options", "nosniff"),
        ("Server", "rpp"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("X-DNS-Prefetch-Control", "off"),
        (
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=()",
        ),
    ]


def content_security_policy(host: str, base: str, framed_by: str = NOBODY) -> str:
    """Bound to the workspace's own path, so that it cannot read another of the same person's; no downloads, no popups.

    JupyterLab needs 'unsafe-eval' (ajv compiles its schemas). Leaving out allow-downloads blocks downloads.
    """
    pages = f"http://{host}{base} https://{host}{base}"
    sockets = f"ws://{host}{base} wss://{host}{base}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {pages} 'unsafe-eval'",
            f"style-src {pages} 'unsafe-inline'",
            f"img-src {pages} data: blob:",
            f"font-src {pages} data:",
            f"connect-src {pages} {sockets}",
            f"worker-src {pages} blob:",
            "form-action 'none'",
            "base-uri 'none'",
            "object-src 'none'",
            f"frame-ancestors {framed_by}",
            "sandbox allow-same-origin allow-scripts allow-forms allow-modals",
        )
    )


def is_local_redirect(location: str) -> bool:
    """A redirection stays on the same host."""
    return location.startswith("/") and not location.startswith(("//", "/\\")) and location.isprintable()


def _cache_control(kind: Kind, headers: Headers) -> str:
    given = next((value for name, value in headers if name.lower() == "cache-control"), "no-cache")
    return given if kind is Kind.STATIC else "no-store"


def _named_by_connection(headers: Headers) -> frozenset[str]:
    return frozenset(
        token.strip().lower()
        for name, value in headers
        if name.lower() == "connection"
        for token in value.split(",")
    )
