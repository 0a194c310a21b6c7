"""Is this one JSON value that every reader understands alike?

Two readers of the same bytes must not see two notebooks: a key given twice, NaN, a lone surrogate or a number with
thousands of digits is read differently here and there, so each is refused.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import NoReturn

from rpp_review.limits import InvalidNotebook, Limits

_STRING = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SAVE_AGAIN = "Open the notebook in the workspace, save it again and submit the saved file."


def parse(data: bytes, limits: Limits) -> object:
    """The value in `data`; raises InvalidNotebook for anything ambiguous, broken or beyond the limits."""
    if len(data) > limits.bytes:
        raise InvalidNotebook(
            "notebook-too-large",
            f"The notebook has {len(data):,} bytes and the limit is {limits.bytes:,}. "
            "Clear outputs that need no review, then submit again.",
        )
    _check_encoding(data)
    _check_depth(data, limits.depth)
    value = _loads(data, limits)
    if _ESCAPED_SURROGATE.search(data):
        _check_surrogates(value)
    return value


def _check_encoding(data: bytes) -> None:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise InvalidNotebook(
            "byte-order-mark",
            f"The notebook begins with a byte-order mark, which notebooks never do. {_SAVE_AGAIN}",
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidNotebook(
            "not-utf-8", f"The notebook is not UTF-8 text: byte {error.start} cannot be read. {_SAVE_AGAIN}"
        ) from None


def _check_depth(data: bytes, depth: int) -> None:
    """Counted before parsing: a parser that recurses must not be the one to find out."""
    if data.count(b"[") + data.count(b"{") <= depth:
        return
    brackets = _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    for _ in range(depth):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return
    if brackets.count(b"[") + brackets.count(b"{"):
        raise InvalidNotebook(
            "notebook-too-deep",
            f"The notebook is nested more than {depth} levels deep, or its brackets do not match. {_SAVE_AGAIN}",
        )


def _loads(data: bytes, limits: Limits) -> object:
    def whole(digits: str) -> int:
        if len(digits) > limits.digits:
            raise InvalidNotebook(
                "number-too-long",
                f"The notebook holds a number of {len(digits):,} digits; the limit is {limits.digits}. {_SAVE_AGAIN}",
            )
        return int(digits)

    try:
        return json.loads(
            data,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=whole,
        )
    except InvalidNotebook:
        raise
    except (ValueError, RecursionError) as error:
        at = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidNotebook(
            "not-json", f"The file is not a notebook: it breaks off or is malformed{at}. {_SAVE_AGAIN}"
        ) from None


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidNotebook(
            "duplicate-key",
            f"The notebook gives one key twice, so it could be read in two ways. {_SAVE_AGAIN}",
        )
    return found


def _no_constant(_name: str) -> NoReturn:
    raise InvalidNotebook(
        "not-a-number",
        "The notebook's file holds NaN or Infinity outside of text, which JSON does not know. "
        "Print such values as text, run the cell again and save.",
    )


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        _no_constant(digits)
    return value


def _check_surrogates(value: object) -> None:
    if any(_LONE_SURROGATE.search(text) for text in _strings(value)):
        raise InvalidNotebook(
            "lone-surrogate",
            "The notebook holds half of a character (a lone surrogate), which cannot be shown. "
            "Remove it from the text, run the cell again and save.",
        )


def _strings(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            yield from one
            waiting.extend(one.values())
