"""The documentation says what the code does: generated pages are current, and what is named exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import reading_code
import write_docs
from rpp_hub.cli import cli
from rpp_hub.domain.gate import GATE
from rpp_hub.domain.lifecycle import Action
from rpp_hub.domain.permissions import Permission
from rpp_hub.settings import Settings
from rpp_review.checks import NAMES, Appetite

CHECKOUT = Path(__file__).parents[3]
WRITTEN = (CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").rglob("*.md")))
_COMMAND = re.compile(
    r"(?<![\w/.-])(?<!-[ugo] )rpp (?:--actor [A-Za-z]+ )?((?:[a-z][a-z-]+)(?: [a-z][a-z-]+)*)"
)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def code_of(text: str) -> Iterator[str]:
    """What is set as code: between backticks and in fenced blocks."""
    yield from re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def is_command(words: list[str]) -> bool:
    """Whether the words begin with a command of ours; what follows a command is its arguments."""
    found: click.Command | None = cli
    for word in words:
        if not isinstance(found, click.Group):
            return True
        found = found.commands.get(word)
    return found is not None


@pytest.mark.parametrize("name", sorted(write_docs.PAGES))
def test_a_generated_page_is_what_the_code_gives_now(name: str) -> None:
    kept = (write_docs.REFERENCE / name).read_text(encoding="utf-8")
    assert kept == write_docs.page(name), f"docs/reference/{name} is out of date; run `make docs`"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_every_command_that_a_page_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = {m.group(1) for code in code_of(text) for m in _COMMAND.finditer(code)}
    assert [n for n in sorted(named) if not is_command(n.split())] == []


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_every_link_and_picture_of_a_page_leads_somewhere(path: Path) -> None:
    links = _LINK.findall(path.read_text(encoding="utf-8"))
    assert [n for n in links if "://" not in n and not (path.parent / n).exists()] == []


def test_every_command_that_a_message_names_exists() -> None:
    said = " ".join(
        s for part in reading_code.told().values() for entry in part.values() for s in entry.sentences
    )
    named = {m.group(1) for code in re.findall(r"`([^`]+)`", said) for m in _COMMAND.finditer(code)}
    assert named
    assert [n for n in sorted(named) if not is_command(n.split())] == []


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    for path in WRITTEN:
        for code in code_of(path.read_text(encoding="utf-8")):
            assert set(re.findall(r"\bmake ([a-z]+)", code)) <= targets, path


def test_every_setting_has_a_meaning() -> None:
    assert [key for key, _, _, meaning in write_docs.keys(Settings) if not meaning] == []


def test_every_environment_variable_that_is_read_is_described() -> None:
    sources = "".join(
        p.read_text(encoding="utf-8") for p in reading_code.HUB.rglob("*.py") if "workspace" not in p.parts
    )
    read = set(re.findall(r"""environ(?:\.get\(|\[)["'](RPP_[A-Z_]+)["']|envvar="(RPP_[A-Z_]+)\"""", sources))
    assert {name for pair in read for name in pair if name} <= set(write_docs.VARIABLES)


def test_every_family_of_checks_is_described_and_no_other() -> None:
    assert set(NAMES) == set(write_docs.CHECKS)
    named = {t for _, thresholds, _ in write_docs.CHECKS.values() for t in re.findall(r"`(\w+)`", thresholds)}
    assert named == set(Appetite.__dataclass_fields__)


def test_every_action_on_a_request_is_an_act_of_the_audit_log() -> None:
    acts = {a.act for a in reading_code.acts()}
    assert {f"request:{action}" for action in Action} <= acts
    assert all("‹" not in act for act in acts)


def test_acts_and_permissions_speak_of_the_same_subjects() -> None:
    known = {p.value.split(":")[0] for p in Permission} | {"district"}
    assert {a.act.split(":")[0] for a in reading_code.acts()} <= known


def test_the_gate_is_shown_with_every_rule() -> None:
    shown = reading_code.told()[reading_code.GATE]
    assert len(shown) >= len(GATE)
    assert all(entry.sentences[0].endswith(".") for entry in shown.values())
