"""One route of the portal as somebody would use it, and who its people are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.approving import LETTER
from tests.integration.web.conftest import OLD_ENVIRONMENT, QUESTION, WAITING

# rosa leads alpha, remy leads beta, nina is registered and no more, ghost is known to the hub alone
PEOPLE = ("rosa", "remy", "vera", "dora", "paula", "otto", "ada", "dirk", "nina")
ALL = frozenset(PEOPLE)
SEES_PROJECTS = frozenset({"rosa", "dora", "paula", "dirk"})
AMENDS = frozenset({"rosa", "dora", "dirk"})
MANAGES = frozenset({"dora", "dirk"})
READERS = frozenset({"dora", "dirk", "otto"})
PAPER = "d0023"  # two papers of each of the eleven before it were seen elsewhere
SEES_REQUESTS = frozenset({"rosa", "vera"})
APPLICATION = "project: nothing"


@dataclass(frozen=True)
class Door:
    """A route as somebody would use it, and who gets past the permission check (to success, or to a rule that says not now)."""

    method: str
    template: str
    allowed: frozenset[str]
    form: dict[str, Any] = field(default_factory=dict)
    json: dict[str, Any] | None = None
    files: dict[str, bytes] = field(default_factory=dict)  # sent as multipart/form-data, with `form`
    query: str = ""

    @property
    def is_api(self) -> bool:
        return self.template.startswith(("/api/", "/workspace/"))

    @property
    def sha256(self) -> str:
        file = b"a scan" if "agreements" in self.template else LETTER.content
        return hashlib.sha256(file).hexdigest()

    @property
    def path(self) -> str:
        noun = self.template.removeprefix("/api").split("/")[1]
        name = {
            "projects": "alpha",
            "requests": "r0001",
            "releases": "e0001",
            "people": "rosa",
            "papers": PAPER,
            "agreements": "a0002",
            "ingress": "i0001",
            "environment": "p0001",
        }.get(noun, "")
        if self.template.endswith("/agreements/{name}/files/{sha256}"):
            name = "a0001"  # the umbrella agreement, which was signed elsewhere
        person = (
            "remy" if self.template.endswith("/certificate") else "rosa" if noun == "workspaces" else "nina"
        )
        return (
            self.template.format(
                name=name,
                identity="a:0",
                district="bayview",
                linkage="l0001",
                account="a0001",
                drop=WAITING,
                question=QUESTION,
                candidate="i-000000000000",
                sha256=self.sha256,
                role="director",
                person=person,
                project="alpha",
                cut="c0001",
                pair=1,
                version=OLD_ENVIRONMENT,
                number=1,
            )
            + self.query
        )


def get(template: str, allowed: frozenset[str] = ALL) -> Door:
    return Door("GET", template, allowed)


def post(template: str, allowed: frozenset[str], **form: Any) -> Door:
    return Door("POST", template, allowed, form)


def call(method: str, template: str, allowed: frozenset[str], json: dict[str, Any] | None = None) -> Door:
    return Door(method, template, allowed, json=json)


def send(template: str, allowed: frozenset[str], files: dict[str, bytes], **form: str) -> Door:
    return Door("POST", template, allowed, form, files=files)


def only(*names: str) -> frozenset[str]:
    return frozenset(names)
