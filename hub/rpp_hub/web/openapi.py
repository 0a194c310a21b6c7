"""The API's description: what FastAPI finds out by itself, the one error shape, and how a caller shows who they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import rpp_hub
from rpp_hub.web.sessions import SESSION_COOKIE

CSRF_HEADER = "X-RPP-CSRF"
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_TEXT = {"type": "string"}
_ERROR = {
    "type": "object",
    "description": "The one shape of all errors: the first reason, and every reason.",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "refusals"],
            "additionalProperties": False,
            "properties": {
                "code": {**_TEXT, "description": "Stable: for programs."},
                "message": {**_TEXT, "description": "A sentence with the next step: for people."},
                "refusals": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["code", "reason"],
                        "additionalProperties": False,
                        "properties": {"code": _TEXT, "reason": _TEXT},
                    },
                },
            },
        }
    },
}
_SECURITY = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "A log-in through the hub.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "For every change: the token that `GET me` gives.",
    },
}
FAULTS = {
    400: "The request cannot be read.",
    401: "Nobody is logged in.",
    403: "This person may not, or the change came from elsewhere.",
    404: "There is no such thing, or this person may not know of it.",
    409: "Not now; or somebody else changed it first.",
    413: "More bytes than this door takes.",
    422: "What was sent cannot be understood.",
    503: "Something the installation needs is missing, full or busy.",
}


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of everything under the API's address."""
    made = get_openapi(
        title="rpp",
        version=rpp_hub.__version__,
        description="The pages' own services, for programs in the same browser session.",
        routes=app.routes,
    )
    components = made.setdefault("components", {})
    schemas = {k: v for k, v in components.get("schemas", {}).items() if "ValidationError" not in k}
    components["schemas"] = {**schemas, "Error": _ERROR}
    components["securitySchemes"] = _SECURITY
    for method, operation in _operations(made):
        operation["security"] = [{"session": [], **({"csrf": []} if method != "get" else {})}]
        operation["responses"] = {
            **{k: v for k, v in operation["responses"].items() if k != "422"},
            **{str(status): _answer(words) for status, words in FAULTS.items()},
        }
    return made


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in made.get("paths", {}).values():
        yield from ((method, operation) for method, operation in path.items() if method in _METHODS)


def _answer(words: str) -> dict[str, Any]:
    shape = {"schema": {"$ref": "#/components/schemas/Error"}}
    return {"description": words, "content": {"application/json": shape}}
