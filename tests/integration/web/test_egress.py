"""The data manager's page of what went to browsers, the alarm that the worker notes, and a budget raised for a day."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from rpp_hub.domain.errors import Invalid, NotFound, NotPermitted
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.worker import work_once
from rpp_hub.workspace.config import Allowance
from rpp_hub.workspace.meter import Budget, Exhausted, Kind, Meter

from tests.factories import NOW, actor
from tests.integration.web.conftest import PortalWorld


def send(allowance: Allowance, *sizes: int) -> Meter:
    """As a supervisor counts."""
    meter = Meter(
        allowance.folder, Budget(allowance.total, allowance.slow_from, 1_000_000_000_000), NOW.timestamp
    )
    meter.raise_today(allowance.raised_day, allowance.raised_total)
    for size in sizes:
        with contextlib.suppress(Exhausted):
            asyncio.run(meter.let_pass(Kind.IMAGE, size))
    return meter


def test_a_pause_is_noted_once_shown_first_and_ends_with_a_raise(portal: PortalWorld) -> None:
    rpp = portal.rpp
    send(rpp.egress.allowance("alpha", "rosa"), 200_000_000, 100_000_000)
    send(rpp.egress.allowance("beta", "remy"), 5_000)
    for _ in range(2):
        work_once(rpp, {}, 0.0)
    events = portal.rpp.auditing.events(actor("ada"), AuditFilter(act="egress:alarm"))
    assert [e.subject for e in events] == ["workspace:alpha/rosa"]
    first, second = rpp.egress.days(actor("dora"))
    assert (first.project, first.state, first.alarms, first.spent) == ("alpha", "paused", 1, 200_000_000)
    assert (second.project, second.state) == ("beta", "open")
    page = portal.browser("dora").get("/services/rpp/egress").text
    assert "rosa's workspace of alpha is paused" in page
    assert page.index("alpha") < page.index("beta")
    assert rpp.egress.raise_today(actor("dora"), "alpha", "rosa", 310, "a large map") == 310_000_000
    assert rpp.egress.days(actor("dora"))[0].state == "slowed"
    meter = send(rpp.egress.allowance("alpha", "rosa"), 100_000_000)
    assert meter.spent == 300_000_000


def test_a_projects_own_budget_wins_and_only_a_member_can_have_more(portal: PortalWorld) -> None:
    egress = portal.rpp.egress
    object.__setattr__(portal.rpp.settings.egress, "projects", {"alpha": 10})
    assert egress.allowance("alpha", "rosa").total == 10_000_000
    assert egress.allowance("beta", "remy").total == 250_000_000
    with pytest.raises(NotFound):
        egress.raise_today(actor("dora"), "alpha", "remy", 300, "because")
    with pytest.raises(Invalid):
        egress.raise_today(actor("dora"), "alpha", "rosa", 300, " ")
    with pytest.raises(NotPermitted):
        egress.raise_today(actor("rosa"), "alpha", "rosa", 300, "because")


def test_what_is_no_count_is_passed_over(portal: PortalWorld) -> None:
    folder: Path = portal.rpp.egress.allowance("alpha", "rosa").folder
    folder.mkdir(parents=True)
    (folder / f"{NOW.date()}.count").write_bytes(b"half")
    (folder / "notes.count").write_bytes(b"")
    assert portal.rpp.egress.days(actor("dora")) == ()
    assert portal.rpp.egress.unnoted() == ()
