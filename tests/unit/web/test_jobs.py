"""Long work is done once at a time, and always ends in a state that a page can show."""

from __future__ import annotations

import time
from threading import Event

import pytest
from rpp_hub.domain.errors import ActionRefused, Unavailable
from rpp_hub.warehouse.progress import Progress
from rpp_hub.web.jobs import Job, Jobs, JobState


def ended(jobs: Jobs, key: str) -> Job:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        job = jobs.get(key)
        if job is not None and job.state is not JobState.RUNNING:
            return job
        time.sleep(0.01)
    raise TimeoutError(key)


def test_the_same_work_does_not_run_twice_at_once() -> None:
    jobs, go = Jobs(), Event()
    jobs.start("cut:alpha", "Cutting", "dora", lambda _say: go.wait(10))
    with pytest.raises(ActionRefused, match="dora started this already"):
        jobs.start("cut:alpha", "Cutting", "dan", lambda _say: None)
    assert len(jobs.running()) == 1
    go.set()
    assert ended(jobs, "cut:alpha").state is JobState.DONE
    jobs.start("cut:alpha", "Cutting", "dan", lambda _say: "again")
    assert ended(jobs, "cut:alpha").result == "again"


def test_progress_is_seen_while_it_runs() -> None:
    jobs, told, go = Jobs(), Event(), Event()

    def work(say: Progress) -> None:
        say("checking attendance", 1, 3)
        told.set()
        go.wait(10)

    jobs.start("x", "Checking", "dora", work)
    assert told.wait(10)
    job = jobs.get("x")
    assert job is not None
    assert (job.what, job.done, job.total) == ("checking attendance", 1, 3)
    go.set()
    ended(jobs, "x")


def test_a_refusal_is_kept_as_its_sentences() -> None:
    def full(_say: Progress) -> None:
        raise Unavailable("The disk is full.", code="disk-full")

    jobs = Jobs()
    jobs.start("x", "Cutting", "dora", full)
    assert [r.code for r in ended(jobs, "x").refusals] == ["disk-full"]


def test_an_unexpected_failure_says_its_kind_but_not_its_words() -> None:
    def broken(_say: Progress) -> None:
        raise KeyError("Maria Lopez 123456")

    jobs = Jobs()
    jobs.start("x", "Cutting", "dora", broken)
    job = ended(jobs, "x")
    assert job.state is JobState.FAILED
    assert "KeyError" in job.refusals[0].reason
    assert "Lopez" not in job.refusals[0].reason
