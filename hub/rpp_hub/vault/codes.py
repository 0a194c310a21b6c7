"""How project codes are drawn: many at once, at random, and never one that was drawn before.

The format and its check symbol are `rpp_review.codes`; this does the same arithmetic on whole arrays.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rpp_review.codes import ALPHABET, CODES, SYMBOLS, code

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable

LETTERS: Mapping[str, str] = MappingProxyType(
    {"student": "S", "staff": "T", "school": "H", "class": "C", "household": "F"}
)

Numbers = npt.NDArray[np.uint64]
_UNIT = re.compile(r"[a-z][a-z_]{1,29}")
_BITS = 5 * SYMBOLS
_SYMBOL = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
_WIDTH = len("S-") + SYMBOLS + len("-W")


def letter_of(unit: str) -> str:
    """The letter that a unit's codes begin with: for a district's own unit the first of its name that is no other's."""
    if unit in LETTERS:
        return LETTERS[unit]
    if not _UNIT.fullmatch(unit):
        raise Invalid(
            f"There are no codes for the unit {printable(unit)!r}. Name it in the codebook by 2 to 30 small letters, such as "
            f"{', '.join(LETTERS)} or one of the district's own.",
            code="unknown-unit",
        )
    return next(c for c in f"{unit.upper()}UXYZQJ" if c.isalpha() and c not in LETTERS.values())


def draw_numbers(count: int, taken: Numbers) -> Numbers:
    """`count` different random numbers below 32^9, none of them among `taken`, which are in order."""
    drawn: Numbers = np.empty(0, dtype=np.uint64)
    while len(drawn) < count:
        fresh = np.frombuffer(secrets.token_bytes(8 * (count - len(drawn))), dtype=np.uint64) & np.uint64(
            CODES - 1
        )
        drawn = np.concatenate([drawn, fresh])
        drawn = drawn[
            ~np.isin(drawn, _repeated(drawn))
        ]  # seldom any; the order of drawing stays, for it is random
        drawn = drawn[~_among(drawn, taken)]
    return drawn


def _among(numbers: Numbers, ordered: Numbers) -> npt.NDArray[np.bool_]:
    """Which numbers stand in an ordered list, however long that has grown."""
    if not len(ordered):
        return np.zeros(len(numbers), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ordered, numbers), len(ordered) - 1)
    found: npt.NDArray[np.bool_] = ordered[places] == numbers
    return found


def _repeated(numbers: Numbers) -> Numbers:
    ordered = np.sort(numbers)
    again: Numbers = ordered[1:][ordered[1:] == ordered[:-1]]
    return again


def codes_of(letter: str, numbers: Numbers) -> pa.Array:
    """The codes of many numbers, as `rpp_review.codes.code` makes one. As Arrow texts: millions of Python's take gigabytes."""
    if not len(numbers):
        return pa.array([], pa.string())
    text = np.empty((len(numbers), _WIDTH), dtype=np.uint8)
    text[:, 0], text[:, 1], text[:, -2] = ord(letter), ord("-"), ord("-")
    # The check of all-zero symbols is the letter's own share; each symbol's weight adds to it, for the sum is linear.
    check = np.full(len(numbers), ALPHABET.index(code(letter, 0)[-1]), dtype=np.uint8)
    for position, shift in enumerate(
        range(_BITS - 5, -1, -5)
    ):  # one symbol of all numbers at once, to hold no more
        symbol = ((numbers >> np.uint64(shift)) & np.uint64(31)).astype(np.uint8)
        text[:, 2 + position] = _SYMBOL[symbol]
        check ^= _WEIGHTED[position][symbol]
    text[:, -1] = _SYMBOL[check]
    offsets = np.arange(0, (len(numbers) + 1) * _WIDTH, _WIDTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def _weighted(position: int) -> npt.NDArray[np.uint8]:
    zero = ALPHABET.index(code("S", "0" * SYMBOLS)[-1])
    checks = [code("S", "0" * position + s + "0" * (SYMBOLS - 1 - position))[-1] for s in ALPHABET]
    return np.array([ALPHABET.index(c) ^ zero for c in checks], dtype=np.uint8)


_WEIGHTED = tuple(_weighted(position) for position in range(SYMBOLS))
