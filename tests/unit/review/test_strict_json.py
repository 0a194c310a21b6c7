"""A notebook that two readers could read in two ways, or that would exhaust one, is refused in a sentence."""

from __future__ import annotations

import json

import pytest
from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.normal_form import normal_form

from tests.effort import QUADRATIC, growth
from tests.unit.review.notebooks import code_cell, notebook, stream

SOUND = notebook(code_cell(stream("fine")))


def refused(data: bytes, limits: Limits | None = None) -> InvalidNotebook:
    with pytest.raises(InvalidNotebook) as caught:
        normal_form(data, limits or Limits())
    return caught.value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (SOUND[:-1], "not-json"),
        (SOUND + b"x", "not-json"),
        (b"\xef\xbb\xbf" + SOUND, "byte-order-mark"),
        (SOUND.decode().encode("utf-16"), "byte-order-mark"),
        (SOUND.replace(b"fine", b"f\xefne"), "not-utf-8"),
        (SOUND.replace(b"fine", b"f\xed\xa0\x80ne"), "not-utf-8"),
        (SOUND.replace(b"fine", b"\\ud83d"), "lone-surrogate"),
        (SOUND.replace(b'"metadata"', b'"\\udc00": 1, "metadata"', 1), "lone-surrogate"),
        (SOUND.replace(b'"nbformat": 4', b'"nbformat": 3, "nbformat": 4'), "duplicate-key"),
        (SOUND.replace(b'"execution_count": 1', b'"execution_count": NaN'), "not-a-number"),
        (SOUND.replace(b'"execution_count": 1', b'"execution_count": -Infinity'), "not-a-number"),
        (SOUND.replace(b'"execution_count": 1', b'"execution_count": 1e999'), "not-a-number"),
        (SOUND.replace(b'"execution_count": 1', b'"execution_count": ' + b"9" * 5000), "number-too-long"),
        (b"[" * 100_000 + b"]" * 100_000, "notebook-too-deep"),
        (b"[" * 100_000, "notebook-too-deep"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "notebook-too-deep"),
        (b"[]", "unknown-structure"),
        (b"null", "unknown-structure"),
        (b"{}", "unknown-structure"),
        (
            json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": {}}).encode(),
            "unknown-structure",
        ),
        (
            json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "cells": []}).encode(),
            "notebook-version",
        ),
        (
            json.dumps({"nbformat": 4, "nbformat_minor": 6, "metadata": {}, "cells": []}).encode(),
            "notebook-version",
        ),
        (
            json.dumps({"nbformat": True, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode(),
            "unknown-structure",
        ),
        (notebook({"cell_type": "heading", "id": "a", "metadata": {}, "source": ""}), "unknown-structure"),
        (notebook(code_cell({"output_type": "pyout"})), "unknown-structure"),
        (notebook(code_cell(source=["a", 1])), "unknown-structure"),  # type: ignore[arg-type]
        (notebook(code_cell(), code_cell()), "cell-id-twice"),
        (notebook(code_cell(identity="source")), "cell-id-twice"),
        (notebook(code_cell(identity="a b")), "cell-id"),
        (notebook(code_cell(identity="a" * 65)), "cell-id"),
    ],
)
def test_it_is_refused_with_a_code_and_a_next_step(data: bytes, code: str) -> None:
    error = refused(data)
    assert error.code == code
    assert error.message.endswith(".")
    assert len(error.message.split(". ")) >= 2


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(bytes=100), "notebook-too-large"),
        (Limits(cells=2), "too-many-cells"),
        (Limits(outputs=2), "too-many-outputs"),
    ],
)
def test_limits_are_named_with_their_value(limits: Limits, code: str) -> None:
    data = notebook(*(code_cell(stream("x"), identity=f"c{number}") for number in range(3)))
    assert refused(data, limits).code == code
    assert normal_form(data).items


def test_a_notebook_within_the_limits_is_read() -> None:
    assert [item.identity for item in normal_form(SOUND).items] == ["source", "a:0"]


def test_brackets_within_text_are_no_nesting() -> None:
    assert normal_form(notebook(code_cell(stream("[" * 1000 + '\\"{' * 1000))))


def test_cells_of_an_older_notebook_get_an_identity_from_their_place() -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "source": "",
        "execution_count": None,
        "outputs": [stream("x")],
    }
    old = json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell, cell]}).encode()
    assert [item.identity for item in normal_form(old).items] == ["source", "cell-0:0", "cell-1:0"]


@pytest.mark.parametrize("unit", [b"\\", b'\\"'])
def test_what_looks_like_a_notebook_is_refused_in_time_that_grows_with_its_size(unit: bytes) -> None:
    assert growth(lambda size: refused(b'"' + unit * (size // len(unit))), 19_999_998) < QUADRATIC


def test_a_notebook_at_the_limit_of_size_is_refused_or_read() -> None:
    refused(b"[{" * 9_999_999)
    assert normal_form(notebook(code_cell(stream("line of text\n" * 1_400_000)))).items
