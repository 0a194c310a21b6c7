"""A researcher finds what there is without the docs: by the Tab key and by a question mark, in the kernel itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import rpp
from rpp.asking import LONGEST

from tests.unit.kernel.conftest import Running, kernel

ASKED = "application/vnd.rpp.question.v1+json"


@pytest.fixture(scope="module")
def running(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("help")
    home = folder / "home"
    home.mkdir()
    with kernel(folder, ours=True, home=home, RPP_DATA=str(cut)) as started:
        assert started.run("import rpp")[0] == ""
        yield started


def test_tab_after_rpp_offers_all_there_is_to_ask(running: Running) -> None:
    content = running.client.complete("rpp.", 4, reply=True, timeout=60)["content"]
    offered = {match.removeprefix("rpp.") for match in content["matches"]}
    assert set(rpp.__all__) <= offered


@pytest.mark.parametrize("name", ["load", "note", "check", "codebook", "tables", "show"])
def test_a_question_mark_explains_each_of_them(running: Running, name: str) -> None:
    content = running.client.inspect(f"rpp.{name}", len(name) + 4, reply=True, timeout=60)["content"]
    assert content["found"]
    assert f"{name}(" in content["data"]["text/plain"]
    assert "Docstring" in content["data"]["text/plain"]


def test_a_question_is_shown_with_the_table_that_the_field_belongs_to(running: Running) -> None:
    printed, shown = running.run('rpp.note("grade", " Is 0 kindergarten? ")')
    assert printed == ""
    assert shown[0]["text/plain"] == "To the data manager, about enrollment.grade: Is 0 kindergarten?"
    told = shown[0][ASKED]
    assert (told["table"], told["field"], told["question"]) == ("enrollment", "grade", "Is 0 kindergarten?")


@pytest.mark.parametrize(
    ("field", "question", "words"),
    [
        ("enrollment.grad", "Why?", "Did you mean 'grade'?"), ("grad", "Why?", "Did you mean 'grade'?"),
        ("grade", " ", "1 to 1,000 characters"), ("grade", "x" * (LONGEST + 1), "this one has 1,001"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_at_once(
    running: Running, field: str, question: str, words: str
) -> None:
    printed, shown = running.run(f"rpp.note({field!r}, {question!r})")
    assert words in printed
    assert shown == []
