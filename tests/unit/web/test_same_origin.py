"""A change of state comes from a page of our own, or does not happen."""

from __future__ import annotations

import pytest
from rpp_hub.web.errors import Forged
from rpp_hub.web.same_origin import check_same_origin

HOST = {"host": "rpp.test:8000"}
OWN = "http://rpp.test:8000"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OWN},
        {"sec-fetch-site": "same-origin"},
        {"origin": OWN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"},
        {"origin": "https://rpp.test:8000", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
    ],
)
def test_our_own_pages_pass(headers: dict[str, str]) -> None:
    check_same_origin({**HOST, **headers})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://evil.example"},
        {"origin": "http://rpp.test:8001"},
        {"origin": "http://rpp.test:8000.evil.example"},
        {"origin": "http://rpp.test:8000@evil.example"},
        {"origin": "file://rpp.test:8000"},
        {"origin": "http://[bad"},
        {"origin": OWN, "sec-fetch-site": "same-site"},
        {"origin": OWN, "sec-fetch-site": "cross-site"},
        {"origin": OWN, "sec-fetch-site": "none"},
        {"origin": OWN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        check_same_origin({**HOST, **headers})


def test_a_request_without_a_host_is_refused() -> None:
    with pytest.raises(Forged):
        check_same_origin({"origin": OWN})
