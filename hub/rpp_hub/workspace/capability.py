"""Which person in which project a request from a workspace stands for: a short signed text, made and checked here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from rpp_hub.domain.errors import NotPermitted

VERSION = "v1"
_PART = re.compile(r"[A-Za-z0-9._@+-]{1,200}")
_FORM = re.compile(r"v1\.(?P<body>[A-Za-z0-9_-]{1,800})\.(?P<tag>[0-9a-f]{64})")
_BODY = re.compile(
    rb"(?P<person>[A-Za-z0-9._@+-]{1,200})\n(?P<project>[A-Za-z0-9._@+-]{1,200})\n(?P<expires>[0-9]{1,12})"
)
MINIMUM_SECRET = 16


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who the capability was made for."""

    person: str
    project: str


class InvalidCapability(NotPermitted):
    """The workspace's capability is not one of ours, or its time is over."""

    code = "invalid-capability"


def mint(secret: bytes, person: str, project: str, expires: datetime) -> str:
    """A capability for one person's workspace in one project, until `expires` (which knows its time zone)."""
    if len(secret) < MINIMUM_SECRET or expires.tzinfo is None:
        raise ValueError(f"a secret of at least {MINIMUM_SECRET} bytes and a time with a zone are needed")
    if _PART.fullmatch(person) is None or _PART.fullmatch(project) is None:
        raise ValueError("person and project are short names")
    body = f"{person}\n{project}\n{int(expires.timestamp())}".encode()
    encoded = base64.urlsafe_b64encode(body).decode().rstrip("=")
    return f"{VERSION}.{encoded}.{_tag(secret, encoded)}"


def verify(secret: bytes, token: str, now: datetime | None = None) -> Bearer:
    """Raises InvalidCapability, with one sentence for all that is wrong but the time."""
    form = _FORM.fullmatch(token)
    if form is None or not hmac.compare_digest(_tag(secret, form["body"]), form["tag"]):
        raise InvalidCapability("This workspace's capability is not valid here.")
    body = _BODY.fullmatch(_decode(form["body"]))
    if body is None:
        raise InvalidCapability("This workspace's capability is not valid here.")
    if (now or datetime.now(UTC)).timestamp() >= int(body["expires"]):
        raise InvalidCapability(
            "This workspace's capability has expired; stop the workspace and open it again."
        )
    return Bearer(body["person"].decode(), body["project"].decode())


def _decode(encoded: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        return b""


def _tag(secret: bytes, encoded: str) -> str:
    return hmac.new(secret, f"rpp-workspace-{VERSION}\n{encoded}".encode(), hashlib.sha256).hexdigest()
