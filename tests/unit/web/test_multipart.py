"""Files for the API: every route that takes one takes as much as its page, and is described as it is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from rpp_hub.web import BASE
from rpp_hub.web.app import ROUTERS
from rpp_hub.web.limits import FILE_LIMIT, FORM_LIMIT, limit_of
from rpp_hub.web.openapi import description

# a file of words, of at most 256 kB
SMALL = frozenset({"/projects/{name}/amendment/from-file"})


def file_routes() -> dict[str, dict[str, Any]]:
    """path → what its form holds, of every route that takes files."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    found = {}
    for path, methods in description(app)["paths"].items():
        for told in methods.values():
            form = told.get("requestBody", {}).get("content", {}).get("multipart/form-data")
            if form is not None:
                found[path.removeprefix(f"{BASE}/api")] = form["schema"]
    return found


def test_a_route_that_takes_a_file_takes_as_much_as_its_page() -> None:
    for path in file_routes():
        limit = limit_of(f"{BASE}/api{path.replace('{name}', 'a12' if 'agreements' in path else 'alpha')}")
        assert limit == (FORM_LIMIT if path in SMALL else FILE_LIMIT), path


def test_a_file_is_described_as_bytes_and_a_choice_by_its_words() -> None:
    routes = file_routes()
    assert len(routes) > 7
    for path, schema in routes.items():
        files = [p for p in schema["properties"].values() if "binary" in str(p)]
        assert files, path
        assert schema["additionalProperties"] is False, path
        assert "$ref" not in str(schema), path
    assert "identifier" in routes["/projects/{name}/linkages"]["properties"]["by"]["enum"]
