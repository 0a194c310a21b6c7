"""Moments, numbers and findings in words."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from rpp_hub.domain.counts import counted
from rpp_hub.web.headers import review_policy
from rpp_hub.web.templating import ago, detail_words, grouped, is_over, moment

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (5, "just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (7200, "2 hours ago"),
        (90000, "1 day ago"),
    ],
)
def test_an_age_in_words(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_moment_says_its_zone() -> None:
    assert "24 November 2026, 07:00 UTC" in moment(NOW - timedelta(hours=2), NOW)
    assert "2026-11-24T07:00:00+00:00" in moment("2026-11-24T07:00:00+00:00", NOW)
    assert "not yet" in moment(None, NOW)


def test_numbers_and_dates() -> None:
    assert counted(1, "item") == "1 item"
    assert counted(20412, "row") == "20,412 rows"
    assert counted(2, "look needed", "looks needed") == "2 looks needed"
    assert is_over(None, NOW)
    assert is_over(date(2026, 11, 23), NOW)
    assert not is_over(date(2026, 11, 24), NOW)


def test_findings_that_differ_in_place_only_are_told_once_gravest_first() -> None:
    one = {
        "check": "c",
        "outcome": "review",
        "summary": "s",
        "why": "w",
        "remedy": "r",
        "where": "row 1",
        "identity": "a:0",
    }
    told = grouped([one, {**one, "where": "row 2"}, {**one, "outcome": "fail"}])
    assert [(f["outcome"], f["places"]) for f in told] == [
        ("fail", ["row 1"]),
        ("review", ["row 1", "row 2"]),
    ]


def test_a_review_page_runs_one_script_of_ours_and_a_strange_host_gets_no_say_in_the_policy() -> None:
    assert "script-src rpp.test:8000/services/rpp/static/review.js;" in review_policy("rpp.test:8000")
    for host in ("", "[::1]:8000", "x; script-src *", "x 'unsafe-inline'", "*"):
        assert "script-src 'self';" in review_policy(host)


def test_an_events_detail_is_read_without_brackets_and_with_short_hashes() -> None:
    detail = json.dumps(
        {"rows": {"staff": 1215, "tests": 78752}, "sha256": "ab" * 32, "decided": True, "tables": ["a", "b"]}
    )
    assert (
        detail_words(detail)
        == f"rows staff 1,215, tests 78,752 · sha256 {'ab' * 6}… · decided yes · tables a, b"
    )
