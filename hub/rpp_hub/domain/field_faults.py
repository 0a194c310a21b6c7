"""What is wrong with each field of a form or file, in words for whoever filled it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rpp_hub.domain.counts import counted

_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "this is missing",
    "extra_forbidden": lambda _: "there is no such key here; remove it or mend its spelling",
    "too_short": lambda c: (
        "there is nothing yet"
        if not c["actual_length"]
        else f"at least {counted(c['min_length'], 'entry', 'entries')} needed"
    ),
    "too_long": lambda c: f"at most {counted(c['max_length'], 'entry', 'entries')} possible",
    "string_too_short": lambda c: (
        "this is empty"
        if c["min_length"] == 1
        else f"at least {counted(c['min_length'], 'character')} needed"
    ),
    "string_too_long": lambda c: f"at most {counted(c['max_length'], 'character')} possible",
    "greater_than_equal": lambda c: f"at least {c['ge']}",
    "greater_than": lambda c: f"more than {c['gt']}",
    "less_than_equal": lambda c: f"at most {c['le']}",
    "less_than": lambda c: f"less than {c['lt']}",
    "int_parsing": lambda _: "this is not a whole number",
    "int_type": lambda _: "this is not a whole number",
    "float_parsing": lambda _: "this is not a number",
    "bool_parsing": lambda _: "this is neither true nor false",
    "date_from_datetime_parsing": lambda _: "this is not a date; write it as 2027-06-30",
    "date_parsing": lambda _: "this is not a date; write it as 2027-06-30",
    "date_type": lambda _: "this is not a date; write it as 2027-06-30",
    "enum": lambda c: f"one of {c['expected']}",
    "literal_error": lambda c: f"one of {c['expected']}",
}


def said_of(faults: Iterable[Mapping[str, Any]], whole: str) -> tuple[str, ...]:
    """Of pydantic's list of errors, `place: what is wrong` for each; `whole` is the place of what concerns no one field."""
    return tuple(f"{_place(f) or whole}: {_what(f)}" for f in faults)


def _place(fault: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in fault["loc"] if part != "body")


def _what(fault: Mapping[str, Any]) -> str:
    say = _SAID.get(fault["type"])
    if say is not None:
        return say(fault.get("ctx", {}))
    return str(fault["msg"]).removeprefix("Value error, ").removesuffix(".")
