"""What is a project code, and is this one whole?

A code stands in a project's data for one student or one member of staff: `S-7K3M9QX2T-W` is the unit's letter,
nine Crockford base-32 symbols (no I, L, O, U) and a check symbol. The trusted side draws codes with this module;
the checks find them with it.

The check symbol. Letter, symbols and check symbol are eleven elements v0 … v10 of the field GF(32), built on
x^5 + x^2 + 1 with the generator a = x. A code is whole when

    a^10·v0 + a^9·v1 + … + a·v9 + v10 = 12

All eleven weights differ and none is zero, so the check notices *every* single wrong symbol and *every* exchange
of two symbols, adjacent or not, and 31 of 32 of all other errors. Weights modulo 37 would do as much but need five
check symbols that are no letters or digits.
"""

import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SYMBOLS = 9
CODES = 32**SYMBOLS

_SYMBOL = f"[{ALPHABET}]"
_CODE = re.compile(rf"[A-Z]-{_SYMBOL}{{{SYMBOLS}}}-{_SYMBOL}", re.ASCII)
# In running text a code may be lower-cased, or have its hyphen replaced by a typographic one. Visible escapes and
# neighbouring letters or digits end the search: `XS-7K…` is something else.
_HYPHEN = r"[-_‐‑‒–—−]"
_LOOSE = re.compile(
    rf"(?<![A-Za-z0-9])([A-Za-z]){_HYPHEN}({_SYMBOL}{{{SYMBOLS}}}){_HYPHEN}({_SYMBOL})(?![A-Za-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_SUM = 12
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
# The unit's letter may be one that Crockford leaves out; it takes the value of a digit, which no letter has.
_LETTER_VALUES = {letter: _VALUES.get(letter, "ILOU".find(letter)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def code(letter: str, number: int | str) -> str:
    """The code of a unit's letter and a number below 32^9, or the nine symbols themselves."""
    symbols = _symbols(number) if isinstance(number, int) else number
    if letter not in _LETTER_VALUES or len(symbols) != SYMBOLS or any(s not in _VALUES for s in symbols):
        raise ValueError("A code needs one capital letter and nine Crockford base-32 symbols.")
    return f"{letter}-{symbols}-{check_symbol(letter, symbols)}"


def is_code(text: str) -> bool:
    """True for a whole code exactly as it was drawn: capitals, hyphens, right check symbol."""
    return _CODE.fullmatch(text) is not None and check_symbol(text[0], text[2:11]) == text[12]


def find_codes(text: str) -> tuple[str, ...]:
    """Every whole code in a text, as it would be drawn, however it is cased or hyphenated there."""
    return tuple(found for found in find_shapes(text) if is_code(found))


def find_shapes(text: str) -> tuple[str, ...]:
    """Everything in a text with the shape of a code, whole or with a wrong check symbol."""
    return tuple("-".join(match.groups()).upper() for match in _LOOSE.finditer(text))


def check_symbol(letter: str, symbols: str) -> str:
    total = _LETTER_VALUES[letter]
    for symbol in symbols:
        total = _times_x(total) ^ _VALUES[symbol]
    return ALPHABET[_times_x(total) ^ _SUM]


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled


def _symbols(number: int) -> str:
    if not 0 <= number < CODES:
        raise ValueError(f"A code's number lies between 0 and {CODES - 1}.")
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (SYMBOLS - 1), -1, -5))
