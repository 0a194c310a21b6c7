"""Letters that no database keeps are refused by name, on both databases, wherever they come in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Place
from tests.integration.web.browser import OWN
from tests.integration.web.conftest import PortalWorld, open_world


@pytest.fixture
def world(place: Place, tmp_path: Path) -> Iterator[PortalWorld]:
    with open_world(tmp_path / "instance", url=place.url) as portal:
        yield portal


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"], ids=["no letter", "half a letter"])
def test_a_text_that_cannot_be_kept_is_no_fault_of_ours(world: PortalWorld, text: str) -> None:
    dora = world.browser("dora")
    headers = {**OWN, "Sec-Fetch-Mode": "cors", "X-RPP-CSRF": dora.csrf, "Content-Type": "application/json"}
    for method, path, body in (
        ("POST", "/projects/alpha/discussion", {"kind": "found", "text": f"Few {text} absences."}),
        ("PUT", "/people/rosa/email", {"email": text}),
        ("POST", "/people/rosa/affiliation", {"institution": text}),
        ("POST", "/agreements/umbrella", {"district": "bayview", "starts": "2027-01-01", "reason": text}),
        ("POST", "/projects/alpha/close", {"reason": text}),
        ("GET", "/projects?district=a%00b", None),
        ("GET", "/projects/a%00b", None),
        ("GET", "/audit?actor=a%00b", None),
    ):
        content = json.dumps(body) if body else None  # the escape, as JSON has it
        answer = dora.ask(method, f"/api{path}", headers=headers, content=content)
        assert answer.status_code < 500, f"{method} {path}: {answer.text}"
