"""What the panel sends is understood whole or refused by name, before a file is touched."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from rpp_review.provenance import nothing_seen
from rpp_review.server.refused import Refused
from rpp_review.server.submission import BODY_LIMIT, read_asked

GOOD: dict[str, Any] = {
    "path": "folder/analysis.ipynb",
    "sha256": "0" * 64,
    "outputs": ["counts:0", "figure:0"],
    "context": "Counts by grade, all students.",
    "controls": "Groups below ten left out.",
}


def body(**changes: Any) -> bytes:
    return json.dumps({key: value for key, value in {**GOOD, **changes}.items() if value is not ...}).encode()


def test_a_submission_carries_the_file_and_its_name_without_its_folder() -> None:
    sent = read_asked(body()).submission(b"\xff{}", nothing_seen())
    assert sent["name"] == "analysis.ipynb"
    assert base64.b64decode(sent["notebook"]) == b"\xff{}"
    assert sent["outputs"] == ["counts:0", "figure:0"]
    assert "replaces" not in sent


def test_the_next_round_names_the_request_that_was_sent_back() -> None:
    assert read_asked(body(replaces="r0002")).submission(b"", nothing_seen())["replaces"] == "r0002"


def test_an_output_named_twice_is_asked_for_once() -> None:
    assert read_asked(body(outputs=["a:0", "a:0"])).outputs == ("a:0",)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"path": "data.parquet"}, "not-a-notebook"),
        ({"path": 7}, "not-a-notebook"),
        ({"path": ...}, "fields"),
        ({"more": 1}, "fields"),
        ({"sha256": "x"}, "bad-sha256"),
        ({"sha256": None}, "bad-sha256"),
        ({"outputs": []}, "no-outputs"),
        ({"outputs": "a:0"}, "no-outputs"),
        ({"outputs": ["a:0", 7]}, "no-outputs"),
        ({"outputs": ["a:0"] * 501}, "no-outputs"),
        ({"outputs": ["a" * 201]}, "no-outputs"),
        ({"context": ""}, "bad-context"),
        ({"context": "   \n   \n  \n  "}, "bad-context"),
        ({"context": "x" * 5001}, "bad-context"),
        ({"controls": None}, "bad-controls"),
        ({"controls": "short"}, "bad-controls"),
        ({"replaces": "../r1"}, "bad-replaces"),
        ({"replaces": 1}, "bad-replaces"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_asked(body(**changes))
    assert caught.value.code == code
    assert caught.value.message[0].isupper()


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'"text"'])
def test_what_is_not_a_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_asked(raw)
    assert caught.value.status == 422


def test_a_body_larger_than_the_words_can_be_is_not_parsed() -> None:
    with pytest.raises(Refused) as caught:
        read_asked(b" " * (BODY_LIMIT + 1))
    assert caught.value.status == 413
