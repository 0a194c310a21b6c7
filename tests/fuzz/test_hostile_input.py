"""The fuzzer's targets for a short while at every test run, and ten thousand paths, names and headers made to deceive."""

from __future__ import annotations

import itertools
import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.workspace.policy import request_headers, request_refusal
from rpp_hub.workspace.routes import Kind, Passed, decide
from rpp_review.server.folder import Folder
from rpp_review.server.refused import Refused

from tests.fuzz.targets import BASE, SEEDS, Target, check_passed, header_rules, targets

SEED = 20261124
MANY = 10_000
PURE = ("routes", "headers", "configuration", "order", "capability", "messages", "control")
WIRED = ("relay", "gateway")
PIECES = (
    *("..", ".", "", "%2e%2e", "%2E.", "%252e%252e", "..%2f", "%2f", "%5c", "\\", "/", "//", "///", ";", ";a=b", "%00", "\0"),
    *("?", "#", "%23", "%3f", "&", "token=x", "?token=x", "?download=1", "?format=base64&type=file", "?Download=1", "%0d%0aX: y"),
    *("files", "files/x.ipynb", "FILES", "nbconvert/html", "terminals/websocket/1", "view", "lsp/ws", "lab/api/build"),
    *("api", "api/contents", "api/terminals", "api/kernels", "api/contents/x/checkpoints", "api/contents/x/trust", "api/nbconvert"),
    *("lab", "lab/tree", "static", "rpp", "hub/api/user", "user/bob/gaps", "~", "etc/passwd", "proc/self/environ", ".ssh", "CON"),
    *("é", "%c3%a9", "%ff", "%c0%ae%c0%ae", "%e2%80%ae", "\u202e", "\u200b", "x" * 300, "%", "%g1", " ", "\t", "\r\n", "x.ipynb", "*"),
)  # fmt: skip
HEADERS = (
    *("Host", "Origin", "Cookie", "Authorization", "Range", "If-Range", "Expect", "Connection", "Upgrade", "Transfer-Encoding"),
    *("Content-Length", "Accept-Encoding", "X-RPP-Workspace", "x-rpp-anything", "Sec-Fetch-Site", "Sec-Fetch-Dest", "Service-Worker"),
    *("Content-Security-Policy", "Cache-Control", "Set-Cookie", "Location", "Content-Disposition", "Access-Control-Allow-Origin"),
    *("Link", "Refresh", "Clear-Site-Data", "Service-Worker-Allowed", "SourceMap", "X-Forwarded-Host", "Proxy-Authorization"),
)  # fmt: skip
VALUES = (
    *("", "x", "evil.example", "http://evil.example", "https://host", "null", "host, evil.example", "host\x00", "[::1]:80", "a" * 5000),
    *("same-origin", "cross-site", "none", "script", "websocket", "close, X-RPP-Workspace", "Host", "chunked", "bytes=0-", "100-continue"),
    *("default-src *", "attachment; filename=a.csv", "*", "//evil.example", "token abc", "Bearer x", "é", "\u202e"),
)  # fmt: skip


@pytest.fixture(scope="module")
def known() -> Iterator[dict[str, Target]]:
    with targets() as opened:
        yield opened


def inputs(name: str) -> st.SearchStrategy[bytes]:
    """Anything, and what begins as a good one does and then goes wrong."""
    good = st.sampled_from(SEEDS[name])
    cut = st.tuples(good, st.integers(0, 400), st.binary(max_size=80), st.integers(0, 40))
    return st.one_of(st.binary(max_size=600), cut.map(lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + t[3] :]))


@pytest.mark.parametrize("name", PURE)
def test_a_property_holds_whatever_comes(name: str, known: dict[str, Target]) -> None:
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(inputs(name))
    def whatever(data: bytes) -> None:
        known[name](data)

    whatever()


@pytest.mark.parametrize("name", WIRED)
def test_whatever_bytes_come_nothing_closed_is_reached_and_the_next_is_answered(
    name: str, known: dict[str, Target]
) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(inputs(name))
    def whatever(data: bytes) -> None:
        known[name](data)

    for seed in SEEDS[name]:
        known[name](seed)
    whatever()


def test_control_the_targets_see_what_passes(known: dict[str, Target]) -> None:
    """A relay that let nothing through would hold every property."""
    passed = decide("GET", f"{BASE}api/kernels", BASE, websocket=False)
    assert isinstance(passed, Passed)
    with pytest.raises(AssertionError):
        check_passed("GET", Passed(f"{BASE}files/x", Kind.STATIC), False)
    with pytest.raises(AssertionError):
        check_passed("GET", Passed(f"{BASE}a/../b", Kind.STATIC), False)


def hostile(seed: int) -> Iterator[str]:
    """Pieces joined at random, without end."""
    chance = random.Random(seed)
    while True:
        pieces = chance.choices(PIECES, k=chance.randint(1, 5))
        yield chance.choice(("", "/", "//", "\\")).join(pieces)


def test_ten_thousand_hostile_paths() -> None:
    let_through = 0
    for path in itertools.islice(hostile(SEED), MANY):
        for target in (path, f"{BASE}{path}", f"/{path}"):
            for method in ("GET", "POST"):
                passed = decide(method, target, BASE, websocket=False)
                if isinstance(passed, Passed):
                    let_through += 1
                    check_passed(method, passed, False)
    assert let_through > 100  # the list has plain paths in it, too


def test_ten_thousand_hostile_names_of_files(tmp_path: Path) -> None:
    root, secret = tmp_path / "workspace", tmp_path / "secret"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "passwd").write_bytes(b"inside")
    (root / "x.ipynb").write_bytes(b"inside")
    secret.write_bytes(b"SECRET")
    (root / "away").symlink_to(tmp_path)
    (root / "link.ipynb").symlink_to(secret)
    folder, read = Folder(root), 0
    names = itertools.chain(
        ("../secret", "away/secret", "link.ipynb", "etc/../../secret", str(secret), "x.ipynb"),
        hostile(SEED + 1),
    )
    for name in itertools.islice(names, MANY):
        try:
            content, _ = folder.read(name, 1000)
        except Refused:
            continue
        assert content == b"inside"
        read += 1
    assert read > 10
    assert {path.name for path in tmp_path.iterdir()} == {"workspace", "secret"}


def test_ten_thousand_sets_of_hostile_headers() -> None:
    chance = random.Random(SEED + 2)
    let_through = 0
    for _ in range(MANY):
        listed = [(chance.choice(HEADERS), chance.choice(VALUES)) for _ in range(chance.randint(1, 6))]
        listed = [(_mixed(chance, name), value) for name, value in listed]
        header_rules("\n".join(f"{n}: {v}" for n, v in listed).encode("utf-8", "replace"))
        assert not {n.lower() for n, _ in request_headers(listed)} & {
            "authorization",
            "range",
            "x-rpp-workspace",
        }
        let_through += request_refusal("GET", dict(listed), Kind.PAGE) is None
    good = {"Host": "h", "Origin": "http://h", "Sec-Fetch-Site": "same-origin"}
    assert request_refusal("POST", good, Kind.API) is None
    assert let_through < MANY


def _mixed(chance: random.Random, name: str) -> str:
    """Names of headers are the same in any case."""
    change = chance.choice((str, str.lower, str.upper, string.capwords))
    return change(name)
