"""Which requests of a browser reach the Jupyter Server: a closed table over normalised paths. Default: none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

PATH_LIMIT = 4096
QUERY_LIMIT = 4096
FIELDS = 32
_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[\x21-\x7e]*")
_KERNEL = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = r"[A-Za-z0-9._@:+-]{1,200}"


class Kind(StrEnum):
    """How the answer is treated: a page and an API answer are never stored, a static file may be."""

    PAGE = "page"
    STATIC = "static"
    API = "api"
    CONTENTS = "contents"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request that passes."""

    methods: frozenset[str]
    path: re.Pattern[str]
    kind: Kind
    refused_query: frozenset[str] = frozenset()
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """What is asked of the Jupyter Server in the browser's stead."""

    target: str
    kind: Kind
    by_itself: bool = False  # JupyterLab asks whether or not anybody is there, so it tells of nobody's work


@dataclass(frozen=True, slots=True)
class Barred:
    """Why not."""

    status: int
    code: str
    reason: str


PAUSED = Barred(
    429,
    "paused",
    "This workspace is paused: more has gone to your browser today than the project's daily budget lets pass. What you "
    "saved is there, and what you save now is kept. Ask the data manager to let more pass today, or go on after midnight UTC.",
)


def _route(
    methods: str, path: str, kind: Kind, refused: Iterable[str] = (), *, by_itself: bool = False
) -> Route:
    return Route(frozenset(methods.split()), re.compile(path), kind, frozenset(refused), by_itself)


# A file's bytes leave the workspace only as a released output.
_CONTENTS = ("download", "format=base64")

ROUTES = (
    _route("GET", r"", Kind.PAGE),
    _route("GET", r"lab/extensions/.+", Kind.STATIC),
    _route("GET", r"lab/api/translations(/.*)?", Kind.API),
    _route("GET", r"lab/api/themes/.+", Kind.STATIC),
    _route("GET PUT", r"lab/api/settings(/.*)?", Kind.API),
    _route(
        "GET PUT DELETE", r"lab/api/workspaces(/.*)?", Kind.API, by_itself=True
    ),  # its layout, every few seconds
    _route("GET", r"lab(/(?!api(/|$)|extensions(/|$)).*)?", Kind.PAGE),
    _route("GET HEAD", r"static/.+", Kind.STATIC),
    _route("GET", r"(lab/)?favicon\.ico", Kind.STATIC),
    _route("GET", r"kernelspecs/[A-Za-z0-9._-]+/logo-[A-Za-z0-9.-]+", Kind.STATIC),
    _route("GET", r"oauth_callback", Kind.PAGE),
    _route("GET", r"logout", Kind.PAGE),
    _route("GET", r"api/?", Kind.API),
    _route("GET", r"api/(status|me)", Kind.API),
    _route("GET", rf"api/kernelspecs(/{_NAME})?", Kind.API),
    _route("GET PUT PATCH", rf"api/config/{_NAME}", Kind.API),
    _route("GET POST PUT PATCH DELETE", r"api/contents(/.*)?", Kind.CONTENTS, _CONTENTS),
    _route("GET POST", r"api/kernels", Kind.API),
    _route("GET DELETE", rf"api/kernels/{_KERNEL}", Kind.API),
    _route("POST", rf"api/kernels/{_KERNEL}/(interrupt|restart)", Kind.API),
    _route("GET", rf"api/kernels/{_KERNEL}/channels", Kind.WEBSOCKET),
    _route("GET POST", r"api/sessions", Kind.API),
    _route("GET PATCH DELETE", rf"api/sessions/{_KERNEL}", Kind.API),
    _route("GET", r"api/events/subscribe", Kind.WEBSOCKET),
    _route("POST", r"api/events", Kind.API, by_itself=True),
    _route("GET POST PUT PATCH DELETE", r"rpp(/.*)?", Kind.API),
)

# What may be saved from a browser: notebooks, and what a person writes in the editor. Everything else would be an upload.
_WRITTEN = re.compile(
    r"api/contents/(.*/)?[^/]+\.(ipynb|cfg|do|ini|md|py|r|rmd|rst|sas|sps|sql|tex|toml|txt|yaml|yml)",
    re.IGNORECASE,
)

