"""The clock of the district's review: eight weeks, standing still in summer and while the applicants revise."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.domain.review_clock import (
    Round,
    Season,
    YearDay,
    due_day,
    next_opening,
    review_clock,
    running_days,
)

SUMMER = Season(YearDay(6, 15), YearDay(8, 15))
DAY = timedelta(days=1)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))
year_days = st.builds(YearDay, st.integers(1, 12), st.integers(1, 28))
seasons = st.builds(Season, year_days, year_days)


def test_eight_weeks_outside_of_summer_are_eight_weeks() -> None:
    clock = review_clock([Round(date(2026, 9, 1))], date(2026, 9, 15), 8, SUMMER)
    assert (clock.allowed, clock.used, clock.left, clock.due) == (56, 14, 42, date(2026, 10, 27))
    assert not clock.paused
    assert not clock.late


def test_what_comes_on_the_first_of_june_is_due_in_autumn() -> None:
    clock = review_clock([Round(date(2026, 6, 1))], date(2026, 7, 20), 8, SUMMER)
    assert clock.paused
    assert clock.used == 13  # 2 to 14 June
    assert clock.due == date(2026, 9, 27)


def test_a_revision_is_the_applicants_time() -> None:
    rounds = [Round(date(2026, 9, 1), date(2026, 9, 11)), Round(date(2026, 10, 1))]
    clock = review_clock(rounds, date(2026, 10, 5), 8, SUMMER)
    assert clock.used == 10 + 4
    assert clock.due == date(2026, 10, 1) + 46 * DAY
    waiting = review_clock(rounds[:1], date(2027, 1, 1), 8, SUMMER)
    assert (waiting.used, waiting.due) == (10, None)


def test_it_is_late_the_day_after_it_was_due() -> None:
    assert not review_clock([Round(date(2026, 9, 1))], date(2026, 10, 27), 8, None).late
    assert review_clock([Round(date(2026, 9, 1))], date(2026, 10, 28), 8, None).late


@settings(deadline=None)
@given(days, st.integers(0, 120), seasons)
def test_exactly_the_allowed_days_have_run_on_the_day_it_is_due(
    came: date, count: int, pause: Season
) -> None:
    if all(pause.holds(date(2001, 1, 1) + n * DAY) for n in range(365)):
        return  # a district that never works has no due day
    due = due_day(came, count, pause)
    assert running_days(came, due, pause) == count
    assert count == 0 or not pause.holds(due)
    assert count == 0 or running_days(came, due - DAY, pause) == count - 1


@settings(deadline=None)
@given(days, st.integers(0, 500), st.integers(0, 500), st.none() | seasons)
def test_days_add_up_and_never_run_backwards(came: date, one: int, more: int, pause: Season | None) -> None:
    middle, end = came + one * DAY, came + (one + more) * DAY
    assert running_days(came, middle, pause) + running_days(middle, end, pause) == running_days(
        came, end, pause
    )
    assert 0 <= running_days(came, middle, pause) <= one


@settings(deadline=None)
@given(days, st.integers(0, 60), st.integers(0, 200), st.integers(0, 60))
def test_however_long_the_applicants_take_the_district_has_its_eight_weeks(
    came: date, first: int, away: int, second: int
) -> None:
    answered = came + first * DAY
    again = answered + away * DAY
    today = again + second * DAY
    clock = review_clock([Round(came, answered), Round(again)], today, 8, SUMMER)
    assert clock.due is not None
    assert clock.used == running_days(came, answered, SUMMER) + running_days(again, today, SUMMER)
    if running_days(came, answered, SUMMER) <= clock.allowed:
        assert clock.late == (running_days(again, today, SUMMER) > running_days(again, clock.due, SUMMER))


@settings(deadline=None)
@given(days, seasons)
def test_the_clock_stands_still_on_every_day_of_the_pause(came: date, pause: Season) -> None:
    stopped = [came + n * DAY for n in range(1, 400) if pause.holds(came + n * DAY)]
    for day in stopped[:50]:
        assert running_days(came, day, pause) == running_days(came, day - DAY, pause)


@settings(deadline=None)
@given(days, st.lists(seasons, max_size=3))
def test_the_next_opening_is_the_first_day_of_a_window(today: date, windows: list[Season]) -> None:
    opening = next_opening(windows, today)
    if opening is None:
        assert not windows or any(w.holds(today) for w in windows)
        return
    assert any(w.holds(opening) for w in windows)
    between = [today + n * DAY for n in range((opening - today).days)]
    assert not any(w.holds(d) for w in windows for d in between)
