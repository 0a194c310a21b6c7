"""Which page of a list a request asks for, and the links to the pages around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response

from rpp_hub.domain.paging import MOST, PAGE, Page, PageAt


async def page_at(after: Annotated[str, Query(max_length=200)] = "") -> PageAt:
    """For pages: `?after=KEY`."""
    return PageAt(after)


async def api_page_at(
    after: Annotated[str, Query(max_length=200, description="Go on after this key.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = PAGE,
) -> PageAt:
    """For the API: `?after=KEY&limit=N`."""
    return PageAt(after, limit)


PageAtDep = Annotated[PageAt, Depends(page_at)]
ApiPageAtDep = Annotated[PageAt, Depends(api_page_at)]


def to_page(address: str, after: str, kept: Mapping[str, object] | None = None) -> str:
    """The address of a page of a list that keeps its filter; `after` empty is the first page."""
    query = {k: v for k, v in {**(kept or {}), "after": after}.items() if v not in ("", None)}
    return f"{address}?{urlencode(query)}" if query else address


def link_next(request: Request, response: Response, page: Page[Any]) -> None:
    """For the API: where the next page is, as a Link header, so that the body stays a plain list."""
    if page.next:
        kept = {k: v for k, v in request.query_params.items() if k != "after"}
        response.headers["Link"] = f'<{to_page(request.url.path, page.next, kept)}>; rel="next"'
