"""Which rows were kept, in words: the masks that a researcher writes remember what they ask for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.indexing import _LocationIndexer
from pandas.core.series import Series

from rpp_kernel.evidence.origin import ORIGIN, origin_of
from rpp_kernel.evidence.patching import after

WORDS = "_rpp_words"
LONGEST = 200
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and_": "and", "or_": "or"}
_CODE = re.compile(r"\b[A-Z]-[0-9A-Z]{9}-[0-9A-Z*~$=]")


def install() -> None:
    """Wrap what makes masks and what takes them."""
    for name in ("isin", "between", "isna", "notna", "isnull", "notnull", "duplicated"):
        after(Series, name, _asked(name))
    after(Series, "__invert__", _inverted) if "__invert__" in Series.__dict__ else None
    after(DataFrame, "_getitem_bool_array", _masked)
    after(Series, "_get_rows_with_mask", _masked)
    after(_LocationIndexer, "_getbool_axis", lambda result, self, key, *a, **k: _say(result, key, self.obj))
    after(
        DataFrame, "query", lambda result, self, expr, *a, **k: _say_words(result, shortened(str(expr)), self)
    )


def words_of(mask: Any) -> str:
    """What a mask asks for; nothing where that is not known."""
    found = getattr(mask, WORDS, "")
    return found if isinstance(found, str) else ""


def say(result: Any, self: Any, other: Any, op: Any) -> None:
    """A comparison of a column, or two masks put together."""
    sign = SIGNS.get(getattr(op, "__name__", "").lstrip("r"), SIGNS.get(getattr(op, "__name__", ""), ""))
    if not sign or result.ndim != 1 or result.dtype != bool:
        return
    if sign in ("and", "or"):
        left, right = words_of(self), words_of(other)
        if left and right:
            object.__setattr__(result, WORDS, shortened(f"({left}) {sign} ({right})"))
        return
    if self.name is not None:
        told = f"{other.name}" if isinstance(other, Series) else _value(other)
        object.__setattr__(result, WORDS, shortened(f"{self.name} {sign} {told}"))


def shortened(words: str) -> str:
    """Not too long, and without anybody's code."""
    words = _CODE.sub("a code", words)
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _value(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    return repr(value) if np.ndim(value) == 0 else "given values"


def _asked(name: str) -> Any:
    def note(result: Any, self: Any, *args: Any, **_: Any) -> None:
        if ORIGIN not in self.index.__dict__ or self.name is None or not isinstance(result, Series):
            return
        if name == "isin" and args:
            values = list(args[0])[:6] if np.ndim(args[0]) == 1 or isinstance(args[0], set) else []
            said = (
                f"{self.name} in {[_plain(v) for v in values]}"
                if len(list(args[0])) <= 6
                else f"{self.name} in a list of {len(list(args[0]))}"
            )
        elif name == "between" and len(args) >= 2:
            said = f"{self.name} between {_value(args[0])} and {_value(args[1])}"
        else:
            said = f"{self.name} {'is there' if name.startswith('not') else 'repeated' if name == 'duplicated' else 'is missing'}"
        object.__setattr__(result, WORDS, shortened(said))

    return note


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _inverted(result: Any, self: Any) -> None:
    if words := words_of(self):
        object.__setattr__(result, WORDS, shortened(f"not ({words})"))


def _masked(result: Any, self: Any, key: Any) -> None:
    _say(result, key, self)


def _say(result: Any, key: Any, before: Any) -> None:
    _say_words(result, words_of(key), before)


def _say_words(result: Any, words: str, before: Any) -> None:
    if not words or not isinstance(result, Series | DataFrame):
        return
    origin = origin_of(result.index)
    if origin is not None and origin is not origin_of(before.index):
        origin.words = words
