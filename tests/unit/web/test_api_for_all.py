"""The API is for all of it: whatever a page or a command does, the API does too, or a table says why not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
import pytest
import rpp_hub
from rpp_hub.cli import cli
from rpp_hub.web import BASE
from rpp_hub.web.app import ROUTERS
from starlette.routing import Route

from tests.unit.web.counterparts import COMMANDS, PAGES, Routes

TEMPLATES = Path(rpp_hub.__file__).parent / "web" / "templates"
_BUTTON = re.compile(r'name="do"\s+value="([a-z]+)"|begin\(v, "([a-z]+)"\)')
# what pages say otherwise than by a button of this name
_CONFIRMED = frozenset({"add", "link", "save"})


def routes() -> Iterator[tuple[str, str]]:
    """Every "METHOD path" of the portal."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, Route):
                for method in sorted((route.methods or set()) - {"HEAD"}):
                    yield method, route.path.removeprefix(BASE)


def pages() -> set[str]:
    return {f"{m} {p}" for m, p in routes() if not p.startswith(("/api/", "/workspace/"))}


def api() -> set[str]:
    return {f"{m} {p.removeprefix('/api')}" for m, p in routes() if p.startswith("/api/")}


def verbs(group: click.Group, name: str = "") -> Iterator[str]:
    for verb, command in group.commands.items():
        whole = f"{name} {verb}".strip()
        yield from verbs(command, whole) if isinstance(command, click.Group) else (whole,)


def page_of(key: str) -> str:
    """The page of "METHOD path act"."""
    return " ".join(key.split()[:2])


def named(table: Mapping[str, Routes | str]) -> set[str]:
    return {route for told in table.values() if not isinstance(told, str) for route in told}


def reasons(tables: Iterable[Mapping[str, Routes | str]]) -> list[str]:
    return [told for table in tables for told in table.values() if isinstance(told, str)]


def test_every_page_and_form_has_its_counterpart_or_a_reason() -> None:
    assert {page_of(key) for key in PAGES} == pages()


def test_every_button_of_a_form_has_its_counterpart() -> None:
    found = {
        act
        for template in TEMPLATES.glob("*.html")
        for pair in _BUTTON.findall(template.read_text(encoding="utf-8"))
        for act in pair
        if act
    }
    acts = {key.split()[2] for key in PAGES if len(key.split()) == 3}
    assert found - _CONFIRMED <= acts


def test_every_command_has_its_counterpart_or_a_reason() -> None:
    assert set(COMMANDS) == set(verbs(cli))


@pytest.mark.parametrize("table", [PAGES, COMMANDS], ids=["pages", "commands"])
def test_every_counterpart_is_there(table: Mapping[str, Routes | str]) -> None:
    assert named(table) - api() == set()


def test_nothing_of_the_api_is_without_a_page_or_a_command() -> None:
    assert api() - named(PAGES) - named(COMMANDS) == {"GET /openapi.json"}


def test_a_reason_is_a_sentence() -> None:
    assert [r for r in reasons((PAGES, COMMANDS)) if not (r.endswith(".") and len(r) > 30)] == []
