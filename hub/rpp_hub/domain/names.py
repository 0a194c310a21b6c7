"""What identifiers of ours look like: people, projects, districts, drops."""

from __future__ import annotations

import re
import unicodedata

from rpp_hub.domain.errors import Invalid

# JupyterHub 6 allows 1-30 characters for a named server; a project's name is its server's name.
_PROJECT = re.compile(r"[a-z][a-z0-9-]{0,28}[a-z0-9]")
_PERSON = re.compile(r"[a-z][a-z0-9]{1,29}")
_RESERVED = frozenset({"system", "hub", "service", "root"})
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?")
_DISTRICT = re.compile(r"[a-z][a-z0-9_]{1,29}")


def check_project_name(name: str) -> str:
    """The name itself, or Invalid."""
    if not _PROJECT.fullmatch(name) or "--" in name:
        raise Invalid(
            f"{printable(name)!r} cannot be a project's name: use 2 to 30 small letters, digits and single hyphens, "
            "beginning with a letter.",
            code="bad-project-name",
        )
    return name


def check_person_name(name: str) -> str:
    """The name itself, or Invalid."""
    if not _PERSON.fullmatch(name) or name in _RESERVED:
        raise Invalid(
            f"{printable(name)!r} cannot be a person's name here: use 2 to 30 small letters and digits.",
            code="bad-person-name",
        )
    return name


def check_district_name(name: str) -> str:
    """The name itself, or Invalid."""
    if not _DISTRICT.fullmatch(name):
        raise Invalid(
            f"{printable(name)!r} cannot be a district's name: use 2 to 30 small letters, digits and underscores.",
            code="bad-district-name",
        )
    return name


def check_institution_name(name: str) -> str:
    """The name itself, or Invalid. Districts are institutions, too."""
    if not _DISTRICT.fullmatch(name):
        raise Invalid(
            f"{printable(name)!r} cannot be an institution's name: use 2 to 30 small letters, digits and underscores.",
            code="bad-institution-name",
        )
    return name


def check_email(address: str) -> str:
    """The address itself, or nothing; Invalid for what could not be one."""
    address = address.strip()
    if address and not _EMAIL.fullmatch(address):
        raise Invalid(
            f"{printable(address)!r} is no e-mail address. Mend it, or leave it empty.", code="bad-email"
        )
    return address


def printable(text: str, limit: int = 60) -> str:
    """Foreign text as it may stand in a message or log line: no control or format characters, bounded."""
    shown = "".join(
        c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[:limit] + "…"
