"""What did the panel ask for? A request's fields, checked before a file is touched. Pure."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rpp_review.provenance import Record
from rpp_review.server.refused import Refused

MOST_OUTPUTS = 500
SHORTEST_TEXT = 10
LONGEST_TEXT = 5_000
LONGEST_IDENTITY = 200
BODY_LIMIT = 256 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REQUEST = re.compile(r"r[0-9]{1,12}")
_FIELDS = frozenset({"path", "sha256", "outputs", "context", "controls"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which outputs of which file, as the person saw it; `replaces` names a request that was sent back."""

    path: str
    sha256: str
    outputs: tuple[str, ...]
    context: str
    controls: str
    replaces: str | None = None

    def submission(self, notebook: bytes, provenance: Record) -> dict[str, Any]:
        """The body for the portal."""
        body: dict[str, Any] = {
            "name": PurePosixPath(self.path).name,
            "notebook": base64.b64encode(notebook).decode("ascii"),
            "outputs": list(self.outputs),
            "context": self.context,
            "controls": self.controls,
            "provenance": provenance.document(),
        }
        return body if self.replaces is None else body | {"replaces": self.replaces}


def read_asked(body: bytes) -> Asked:
    """Refuses what is missing, of the wrong kind or unknown, by name."""
    if len(body) > BODY_LIMIT:
        raise Refused(
            413, "too-large", "Context and controls are too long together. Shorten them, then send again."
        )
    fields = _fields(body)
    replaces = fields.get("replaces")
    if replaces is not None and (not isinstance(replaces, str) or not _REQUEST.fullmatch(replaces)):
        raise Refused(422, "bad-replaces", "The request to send again is not named as one, such as 'r0001'.")
    sha256 = fields["sha256"]
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise Refused(
            422, "bad-sha256", "It is not said which version of the notebook was seen. Refresh the panel."
        )
    return Asked(
        path=_notebook_path(fields["path"]),
        sha256=sha256,
        outputs=_outputs(fields["outputs"]),
        context=_words("context", fields["context"], "Say what the outputs are and whom they describe."),
        controls=_words("controls", fields["controls"], "Say what was done against disclosure."),
        replaces=replaces,
    )


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise Refused(422, "not-json", "What was sent is not a JSON object. Reload the page, then try again.")
    wrong = (_FIELDS - fields.keys()) | (fields.keys() - _FIELDS - {"replaces"})
    if wrong:
        raise Refused(
            422,
            "fields",
            f"These fields are missing or unknown: {', '.join(sorted(map(repr, wrong)))[:200]}.",
        )
    return fields


def _notebook_path(path: object) -> str:
    if not isinstance(path, str) or not path.endswith(".ipynb"):
        raise Refused(
            422, "not-a-notebook", "Outputs are reviewed from a notebook (.ipynb). Open one, then try again."
        )
    return path


def _outputs(outputs: object) -> tuple[str, ...]:
    listed = outputs if isinstance(outputs, list) else []
    identities = [o for o in listed if isinstance(o, str) and 0 < len(o) <= LONGEST_IDENTITY]
    if not 0 < len(identities) <= MOST_OUTPUTS or len(identities) != len(listed):
        raise Refused(422, "no-outputs", f"Tick at least one output, and at most {MOST_OUTPUTS}.")
    return tuple(dict.fromkeys(identities))


def _words(name: str, text: object, ask: str) -> str:
    if not isinstance(text, str) or len(text.strip()) < SHORTEST_TEXT:
        raise Refused(422, f"bad-{name}", f"{ask} At least {SHORTEST_TEXT} characters are needed.")
    if len(text) > LONGEST_TEXT:
        raise Refused(422, f"bad-{name}", f"The {name} is longer than {LONGEST_TEXT} characters. Shorten it.")
    return text.strip()
