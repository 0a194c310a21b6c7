"""No threat is silently absent: each has a status, and each status its tests or its reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.harness import CHECKOUT
from tests.redteam.catalogue import CATALOGUE, GROUPS, HIGHEST, Status, Threat
from tests.redteam.nodes import exists


def ident(threat: Threat) -> str:
    return threat.id


def test_every_threat_is_there_once_in_its_order() -> None:
    wanted = [f"{group}{number}" for group in GROUPS for number in range(1, HIGHEST[group] + 1)]
    assert [threat.id for threat in CATALOGUE] == wanted


@pytest.mark.parametrize("threat", CATALOGUE, ids=ident)
def test_a_status_is_shown_by_tests_that_exist_or_has_its_reason(threat: Threat) -> None:
    assert threat.tests or threat.status is Status.OPEN
    assert threat.reason or threat.status is not Status.OPEN
    for name in threat.tests:
        assert exists(name), name


def test_nothing_is_installed_that_opens_a_way_in_or_out() -> None:
    ways = {
        "jupyter-server-proxy",
        "jupyter-lsp-proxy",
        "jupyter-resource-usage",
        "jupyter-collaboration",
        "nbgitpuller",
    }
    lists = {path.name: _names(path) for path in (CHECKOUT / "requirements").glob("*.txt")}
    assert len(lists) >= 3
    assert not [name for names in lists.values() for name in names & ways]
    assert not lists["workspace.txt"] & {"sqlalchemy-utils", "paramiko", "boto3", "s3fs"}


def test_every_package_is_pinned_by_its_hash() -> None:
    for path in (CHECKOUT / "requirements").glob("*.txt"):
        blocks = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8").strip(), flags=re.IGNORECASE)
        pinned = [block for block in blocks if not block.startswith("#")]
        assert pinned
        assert not [block for block in pinned if "==" not in block or "--hash=sha256:" not in block]
    for lock in ("deploy/proxy/package-lock.json", "extensions/rpp-lab/package-lock.json"):
        packages = json.loads((CHECKOUT / lock).read_text(encoding="utf-8"))["packages"]
        assert not [n for n, p in packages.items() if n and not p.get("link") and not p.get("integrity")]


def _names(path: Path) -> set[str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name.lower().replace("_", "-") for name in found}
