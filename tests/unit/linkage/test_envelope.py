"""A box opens for its recipient, and for nobody else, and not when a single byte was changed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.domain.errors import Invalid
from rpp_hub.linkage.envelope import close_box, draw_keys, open_box, to_district, with_passphrase

PHRASE = "five random words make it"
PRIVATE, PUBLIC = draw_keys()


@given(st.binary(max_size=2000))
def test_what_is_closed_to_a_key_opens_with_it(plain: bytes) -> None:
    box = close_box(plain, to_district(PUBLIC))
    assert open_box(box, private=PRIVATE) == plain
    with pytest.raises(Invalid):
        open_box(box, private=draw_keys()[0])


@settings(deadline=None)
@given(st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    box = bytearray(close_box(b"S-1,0.5", to_district(PUBLIC)))
    place = data.draw(st.integers(0, len(box) - 1))
    box[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Invalid):
        open_box(bytes(box), private=PRIVATE)


def test_a_passphrase_opens_and_another_does_not() -> None:
    box = close_box(b"secret", with_passphrase(PHRASE))
    assert b"secret" not in box
    assert open_box(box, passphrase=PHRASE) == b"secret"
    with pytest.raises(Invalid, match="another one's"):
        open_box(box, passphrase=PHRASE.upper())


def test_the_same_content_is_never_the_same_box() -> None:
    assert close_box(b"x", to_district(PUBLIC)) != close_box(b"x", to_district(PUBLIC))


def test_who_has_not_what_it_takes_is_told_what_it_takes() -> None:
    with pytest.raises(Invalid, match="private key's file"):
        open_box(close_box(b"x", to_district(PUBLIC)), passphrase=PHRASE)
    with pytest.raises(Invalid, match="Give the passphrase"):
        open_box(close_box(b"x", with_passphrase(PHRASE)), private=PRIVATE)


@pytest.mark.parametrize("text", ["", "x", PRIVATE, PUBLIC[:-4], PUBLIC.replace("public", "pubic")])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not a district's public key"):
        to_district(text)


@pytest.mark.parametrize(
    "box",
    [
        b"",
        b"\n",
        b"{}\n",
        b"student_id,risk\n1,2\n",
        b'{"format": "rpp-return/1", "for": "key"}\n',
        b"\xff" * 99,
    ],
)
def test_what_is_no_box_is_refused(box: bytes) -> None:
    with pytest.raises(Invalid, match="not a file that"):
        open_box(box, private=PRIVATE, passphrase=PHRASE)
