"""What `make bench` prints, without the measuring."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from tests.bench.__main__ import LIMITS, Figure, figure


def test_a_figure_is_one_json_object_of_the_promised_form() -> None:
    line = json.dumps(asdict(figure("rerun", [(1.0, 2.0), (1.2, 2.0), (5.0, 2.0)])))
    assert "\n" not in line
    assert json.loads(line) == {"name": "rerun", "value": 1.2, "unit": "s", "versus": 2.0, "ratio": 0.6}


def test_the_ratio_is_the_median_of_the_pairs_and_not_of_the_sides() -> None:
    # a machine that slows down for both in one pair must not count against either
    assert figure("x", [(1.0, 1.0), (8.0, 10.0), (1.0, 1.0)]) == Figure("x", 1.0, "s", 1.0, 1.0)


def test_one_slow_run_does_not_move_the_figure() -> None:
    assert figure("x", [(1.0, 2.0)] * 4 + [(60.0, 2.0)]).ratio == 0.5


def test_pairs_that_were_not_measured_are_no_figure() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        figure("x", [])


def test_starts_and_reruns_have_the_limits_that_were_promised() -> None:
    promised = {"workspace_cold_start": 0.7, "first_cell_cold": 0.8, "rerun": 1.3}
    assert {name: LIMITS[name] for name in promised} == promised
