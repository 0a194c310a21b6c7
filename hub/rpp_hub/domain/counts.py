"""How a number of things is put into words."""

from __future__ import annotations


def counted(number: int, thing: str, many: str = "") -> str:
    """1 item, 2 items."""
    return f"{number:,} {thing if number == 1 else many or thing + 's'}"


def counted_to(number: int, most: int, thing: str) -> str:
    """The same of what was counted up to a bound: 100 requests or more."""
    return counted(number, thing) + (" or more" if number >= most else "")
