"""What does this text really hold? Every character that cannot be seen is written out or made plain.

A reviewer approves what they see, so nothing may be in the text that they do not: invisible and direction-changing
characters become visible escapes (`⟨U+202E⟩`), the many kinds of space become one, and blanks at the end of a line go.
"""

import re
import unicodedata

ESCAPE = re.compile(r"⟨U\+[0-9A-F]{4,6}⟩")

_PLAIN = re.compile(r"[\n -~]*")
_TRAILING = re.compile(r"[ \t]+(?=\n|\Z)")
# CSI, OSC (hyperlinks, titles; ended by BEL or ST) and the two-character escapes.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


class _Table(dict[int, str | int]):
    """A translation table that judges each character once."""

    def __missing__(self, point: int) -> str | int:
        self[point] = shown = _shown(chr(point))
        return shown


def _shown(character: str) -> str | int:
    if character in "\n\t":
        return character
    if _is_hidden(character):
        return f"⟨U+{ord(character):04X}⟩"
    return " " if unicodedata.category(character) == "Zs" else ord(character)


def _is_hidden(character: str) -> bool:
    point = ord(character)
    variation_selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF or 0x180B <= point <= 0x180F
    return variation_selector or character in _BLANK or unicodedata.category(character) in _HIDDEN_CATEGORIES


_TABLE = _Table()


def visible(text: str) -> str:
    """The text in NFC with nothing unseen left in it. Applying it again changes nothing."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not _PLAIN.fullmatch(text):
        text = unicodedata.normalize("NFC", text).translate(_TABLE)
    return _TRAILING.sub("", text)


def without_ansi(text: str) -> str:
    """The text without terminal colours, cursor movements and hyperlinks."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def as_terminal_shows(text: str) -> str:
    """What is left on the screen after carriage returns and backspaces, as JupyterLab keeps it of a progress bar."""
    text = text.replace("\r\n", "\n")
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    shown: list[str] = []
    at = 0
    for character in line:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(0, at - 1)
        else:
            shown[at : at + 1] = character
            at += 1
    return "".join(shown)
