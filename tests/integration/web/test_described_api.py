"""The API is what its description says, whatever is sent: schemathesis asks every endpoint, as every role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rpp_hub.web import BASE
from rpp_hub.web.app import ROUTERS
from rpp_hub.web.errors import STATUS
from rpp_hub.web.openapi import FAULTS
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.web.browser import HOST, OWN
from tests.integration.web.conftest import PortalWorld

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROLES = ("rosa", "dora", "vera", "paula", "dirk", "otto", "ada", "nina")
# what is there, so that not every call ends at a 404
KNOWN = ("alpha", "beta", "r0001", "r0002", "e0001", "rosa", "dora", "bayview", "c0001")
EXAMPLES = 4


@pytest.fixture
def busy(portal: PortalWorld) -> PortalWorld:
    """Something of everything."""
    portal.released()
    portal.world.examined()
    portal.world.person("nina")
    return portal


def is_api(path: str) -> bool:
    return path.startswith(f"{BASE}/api/")


def described(busy: PortalWorld, person: str = "ada") -> dict[str, Any]:
    answer: dict[str, Any] = busy.browser(person).get("/api/openapi.json").json()
    return answer


def ask(operation: Any, mode: GenerationMode, headers: Mapping[str, str], cookies: Mapping[str, str]) -> None:
    """A few cases of one operation, some of them about what there is."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.sampled_from((None, *KNOWN)))
    def asked(case: Any, known: str | None) -> None:
        if known is not None and case.path_parameters:
            case.path_parameters = dict.fromkeys(case.path_parameters, known)
        case.headers = {**(case.headers or {}), **headers}
        case.call_and_validate(base_url=HOST, cookies=dict(cookies), checks=CHECKS)

    asked()


@pytest.mark.parametrize("person", ROLES)
def test_no_endpoint_falls_over_or_answers_what_it_does_not_describe(busy: PortalWorld, person: str) -> None:
    browser = busy.browser(person)
    headers = {**OWN, "Sec-Fetch-Mode": "cors", "X-RPP-CSRF": browser.csrf}
    schema = schemathesis.openapi.from_dict(described(busy))
    schema.app = busy.app
    read = list(schema.get_all_operations())
    operations = [found.ok() for found in read if isinstance(found, Ok)]
    assert len(operations) == len(read) > 10
    for operation in operations:
        for mode in GenerationMode:
            ask(operation, mode, headers, dict(browser.cookies))
    assert busy.world.store.verify_audit().ok


def test_every_endpoint_of_the_api_is_described_and_no_page_is(busy: PortalWorld) -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    api = {(route.path, method) for route in routes if is_api(route.path) for method in route.methods or ()}
    known = {(path, m.upper()) for path, methods in described(busy)["paths"].items() for m in methods}
    assert api - known == {(f"{BASE}/api/openapi.json", "GET")}
    assert known <= api


def test_every_error_of_ours_has_a_described_status() -> None:
    assert set(STATUS.values()) <= FAULTS.keys()


def test_control_the_harness_notices_an_endpoint_that_falls_over(busy: PortalWorld) -> None:
    @busy.app.get(f"{BASE}/api/broken")
    def broken(number: int) -> dict[str, int]:
        return {"inverse": 1 // (number - number)}

    schema = schemathesis.openapi.from_dict(described(busy))
    schema.app = busy.app
    operation = schema[f"{BASE}/api/broken"]["GET"]
    with pytest.raises(FailureGroup, match="Server error"):
        ask(operation, GenerationMode.POSITIVE, {}, {})
