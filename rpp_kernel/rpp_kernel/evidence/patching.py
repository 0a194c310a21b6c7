"""How pandas is watched: a method is wrapped, its result is plain pandas' own, and what we note never breaks it."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Any

import pandas

Note = Callable[..., None]
_BESIDE = os.path.join(os.path.dirname(pandas.__file__), "core", "rpp_evidence.py")
_UNDO: list[tuple[Any, str, Any]] = []


class _Depth(threading.local):
    inside = 0
    trouble: BaseException | None = None


DEPTH = _Depth()


def quietly(note: Note, *arguments: Any, **named: Any) -> None:
    """Evidence is never worth an exception in somebody's cell."""
    try:
        note(*arguments, **named)
    except Exception as error:
        DEPTH.trouble = error


def after(owner: Any, name: str, note: Note) -> None:
    """`note(result, self, *args, **kwargs)` after each call of a method."""
    original = owner.__dict__[name]

    @functools.wraps(original)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        quietly(note, result, self, *args, **kwargs)
        return result

    replace(owner, name, watched)


def outermost(owner: Any, name: str, note: Note) -> None:
    """The same, but not for the calls that another watched method makes inside."""
    original = owner.__dict__.get(name) if isinstance(owner, type) else getattr(owner, name)
    if original is None:
        original = getattr(owner, name)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if DEPTH.inside:
            return original(*args, **kwargs)
        DEPTH.inside += 1
        try:
            result = original(*args, **kwargs)
        finally:
            DEPTH.inside -= 1
        quietly(note, result, *args, **kwargs)
        return result

    replace(owner, name, watched)


def replace(owner: Any, name: str, watched: Any) -> None:
    """Put `watched` in the place of an attribute; `undo_all` takes it back.

    Its code claims to lie beside pandas' own: a warning of pandas then names the line that called, as it does without us
    (pandas.util._exceptions.find_stack_level skips its own files).
    """
    function: Any = watched.fget if isinstance(watched, property) else watched
    function.__code__ = function.__code__.replace(co_filename=_BESIDE)
    _UNDO.append(
        (owner, name, owner.__dict__.get(name, _UNDO) if isinstance(owner, type) else getattr(owner, name))
    )
    setattr(owner, name, watched)


def undo_all() -> None:
    """Plain pandas again (tests)."""
    while _UNDO:
        owner, name, original = _UNDO.pop()
        if original is _UNDO:
            delattr(owner, name)
        else:
            setattr(owner, name, original)
