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
from tests.integration.web.conftest import (
    OLD_ENVIRONMENT,
    QUESTION,
    WAITING,
    PortalWorld,
    add_candidate,
    add_linkage,
    add_old_things,
    add_question,
    add_waiting_drop,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROLES = ("rosa", "dora", "vera", "paula", "dirk", "otto", "ada", "nina")
# what is there, so that not every call ends at a 404: by parameter, and by the noun before a `name`
THERE = {
    "district": "bayview", "project": "alpha", "person": "rosa", "cut": "c0001", "linkage": "l0001", "drop": WAITING,
    "question": QUESTION, "candidate": "i-000000000000", "account": "a0001", "version": OLD_ENVIRONMENT, "identity": "a:0",
}  # fmt: skip
NAMES = {
    "projects": ("alpha", "beta"), "requests": ("r0001", "r0002"), "releases": ("e0001",), "people": ("rosa", "dora"),
    "papers": ("d0023",), "agreements": ("a0001", "a0002"), "ingress": ("i0001",), "environment": ("p0001",),
}  # fmt: skip
# of each call; those who may do most are asked most
EXAMPLES = 2
OF_THE_BUSIEST = {"rosa": 4, "dora": 4}


@pytest.fixture
def busy(portal: PortalWorld) -> PortalWorld:
    """Something of everything."""
    portal.released()
    portal.world.examined()
    portal.world.person("nina")
    add_linkage(portal)
    add_waiting_drop(portal)
    add_candidate(portal)
    add_old_things(portal)
    add_question(portal)
    return portal


def is_api(path: str) -> bool:
    return path.startswith(f"{BASE}/api/")


def described(busy: PortalWorld, person: str = "ada") -> dict[str, Any]:
    answer: dict[str, Any] = busy.browser(person).get("/api/openapi.json").json()
    return answer


def ask(
    operation: Any,
    mode: GenerationMode,
    headers: Mapping[str, str],
    cookies: Mapping[str, str],
    examples: int,
) -> None:
    """A few cases of one operation, some of them about what there is."""

    noun = operation.path.removeprefix(f"{BASE}/api/").split("/")[0]

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        there=st.booleans(),
        name=st.sampled_from(NAMES.get(noun, ("alpha",))),
    )
    def asked(case: Any, there: bool, name: str) -> None:
        if there and case.path_parameters:
            case.path_parameters = case.path_parameters | {
                key: known for key, known in (THERE | {"name": name}).items() if key in case.path_parameters
            }
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
            ask(operation, mode, headers, dict(browser.cookies), OF_THE_BUSIEST.get(person, EXAMPLES))
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
        ask(operation, GenerationMode.POSITIVE, {}, {}, 1)
