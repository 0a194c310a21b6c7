"""`make redteam`: runs the tests of every threat and prints what became of each; JSON lines with --json.

1 when a threat that counts as blocked or measured was not shown to be; what cannot be run on this machine is said.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pytest

from tests.redteam.catalogue import CATALOGUE, GROUPS, Status, Threat
from tests.redteam.nodes import exists, node


class Shown(StrEnum):
    """What this run has to say of a threat."""

    YES = "shown"
    NOT_HERE = "cannot be tried here"
    NO = "NOT SHOWN"
    NONE = ""


@dataclass(eq=False)
class Results:
    """A plugin that keeps how each test function ended: the worst of its cases counts."""

    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("[")[0].removeprefix("tests/").replace(".py::", "::")
        if report.failed:
            self.failed.setdefault(name, str(report.longrepr)[-400:])
        elif report.skipped:
            self.skipped.setdefault(name, str(report.longrepr))
        elif report.when == "call":
            self.passed.add(name)


def main() -> int:
    """Each test runs once, however many threats it stands for."""
    parser = argparse.ArgumentParser(prog="tests.redteam", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="one JSON object a threat")
    parser.add_argument("ids", nargs="*", help="only these threats")
    given = parser.parse_args()
    chosen = [threat for threat in CATALOGUE if not given.ids or threat.id in given.ids]
    results = Results()
    names = sorted({test for threat in chosen for test in threat.tests})
    if names:
        pytest.main(["-q", "--no-header", "--tb=no", *map(node, filter(exists, names))], plugins=[results])
    told = {threat.id: shown(threat, results) for threat in chosen}
    print("\n".join(_json_lines(chosen, told) if given.json else table(chosen, told)))
    return 1 if Shown.NO in told.values() else 0


def shown(threat: Threat, results: Results) -> Shown:
    """A case that was left out does no harm where others of the same test ran."""
    if not threat.tests:
        return Shown.NONE
    if any(test in results.failed for test in threat.tests):
        return Shown.NO
    if any(test in results.passed for test in threat.tests):
        return Shown.YES
    return Shown.NOT_HERE if all(test in results.skipped for test in threat.tests) else Shown.NO


def table(chosen: Iterable[Threat], told: Mapping[str, Shown]) -> Iterable[str]:
    """Grouped as the catalogue is."""
    listed = list(chosen)
    for group, title in GROUPS.items():
        rows = [threat for threat in listed if threat.id.startswith(group)]
        if rows:
            yield f"\n{title}"
        for threat in rows:
            yield f"  {threat.id:<4} {threat.status:<20} {told[threat.id]:<20} {threat.title}"
            if threat.reason:
                yield f"       {threat.reason}"
    counts = {status: sum(threat.status is status for threat in listed) for status in Status}
    yield "\n" + ", ".join(f"{number} {status}" for status, number in counts.items())
    missing = [ident for ident, how in told.items() if how is Shown.NO]
    if missing:
        yield f"Not shown in this run: {', '.join(missing)}"


def _json_lines(chosen: Iterable[Threat], told: Mapping[str, Shown]) -> Iterable[str]:
    for threat in chosen:
        yield json.dumps(
            {"id": threat.id, "title": threat.title, "status": threat.status, "reason": threat.reason,
             "shown": told[threat.id], "tests": threat.tests}
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
