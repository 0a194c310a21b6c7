"""The API of the districts' codebooks: read, edited as a whole, their versions, and which standard's elements their fields are."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from rpp_hub.services.codebooks import VersionView
from rpp_hub.warehouse.codebook import Codebook, codebook_json, parse_codebook
from rpp_hub.warehouse.standard import Mapped, mapping
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed

router = APIRouter(prefix=f"{BASE}/api/districts/{{district}}/codebook", tags=["codebooks"])


class Book(Closed):
    """A codebook as a Frictionless Data Package. `number` is the version that an edit of it replaces."""

    number: int
    package: dict[str, Any]


class BookBody(Closed):
    """An edited codebook. With `whole`, what it does not describe is taken out; without, it stays as it is."""

    number: int
    package: dict[str, Any]
    whole: bool = False
    reason: Annotated[str, Field(max_length=500)] = ""


@router.get("")
def codebook(portal: PortalDep, viewer: ViewerDep, district: str) -> Book:
    """What the tables and fields mean: as somebody said, and for the rest as it is inferred."""
    now = portal.rpp.warehousing.codebooks.current(viewer.actor, district)
    return Book(number=now.number, package=_package(now.codebook))


@router.put("", dependencies=CHANGES)
def save(portal: PortalDep, viewer: ViewerDep, district: str, body: BookBody) -> VersionView:
    """Keep an edited codebook as the next version. Refused as stale if somebody else was first."""
    books = portal.rpp.warehousing.codebooks
    now = books.current(viewer.actor, district)
    edited = parse_codebook(json.dumps(body.package))
    if not body.whole:
        edited = edited.with_missing_from(now.codebook)
    return books.save(viewer.actor, district, body.number, edited, body.reason)


@router.get("/versions")
def versions(portal: PortalDep, viewer: ViewerDep, district: str) -> list[VersionView]:
    """Who changed what, newest first."""
    return list(portal.rpp.warehousing.codebooks.history(viewer.actor, district))


@router.get("/versions/{number}")
def version(portal: PortalDep, viewer: ViewerDep, district: str, number: int) -> Book:
    """What people had said in an earlier version."""
    book = portal.rpp.warehousing.codebooks.version(viewer.actor, district, number)
    return Book(number=number, package=_package(book))


@router.get("/mapping")
def mapped(portal: PortalDep, viewer: ViewerDep, district: str, to: Literal["sdp", "ed-fi"]) -> list[Mapped]:
    """Which element of a standard each field is."""
    return list(mapping(portal.rpp.warehousing.codebooks.current(viewer.actor, district).codebook, to))


def _package(book: Codebook) -> dict[str, Any]:
    package: dict[str, Any] = json.loads(codebook_json(book))
    return package
