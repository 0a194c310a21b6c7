"""What became of a request, its release and the workspaces: read from the register, never half of a thing."""

from __future__ import annotations

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.actor import Actor, Via
from rpp_hub.domain.lifecycle import Decision, Status, Verdict
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.request_state import RequestView
from rpp_hub.services.requests import Submission

from tests.harness import Running

OWN = "attendance-gaps"


def actor(name: str) -> Actor:
    return Actor(name, Via.CLI)


def submit(rpp: Rpp, content: bytes) -> str:
    submission = Submission(
        "slow.ipynb",
        content,
        ("a:0",),
        "Number of students by year, all schools.",
        "Groups below ten are left out.",
    )
    return rpp.requests.submit(Actor("rosa", Via.WORKSPACE), OWN, submission).name


def seen(rpp: Rpp, request: str) -> RequestView:
    return rpp.requests.seen_by(actor("vera"), request)


def examined_or_not(rpp: Rpp, request: str) -> bool:
    """Never half: without the examination's date nothing of it is there, with it everything is."""
    view = seen(rpp, request)
    outputs = [i for i in view.items if i.identity != "source"]
    if view.examined_at is None:
        assert view.status is Status.SUBMITTED
        assert not any(i.reproduction or i.findings for i in view.items)
        return False
    assert outputs
    assert all(i.reproduction for i in outputs)
    return True


def released_or_not(own: Running, rpp: Rpp, request: str) -> bool:
    """Approved and no release, or released and one whole bundle."""
    before = seen(rpp, request).status
    listed = [r for r in rpp.releasing.list(actor("rosa")) if r.request == request]
    status = seen(rpp, request).status
    if status is not before:  # it happened between the looks
        return released_or_not(own, rpp, request)
    assert (status, len(listed)) in ((Status.APPROVED, 0), (Status.RELEASED, 1))
    return status is Status.RELEASED


def approve(rpp: Rpp, request: str) -> None:
    for reviewer in ("vera", "viktor"):
        view = rpp.requests.seen_by(actor(reviewer), request)
        verdicts = {i.identity: Verdict.APPROVE for i in view.items}
        rpp.reviewing.finish(actor(reviewer), request, view.round, Decision.RELEASE_APPROVED, verdicts)


def verify_release(own: Running, request: str) -> None:
    bundle = own.home / "releases" / f"{request}.zip"
    assert "whole and signed" in own.rpp("release", "verify", str(bundle)).stdout
    assert [p.name for p in bundle.parent.iterdir() if request in p.name] == [bundle.name]


def acts(rpp: Rpp, subject: str) -> list[str]:
    return [e.act for e in rpp.auditing.events(actor("otto"), AuditFilter(subject=subject, limit=1000))]


def closes(rpp: Rpp) -> list[str]:
    """Why workspaces closed, the last one last."""
    found = rpp.auditing.events(actor("otto"), AuditFilter(act="workspace:close", limit=1000))
    return [event.reason for event in found][::-1]


def whole(rpp: Rpp) -> None:
    """After each: the audit chain holds, and there is no request in between two states."""
    assert rpp.store.verify_audit().ok
    for view in rpp.requests.list(actor("vera")):
        examined_or_not(rpp, view.name)
