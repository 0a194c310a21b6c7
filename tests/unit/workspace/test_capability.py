"""Whom a request from a workspace stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.workspace.capability import Bearer, InvalidCapability, mint, verify

SECRET = b"sixteen bytes or more"
NOW = datetime(2026, 5, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def test_what_was_minted_names_its_bearer() -> None:
    assert verify(SECRET, mint(SECRET, "alice@uni.example", "attendance-gaps", LATER), NOW) == Bearer(
        "alice@uni.example", "attendance-gaps"
    )


def test_it_ends_at_its_time() -> None:
    token = mint(SECRET, "alice", "gaps", LATER)
    with pytest.raises(InvalidCapability, match="expired"):
        verify(SECRET, token, LATER)


def test_another_installations_secret_does_not_verify_it() -> None:
    with pytest.raises(InvalidCapability):
        verify(b"another secret of 16+", mint(SECRET, "alice", "gaps", LATER), NOW)


@given(st.integers(min_value=0, max_value=400), st.characters(codec="ascii"))
def test_no_single_changed_character_passes(position: int, character: str) -> None:
    token = mint(SECRET, "alice", "gaps", LATER)
    position %= len(token)
    forged = token[:position] + character + token[position + 1 :]
    if forged != token:
        with pytest.raises(InvalidCapability):
            verify(SECRET, forged, NOW)


@pytest.mark.parametrize("token", ["", "v1..", "v2.a.b", "é" * 100, "v1." + "a" * 10_000 + "." + "0" * 64])
def test_what_has_another_form_is_refused_without_an_error_of_its_own(token: str) -> None:
    with pytest.raises(InvalidCapability):
        verify(SECRET, token, NOW)


@pytest.mark.parametrize(("person", "project"), [("a\nb", "p"), ("", "p"), ("a", "p\n9")])
def test_a_name_that_could_pose_as_two_is_not_minted(person: str, project: str) -> None:
    with pytest.raises(ValueError, match="names"):
        mint(SECRET, person, project, LATER)
