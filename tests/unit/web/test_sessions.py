"""The browser can neither read nor make what it keeps for us."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from rpp_hub.web.sessions import Sealer

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def raw_of(sealed: str) -> bytes:
    return base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))


def test_what_was_sealed_comes_back() -> None:
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal("session", {"token": "a-token"}, LATER)
    assert "a-token" not in sealed
    assert b"a-token" not in raw_of(sealed)
    opened = sealer.unseal("session", sealed, NOW)
    assert opened is not None
    assert opened["token"] == "a-token"


def test_a_seal_is_good_for_one_purpose_one_key_and_its_time_only() -> None:
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal("login", {"token": "a-token"}, LATER)
    assert sealer.unseal("session", sealed, NOW) is None
    assert Sealer(b"x" * 32).unseal("login", sealed, NOW) is None
    assert sealer.unseal("login", sealed, LATER) is None


def test_a_changed_or_foreign_text_opens_nothing() -> None:
    sealer = Sealer(b"k" * 32)
    raw = bytearray(raw_of(sealer.seal("session", {"token": "t"}, LATER)))
    raw[-1] ^= 1
    for text in (base64.urlsafe_b64encode(raw).decode(), "", "a", "ä", "{}", "A" * 16, "A" * 100_000):
        assert sealer.unseal("session", text, NOW) is None


def test_a_form_token_belongs_to_one_session() -> None:
    sealer = Sealer(b"k" * 32)
    token = sealer.form_token("session one")
    assert sealer.form_token("session one") == token
    others = {sealer.form_token("session two"), Sealer(b"x" * 32).form_token("session one"), ""}
    assert token not in others
