"""Project codes: whole ones are recognised, damaged ones are noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_review.codes import ALPHABET, CODES, code, find_codes, find_shapes, is_code

codes = st.builds(code, st.sampled_from("STABILOUZ"), st.integers(0, CODES - 1))


def test_the_code_in_the_documentation_is_whole() -> None:
    assert code("S", "7K3M9QX2T") == "S-7K3M9QX2T-W"


@given(codes)
def test_a_drawn_code_is_a_code_and_is_found_in_text(drawn: str) -> None:
    assert is_code(drawn)
    assert find_codes(f"KeyError: '{drawn}'") == (drawn,)


@given(codes, st.integers(0, 10), st.data())
def test_every_single_wrong_symbol_is_noticed(drawn: str, position: int, data: st.DataObject) -> None:
    places = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    at = places[position]
    allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if at == 0 else ALPHABET
    wrong = data.draw(st.sampled_from(allowed).filter(lambda symbol: symbol != drawn[at]))
    assert not is_code(drawn[:at] + wrong + drawn[at + 1 :])


@given(codes)
def test_every_exchange_of_two_different_symbols_is_noticed(drawn: str) -> None:
    places = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    for first in places:
        for second in places:
            swapped = list(drawn)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            if drawn[first] != drawn[second]:
                assert not is_code("".join(swapped))


@pytest.mark.parametrize(
    "text", ["S-7K3M9QX2T-W\n", "s-7K3M9QX2T-W", "S7K3M9QX2TW", "S-7K3M9QX2T", "", "S-7K3M9QX2I-W"]
)
def test_what_is_not_exactly_a_code_is_none(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize(
    "text", ["s-7k3m9qx2t-w", "S‑7K3M9QX2T‑W", "plot_S_7K3M9QX2T_W.png", "(S-7K3M9QX2T-W)"]
)
def test_a_disguised_code_is_found_in_text(text: str) -> None:
    assert find_codes(text) == ("S-7K3M9QX2T-W",)


@pytest.mark.parametrize(
    "text", ["XS-7K3M9QX2T-W", "S-7K3M9QX2T-WW", "2024-01-01-2", "a-gradelevel-b", "S-7K3M9QX2T-X"]
)
def test_look_alikes_are_no_codes(text: str) -> None:
    assert find_codes(text) == ()


def test_a_code_with_a_wrong_check_symbol_still_has_its_shape() -> None:
    assert find_shapes("S-7K3M9QX2T-X") == ("S-7K3M9QX2T-X",)


@pytest.mark.parametrize(
    ("letter", "number"),
    [("s", 1), ("SS", 1), ("S", -1), ("S", CODES), ("S", "7K3M9QX2"), ("S", "7K3M9QX2U")],
)
def test_no_code_is_made_of_what_is_not_one(letter: str, number: int | str) -> None:
    with pytest.raises(ValueError, match="code"):
        code(letter, number)
