"""Which encoding is a text file in, and is every line of it in that encoding?"""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable

_CHUNK = 1 << 20
UTF8 = "utf-8"
WINDOWS = "cp1252"
# What stands in names and notes of Western European languages besides letters.
_PUNCTUATION = frozenset("°ºª§«»¿¡–—‘’“”…€£\u00a0·•™®©±½¼¾²³´")


def find_encoding(path: Path) -> str:
    """utf-8, utf-16 (by its mark) or cp1252. Raises Invalid naming the line if it is none of them throughout."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise Invalid(f"{_shown(path)} is empty. Ask the district for the file again.", code="file-empty")
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _utf16(path)
    _refuse_nul(path)
    line = _first_line_not_utf8(path)
    if line is None:
        return UTF8
    return _windows(path, line)


def _utf16(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-16")
    except UnicodeDecodeError:
        raise Invalid(
            f"{_shown(path)} begins as UTF-16 but is damaged. Save it again as CSV UTF-8.",
            code="wrong-encoding",
        ) from None
    if "\0" in text:
        raise _nul(path, text[: text.index("\0")].count("\n") + 1)
    return "utf-16"


def _refuse_nul(path: Path) -> None:
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            place = chunk.find(b"\0")
            if place >= 0:
                raise _nul(path, line + chunk.count(b"\n", 0, place))
            line += chunk.count(b"\n")


def _nul(path: Path, line: int) -> Invalid:
    return Invalid(
        f"{_shown(path)}, line {line}: there is a NUL character, so this is not a text file or it is damaged. "
        "Export it again as CSV UTF-8.",
        code="nul-character",
    )


def _first_line_not_utf8(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isascii():
                try:
                    line.decode(UTF8)
                except UnicodeDecodeError:
                    return number
    return None


def _windows(path: Path, first: int) -> str:
    """cp1252, if every line beyond ASCII makes sense as that and none of them as UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isascii() and not _reads_as_windows(line):
                raise Invalid(
                    f"{_shown(path)}, line {min(number, first)}: the bytes are neither UTF-8 nor Windows-1252 (Latin-1) text "
                    "throughout; perhaps two files with different encodings were joined. Save it again as CSV UTF-8.",
                    code="wrong-encoding",
                )
    return WINDOWS


def _reads_as_windows(line: bytes) -> bool:
    try:
        line.decode(UTF8)
    except UnicodeDecodeError:
        pass
    else:
        return False
    try:
        text = line.decode(WINDOWS)
    except UnicodeDecodeError:
        return False
    return all(c.isascii() or c in _PUNCTUATION or unicodedata.category(c).startswith("L") for c in text)


def _shown(path: Path) -> str:
    return printable(path.name)