# Parts of the contents API that give a file by another way, or run what came from elsewhere.
_CLOSED_CONTENTS = re.compile(r"api/contents/(.*/)?(checkpoints(/[^/]*)?|trust)")


def decide(method: str, target: str, base: str, *, websocket: bool) -> Passed | Barred:
    """`target` is the request line's, `base` the workspace's own prefix ('/user/alice/project/')."""
    path, _, query = target.partition("?")
    segments = _segments(path)
    if segments is None:
        return Barred(400, "path", "This address is not written in the one way that is accepted here.")
    inside = _below(segments, base)
    if inside is None:
        return Barred(404, "elsewhere", "This address lies outside of this workspace.")
    fields = _fields(query)
    if fields is None:
        return Barred(400, "query", "The question part of this address cannot be understood.")
    return _match(method, inside, fields, base, websocket)


def _match(
    method: str, inside: str, fields: list[tuple[str, str]], base: str, websocket: bool
) -> Passed | Barred:
    if _CLOSED_CONTENTS.fullmatch(inside):
        return Barred(403, "closed", "Checkpoints and trust are not available in this workspace.")
    found = [route for route in ROUTES if route.path.fullmatch(inside)]
    if not found:
        return Barred(404, "closed", "There is no such thing in this workspace.")
    allowed = [r for r in found if method in r.methods and (r.kind is Kind.WEBSOCKET) == websocket]
    if not allowed:
        return Barred(405, "method", "This cannot be done with this address.")
    if method == "PUT" and allowed[0].kind is Kind.CONTENTS and _WRITTEN.fullmatch(inside) is None:
        return Barred(
            403,
            "upload",
            "Files are not uploaded into a workspace: offer them on the project's page in the portal.",
        )
    refused = _refused_fields(allowed[0], fields)
    if refused:
        return Barred(
            403, "download", f"Files are not downloaded from a workspace ('{refused}'): ask for a release."
        )
    encoded = base + "/".join(quote(part, safe="@:+,;=!$&'()*~") for part in inside.split("/"))
    asked = urlencode(fields)
    if (
        len(encoded) > PATH_LIMIT or len(asked) > QUERY_LIMIT
    ):  # written out, an address can be three times as long
        return Barred(400, "path", "This address is too long.")
    return Passed(encoded + (f"?{asked}" if asked else ""), allowed[0].kind, allowed[0].by_itself)


def _segments(path: str) -> list[str] | None:
    """The path's parts, decoded once; None for whatever two readers could read in two ways."""
    if (
        not path.startswith("/")
        or len(path) > PATH_LIMIT
        or _PLAIN.fullmatch(path) is None
        or _ENCODED.search(path)
    ):
        return None
    try:
        parts = [unquote_to_bytes(part).decode("utf-8") for part in path[1:].split("/")]
    except UnicodeDecodeError:
        return None
    if any(part == "" for part in parts[:-1]) or not all(map(_is_plain_name, parts)):
        return None
    return parts


def _is_plain_name(part: str) -> bool:
    return part not in (".", "..") and not any(
        letter in "/\\#?" or ord(letter) < 32 or ord(letter) == 127 for letter in part
    )


def _below(segments: list[str], base: str) -> str | None:
    prefix = [
        unquote_to_bytes(part).decode("utf-8", "replace") for part in base.strip("/").split("/") if part
    ]
    if segments[: len(prefix)] != prefix or len(segments) == len(prefix):
        return None
    return "/".join(segments[len(prefix) :])


def _fields(query: str) -> list[tuple[str, str]] | None:
    if len(query) > QUERY_LIMIT or _PLAIN.fullmatch(query) is None or _ENCODED.search(query):
        return None
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return None
    # A token in an address would let a link log somebody in, or a script in.
    return None if any(name == "token" for name, _ in fields) else fields


def _refused_fields(route: Route, fields: list[tuple[str, str]]) -> str | None:
    for name, value in fields:
        for written in (name, f"{name}={value}".lower()):
            if written in route.refused_query:
                return written
    return None
