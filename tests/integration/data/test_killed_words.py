"""Kill -9 between any two statements of what a person says: of a field, of a delivery, to a question. Said, or not said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.services.questions import QuestionStatus

from tests.factories import SETUP, actor
from tests.harness import remove
from tests.integration.data import mortal as acting
from tests.integration.data.conftest import acts
from tests.integration.data.deaths import mortals
from tests.integration.data.test_confirming import FIRST, folder
from tests.integration.data.test_killed import MORTAL, leftovers

DORA = actor("dora")
TABLE, FIELD = "student_classifications", "grade_level"


@pytest.fixture(scope="module")
def mortal() -> Iterator[Any]:
    """Does one act on a copy of a home, and dies of it."""
    with mortals(MORTAL) as do:
        yield do


@contextmanager
def after_each_word(
    mortal: Any, template: Path, place: Path, name: str, subject: str
) -> Iterator[Iterator[tuple[str, Rpp]]]:
    """The installation as it is found after death at the last ten moments, and at some evenly before; which in words."""

    def copies() -> Iterator[tuple[str, Rpp]]:
        shutil.copytree(template, place / "home", symlinks=True)
        moments = mortal(place / "home", name, subject)["moments"]
        remove(place / "home")
        assert {"COMMIT", "committed"} <= set(moments)
        late = range(max(len(moments) - 10, 0), len(moments))
        for moment in sorted({*range(0, len(moments), max(len(moments) // 4, 1)), *late}):
            shutil.copytree(template, place / "home", symlinks=True)
            mortal(place / "home", name, subject, moment)
            rpp = open_installation(place / "home")
            yield f"{moment}: {moments[moment]}", rpp
            assert rpp.auditing.verify(SETUP).ok
            rpp.store.close()
            remove(place / "home")

    yield copies()


def test_what_is_said_of_a_field(mortal: Any, templates: dict[str, Path], tmp_path: Path) -> None:
    said = "Grade on census day."
    with after_each_word(mortal, templates["built"], tmp_path / "e", "edit", said) as deaths:
        ends = set()
        for moment, rpp in deaths:
            books = rpp.warehousing.codebooks
            now = books.current(DORA, "bayview")
            table = now.codebook.table(TABLE)
            assert table is not None
            field = table.field(FIELD)
            assert field is not None
            happened = field.description == said
            ends.add(happened)
            assert acts(rpp).count("codebook:edit") == happened, moment
            assert len(books.history(DORA, "bayview")) == happened, moment
            if happened:
                with pytest.raises(Invalid, match="says that already"):
                    acting.ACTS["edit"](rpp, said, lambda *_: None)
            else:
                acting.ACTS["edit"](rpp, said, lambda *_: None)
            assert leftovers(rpp.installation.warehouse_dir("bayview")) == [], moment
            assert rpp.cutting.plan("absence").rows, moment
    assert ends == {True, False}


def test_a_delivery_that_is_discarded(mortal: Any, templates: dict[str, Path], tmp_path: Path) -> None:
    sent = folder(tmp_path, FIRST)
    shutil.copytree(templates["empty"], tmp_path / "brought", symlinks=True)
    rpp = open_installation(tmp_path / "brought")
    rpp.warehousing.receiving.bring(DORA, sent, "bayview")
    rpp.store.close()
    with after_each_word(mortal, tmp_path / "brought", tmp_path / "d", "discard", sent.name) as deaths:
        ends = set()
        for moment, rpp in deaths:
            receiving = rpp.warehousing.receiving
            waits = [v.name for v in receiving.waiting(DORA, "bayview")]
            ends.add(bool(waits))
            assert acts(rpp).count("drop:discard") == (not waits), moment
            if waits:
                acting.ACTS["discard"](rpp, sent.name, lambda *_: None)
            with pytest.raises(NotFound):
                receiving.waiting_drop(DORA, "bayview", sent.name)
            receiving.bring(DORA, sent, "bayview")  # as if it had never come
            waiting = rpp.installation.warehouse_dir("bayview") / "waiting"
            assert [p.name for p in waiting.iterdir() if p.is_dir()] == [sent.name], moment
    assert ends == {True, False}
    remove(tmp_path / "brought")


def test_an_answer_to_a_question(mortal: Any, templates: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(templates["built"], tmp_path / "asked", symlinks=True)
    rpp = open_installation(tmp_path / "asked")
    rpp.cutting.build(DORA, "absence")
    name = rpp.warehousing.questions.ask(actor("rosa"), "absence", TABLE, FIELD, "What is grade 13?").name
    rpp.store.close()
    with after_each_word(mortal, tmp_path / "asked", tmp_path / "a", "answer", name) as deaths:
        ends = set()
        for moment, rpp in deaths:
            questions = rpp.warehousing.questions
            view = questions.get(DORA, name)
            happened = view.status is QuestionStatus.ANSWERED
            ends.add(happened)
            assert acts(rpp).count("question:answer") == happened, moment
            if happened:
                with pytest.raises(ActionRefused):
                    acting.ACTS["answer"](rpp, name, lambda *_: None)
            else:
                acting.ACTS["answer"](rpp, name, lambda *_: None)
            table = questions.codebook(actor("rosa"), "absence").table(TABLE)
            field = table.field(FIELD) if table else None
            assert field is not None
            assert len(field.notes) == 1, moment
    assert ends == {True, False}
    remove(tmp_path / "asked")
