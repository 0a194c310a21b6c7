"""The portal is reached through one socket; whatever happens there becomes an answer or a sentence."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpp_review.server.gateway import ANSWER_LIMIT, Answer, Gateway
from rpp_review.server.refused import Refused

from tests.unit.server_extension.conftest import TinyPortal, serving


@pytest.fixture
def own(tmp_path: Path) -> Iterator[TinyPortal]:
    portal = TinyPortal(tmp_path / "hub.sock")
    with serving(portal):
        yield portal


def submit(path: Path, seconds: float = 10) -> Answer:
    return asyncio.run(Gateway(path, seconds).submit({"name": "a.ipynb"}))


def refused(path: Path, seconds: float = 10) -> Refused:
    with pytest.raises(Refused) as caught:
        submit(path, seconds)
    return caught.value


def test_a_submission_arrives_and_the_answer_comes_back(own: TinyPortal) -> None:
    answer = submit(own.socket)
    assert (answer.status, answer.body["id"]) == (201, "r0001")
    assert own.received == [{"name": "a.ipynb"}]


def test_a_refusal_of_the_portal_is_handed_on_with_its_reasons(own: TinyPortal) -> None:
    own.status, own.answer = 409, b'{"error": {"code": "gate", "refusals": [{"code": "a", "reason": "b"}]}}'
    answer = submit(own.socket)
    assert (answer.status, answer.body["error"]["refusals"]) == (409, [{"code": "a", "reason": "b"}])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, b""),
        (201, b"[]"),
        (200, b"<html>"),
        (200, b"[" * 50_000),
        (302, b"{}"),
        (200, b'"' + b"x" * ANSWER_LIMIT + b'"'),
    ],
)
def test_an_answer_that_is_not_the_portal_s_is_refused(own: TinyPortal, status: int, body: bytes) -> None:
    own.status, own.answer = status, body
    assert refused(own.socket).code == "misunderstood"


def test_a_missing_portal_says_that_nothing_was_sent(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.sock").code == "unavailable"


def test_a_portal_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(tmp_path / "s"))
        listener.listen()
        found = refused(tmp_path / "s", seconds=0.3)
    assert (found.status, found.code) == (504, "no-answer")
    assert "look at the list" in found.message
