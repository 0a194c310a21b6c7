"""Whatever a notebook holds, it is read or refused in a sentence, and twice the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_review.items import Item, Kind
from rpp_review.limits import InvalidNotebook
from rpp_review.normal_form import normal_form

from tests.unit.review.notebooks import code_cell, display, notebook, stream

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
texts = st.text(max_size=60) | st.lists(st.text(max_size=20), max_size=3)
media = st.sampled_from(
    ["text/plain", "text/html", "image/png", "image/svg+xml", "text/latex", "application/json"]
)
outputs = st.one_of(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": texts, "text": texts}),
    st.fixed_dictionaries({"output_type": st.just("error"), "traceback": json_values}),
    st.fixed_dictionaries(
        {
            "output_type": st.just("display_data"),
            "data": st.dictionaries(media, texts),
            "metadata": json_values,
        }
    ),
    json_values,
)
cells = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw", "x"]),
        "source": texts,
        "metadata": json_values | st.just({}),
    },
    optional={
        "id": st.text("ab-", max_size=4),
        "outputs": st.lists(outputs, max_size=3),
        "attachments": json_values,
    },
)
notebooks = st.fixed_dictionaries(
    {
        "nbformat": st.just(4),
        "nbformat_minor": st.integers(0, 6),
        "metadata": json_values | st.just({}),
        "cells": st.lists(cells, max_size=4),
    }
)


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | json_values.map(lambda value: json.dumps(value).encode())
)
def test_arbitrary_bytes_are_refused_in_a_sentence_and_never_crash(data: bytes) -> None:
    with pytest.raises(InvalidNotebook) as caught:
        normal_form(data)
    assert caught.value.message.endswith(".")


@settings(max_examples=300, deadline=None)
@given(notebooks)
def test_arbitrary_notebooks_are_read_or_refused_always_alike(value: dict[str, Any]) -> None:
    data = json.dumps(value).encode()
    try:
        form = normal_form(data)
    except InvalidNotebook:
        return
    assert normal_form(data) == form
    identities = [item.identity for item in form.items]
    assert len(set(identities)) == len(identities)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_the_normal_form_of_printed_text_is_its_own_normal_form(text: str) -> None:
    def shown(text: str) -> list[Item]:
        return [
            item for item in normal_form(notebook(code_cell(stream(text)))).items if item.kind is Kind.TEXT
        ]

    for item in shown(text):
        assert shown(item.content.decode()) == [item]


@settings(max_examples=300, deadline=None)
@given(st.text("<>/= \"'&;abtdrhpx#!-\u202e\x00\n12", max_size=200))
def test_arbitrary_html_is_read_without_a_crash(html: str) -> None:
    normal_form(notebook(code_cell(display({"text/html": "<table><tr><td>" + html, "text/plain": "x"}))))
