"""What a notebook is reduced to: every hostile or hidden thing goes, and is said."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rpp_review.items import Dropped, Item, Kind
from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.normal_form import normal_form, source_cells
from rpp_review.tables import Table, decode

from tests.unit.review.notebooks import code_cell, display, error, notebook, one_item, opened, png, stream

PANDAS = """<div>
<style scoped>
    .dataframe tbody tr th:only-of-type {
        vertical-align: middle;
    }

    .dataframe tbody tr th {
        vertical-align: top;
    }

    .dataframe thead th {
        text-align: right;
    }
</style>
<table border="1" class="dataframe">
  <thead><tr style="text-align: right;"><th></th><th>gender</th><th>n</th></tr></thead>
  <tbody><tr><th>0</th><td>F</td><td>12</td></tr><tr><th>1</th><td>M</td><td>15</td></tr></tbody>
</table>
</div>"""


def table_of(html: str) -> Table:
    item = one_item(display({"text/html": html}))
    (table,) = (block for block in decode(item.content) if isinstance(block, Table))
    return table


def dropped(*outputs: dict[str, Any], **cell: Any) -> set[str]:
    return {one.what for one in normal_form(notebook(code_cell(*outputs, **cell))).dropped}


def test_a_pandas_table_is_read_and_nothing_of_it_counts_as_dropped() -> None:
    output = display({"text/html": PANDAS, "text/plain": "  gender   n\n0      F  12"})
    form = normal_form(notebook(code_cell(output)))
    assert form.dropped == ()
    assert table_of(PANDAS) == Table((("", "gender", "n"),), (("0", "F", "12"), ("1", "M", "15")), labels=1)
    assert form.items[1].title == "Cell 1, output 1: table of 2 rows by 2 columns"


def test_spans_are_filled_in() -> None:
    html = (
        "<table><thead><tr><th></th><th></th><th colspan=2>score</th></tr></thead><tbody>"
        "<tr><th rowspan=2>a</th><th>x</th><td>1</td><td>2</td></tr><tr><th>y</th><td>3</td><td>4</td></tr></tbody></table>"
    )
    table = table_of(html)
    assert table.header == (("", "", "score", "score"),)
    assert table.body == (("a", "x", "1", "2"), ("a", "y", "3", "4"))
    assert table.labels == 2


def test_text_beside_a_table_is_kept_in_its_order() -> None:
    item = one_item(
        display({"text/html": "<h2>Before</h2><table><tr><td>1</td></tr></table><p>after <b>all</b></p>"})
    )
    assert decode(item.content) == ("Before", Table((), (("1",),)), "after all")


def test_text_between_cells_is_shown_and_not_lost() -> None:
    item = one_item(display({"text/html": "<table>loose<tr>stray<td>1</td></tr></table>"}))
    shown = item.content.decode()
    assert "loose" in shown
    assert "stray" in shown


def test_a_page_without_a_table_becomes_text() -> None:
    item = one_item(
        display(
            {"text/html": "<p>Hello <i>there</i></p><ul><li>one<li>two</ul>", "text/plain": "<HTML object>"}
        )
    )
    assert (item.kind, item.content) == (Kind.TEXT, b"Hello there\none\ntwo")


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("<script>alert('x')</script>", "a script"),
        ("<script>alert('x')", "a script"),
        ("<iframe src=//e.org></iframe>", "an embedded page or object"),
        ("<object data=x></object>", "an embedded page or object"),
        ("<base href=//e.org>", "a link to a resource or a redirect"),
        ("<meta http-equiv=refresh content='0;url=//e.org'>", "a link to a resource or a redirect"),
        ("<link rel=stylesheet href=//e.org/x.css>", "a link to a resource or a redirect"),
        ("<style>@import url(//e.org)</style>", "styles"),
        ("<img src=//e.org/p.png>", "a picture within HTML"),
        ("<img src=x onerror=alert(1)>", "an event handler"),
        ("<a href='javascript:alert(1)'>x</a>", "the target of a link"),
        ("<form action=//e.org><input name=x></form>", "a form"),
        ("<svg onload=alert(1)><foreignObject>x</foreignObject></svg>", "a drawing within HTML"),
        ("<!-- STU-0013 -->", "a comment"),
        ("<b title='STU-0013'>x</b>", "a tooltip (title attribute)"),
        ("<b data-x='STU-0013'>x</b>", "data attributes"),
        ("<p hidden>x</p>", "a part marked as hidden"),
        ("<p style='color:#fff;font-size:1px'>x</p>", "styles"),
        ("<p style=position:absolute;left:-9999px>x</p>", "styles"),
        ("<template>x</template>", "a part that no browser shows"),
    ],
)
def test_active_and_hidden_html_goes_and_is_said(html: str, what: str) -> None:
    form = normal_form(notebook(code_cell(display({"text/html": html + PANDAS}))))
    assert what in {one.what for one in form.dropped}
    content = b"".join(item.content for item in form.items).decode()
    for trace in ("alert", "e.org", "STU-0013", "style", "onerror", "javascript"):
        assert trace not in content


def test_text_that_a_style_would_hide_is_shown() -> None:
    assert (
        one_item(display({"text/html": "<p style='color:#fff'>secret</p><p hidden>too</p>"})).content
        == b"secret\ntoo"
    )


@pytest.mark.parametrize(
    ("media_type", "what"),
    [
        ("application/javascript", "JavaScript"),
        ("image/svg+xml", "a vector drawing (SVG)"),
        ("application/pdf", "a PDF"),
        ("image/jpeg", "a JPEG picture"),
        ("text/markdown", "a second form as Markdown"),
        ("text/latex", "a second form as LaTeX"),
        ("application/geo+json", "a map with its coordinates (GeoJSON)"),
        ("application/json", "JSON"),
        ("application/vnd.jupyter.widget-view+json", "a widget"),
        ("application/vnd.plotly.v1+json", "an interactive chart"),
        ("application/vnd.vegalite.v5+json", "an interactive chart"),
        ("application/vnd.vega.v6+json", "an interactive chart"),
        ("application/vnd.bokehjs_exec.v0+json", "an interactive chart"),
        ("application/vnd.dataresource+json", "an unknown format"),
        ("text/vnd.mermaid", "an unknown format"),
        ("x/STU-0013", "an unknown format"),
    ],
)
def test_other_formats_are_dropped_by_name_and_their_content_never_appears(
    media_type: str, what: str
) -> None:
    form = normal_form(notebook(code_cell(display({media_type: "canary", "text/plain": "chart"}))))
    assert Dropped("a:0", what, next(one.why for one in form.dropped)) in form.dropped
    assert form.items[1].content == b"chart"
    assert "canary" not in repr(form)
    assert "STU-0013" not in repr(form)


def test_an_output_of_nothing_but_a_dropped_format_has_no_item() -> None:
    assert len(normal_form(notebook(code_cell(display({"image/svg+xml": "<svg/>"})))).items) == 1


CANARY = "STU-0013" * 128


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"metadata": {"kernelspec": {"name": CANARY}}}, "unusual kernel or language metadata"),
        (
            {"metadata": {"language_info": {"version": "3.11", "canary": CANARY}}},
            "unusual kernel or language metadata",
        ),
        ({"metadata": {"title": CANARY}}, "notebook metadata"),
        ({"metadata": {"widgets": {"state": CANARY}}}, "the state of widgets"),
        ({"canary": CANARY}, "unknown parts of the notebook's file"),
    ],
)
def test_metadata_of_the_notebook_goes_and_is_said(change: dict[str, Any], what: str) -> None:
    form = normal_form(notebook(code_cell(), **change))
    assert [one.what for one in form.dropped] == [what]
    assert "STU-0013" not in repr(form.items) + repr(form.dropped) + repr(
        [item.content for item in form.items]
    )


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        ({"tags": [CANARY]}, {"cell metadata"}),
        ({"canary": CANARY}, {"cell metadata"}),
        ({"jupyter": {"source_hidden": True}}, {"a flag that hides the cell or its outputs"}),
        ({"jupyter": {"outputs_hidden": True}}, {"a flag that hides the cell or its outputs"}),
        ({"collapsed": True}, {"a flag that hides the cell or its outputs"}),
        ({"tags": ["remove-cell"]}, {"a flag that hides the cell or its outputs"}),
        ({"jupyter": {"source_hidden": False}, "scrolled": True, "tags": ["parameters"]}, set()),
        ({"execution": {"iopub.execute_input": "2026-11-24T09:00:00Z"}}, set()),
    ],
)
def test_metadata_of_a_cell_goes_and_hidden_cells_are_shown(metadata: dict[str, Any], what: set[str]) -> None:
    form = normal_form(notebook(code_cell(stream("shown"), metadata=metadata)))
    assert {one.what for one in form.dropped} == what
    assert form.items[1].content == b"shown"


def test_attachments_and_output_metadata_go_and_are_said() -> None:
    cell = {
        "cell_type": "markdown",
        "id": "m",
        "metadata": {},
        "source": "x",
        "attachments": {"../../x": {"image/png": CANARY}},
    }
    assert [one.what for one in normal_form(notebook(cell)).dropped] == ["attachments"]
    assert dropped(display({"text/plain": "x"}, {"text/plain": CANARY})) == {"output metadata"}
    assert (
        dropped(display({"image/png": png(Image.new("L", (3, 3)))}, {"image/png": {"width": 3, "height": 3}}))
        == set()
    )
    assert dropped(
        display({"image/png": png(Image.new("L", (3, 3)))}, {"image/png": {"alt": '"><script>'}})
    ) == {"output metadata"}


def test_the_usual_metadata_of_a_notebook_is_not_worth_a_word() -> None:
    usual = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "nbconvert_exporter": "python",
            "pygments_lexer": "ipython3",
            "version": "3.11.2",
        },
    }
    assert normal_form(notebook(code_cell(), metadata=usual)).dropped == ()


def test_the_source_is_one_item_with_every_cell_in_order() -> None:
    markdown = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": ["# A\n", "b"]}
    (source, *_) = normal_form(notebook(markdown, code_cell(source="x = 1"))).items
    assert source.kind is Kind.SOURCE
    assert source_cells(source) == [
        {"id": "m", "kind": "markdown", "source": "# A\nb"},
        {"id": "a", "kind": "code", "source": "x = 1"},
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u200bb\u200d", "a⟨U+200B⟩b⟨U+200D⟩"),
        ("x\U000e0041\U000e0042", "x⟨U+E0041⟩⟨U+E0042⟩"),
        ("x\U000e0101\ufe00", "x⟨U+E0101⟩⟨U+FE00⟩"),
        ("a\x00b\x07", "a⟨U+0000⟩b⟨U+0007⟩"),
        ("a\u3164\u2800\u00adb", "a⟨U+3164⟩⟨U+2800⟩⟨U+00AD⟩b"),
        ("a\u00a0\u2003b", "a  b"),
        ("blank \t \nend  ", "blank\nend"),
        ("e\u0301", "é"),
        ("\x1b[31mred\x1b[0m \x1b]8;;http://e.org\x1b\\link\x1b]8;;\x1b\\", "red link"),
        ("10%\r20%\rdone", "done"),
        ("ab\bc", "ac"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_nothing_unseen_stays_in_printed_text(text: str, shown: str) -> None:
    assert one_item(stream(text)).content.decode() == shown


def test_hidden_characters_are_written_out_in_source_tables_and_errors_too() -> None:
    html = "<table><tr><td>1&#x202e;&#8203;</td></tr></table>"
    form = normal_form(
        notebook(code_cell(display({"text/html": html}), error("a\u202e\x1b[31m"), source="x\u200b"))
    )
    for item in form.items:
        assert "⟨U+20" in item.content.decode()


def test_pieces_of_one_stream_are_one_item_and_streams_keep_their_places() -> None:
    form = normal_form(notebook(code_cell(stream("a"), stream("b"), stream("w", "stderr"), stream("c"))))
    assert [(item.identity, item.content) for item in form.items[1:]] == [
        ("a:0", b"ab"),
        ("a:1", b"w"),
        ("a:2", b"c"),
    ]


def test_an_error_is_an_item_of_its_own() -> None:
    item = one_item(error("\x1b[0;31mKeyError\x1b[0m", "x"))
    assert (item.kind, item.content) == (Kind.ERROR, b"KeyError\nx")


class TestPictures:
    def test_the_lowest_bits_do_not_survive(self) -> None:
        drawn = random.Random(7)
        hidden = [drawn.getrandbits(1) for _ in range(64 * 64)]
        picture = Image.new("L", (64, 64))
        picture.putdata([0x80 | bit for bit in hidden])
        read = [pixel & 1 for pixel in opened(one_item(display({"image/png": png(picture)}))).tobytes()]
        assert len(set(read)) == 1
        assert [pixel & 1 for pixel in picture.tobytes()] == hidden  # the control: a lossless copy keeps them

    def test_text_chunks_exif_and_trailing_bytes_do_not_survive(self) -> None:
        exif = Image.Exif()
        exif[0x010E] = "STU-0013"
        item = one_item(
            display(
                {"image/png": png(Image.new("RGB", (9, 9), "red"), "STU-0013", b"PK STU-0013", exif=exif)}
            )
        )
        assert b"STU-0013" not in item.content
        assert opened(item).getpixel((0, 0)) == (255, 0, 0)

    def test_colours_under_transparency_do_not_survive(self) -> None:
        picture = Image.new("RGBA", (9, 9), (200, 10, 10, 0))
        assert opened(one_item(display({"image/png": png(picture)}))).getcolors() == [(81, (255, 255, 255))]

    @pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
    def test_every_mode_of_png_is_read_and_a_second_pass_changes_nothing(self, mode: str) -> None:
        once = one_item(display({"image/png": png(Image.new(mode, (9, 9)))}))
        again = one_item(display({"image/png": png(opened(once))}))
        assert once.content == again.content

    def test_frames_after_the_first_do_not_survive(self) -> None:
        frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
        animated = png(frames[0], save_all=True, append_images=frames[1:])
        assert b"fdAT" not in one_item(display({"image/png": animated})).content

    def test_a_decompression_bomb_is_not_opened(self) -> None:
        began = time.monotonic()
        bomb = png(Image.new("1", (20_000, 20_000)))
        began = time.monotonic()
        assert dropped(display({"image/png": bomb})) == {"a picture that cannot be read"}
        assert time.monotonic() - began < 1

    def test_many_pictures_share_one_budget(self) -> None:
        picture = png(Image.new("1", (1000, 1000)))
        cells = notebook(
            *(code_cell(display({"image/png": picture}), identity=f"c{number}") for number in range(3))
        )
        form = normal_form(cells, Limits(pixels=2_000_000))
        assert [item.kind for item in form.items].count(Kind.FIGURE) == 2
        assert [one.identity for one in form.dropped] == ["c2:0"]

    @pytest.mark.parametrize(
        "text", ["", "not base64!", "aGVsbG8=", "<svg>", png(Image.new("L", (50, 50)))[:80]]
    )
    def test_what_is_no_picture_is_dropped_and_the_text_stands_for_it(self, text: str) -> None:
        form = normal_form(notebook(code_cell(display({"image/png": text, "text/plain": "Figure"}))))
        assert (form.items[1].kind, form.dropped[0].what) == (Kind.TEXT, "a picture that cannot be read")


def test_a_table_beyond_the_limit_is_refused_before_it_is_built() -> None:
    for html in (
        "<table><tr><td colspan=1000 rowspan=65534>x</td></tr></table>",
        "<table>" + "<tr><td>1" * 11 + "</table>",
    ):
        with pytest.raises(InvalidNotebook) as caught:
            normal_form(notebook(code_cell(display({"text/html": html}))), Limits(table_cells=10))
        assert caught.value.code == "table-too-large"


@pytest.mark.parametrize(
    "unit", ["<div>", "<b>", "<table><tr><td>", "<p>x", "<form>", "<!--", "<a title", "<style>", "&#x", "<td"]
)
def test_nested_or_broken_html_of_megabytes_takes_seconds(unit: str) -> None:
    began = time.monotonic()
    normal_form(notebook(code_cell(display({"text/html": unit * (3_000_000 // len(unit))}))))
    assert time.monotonic() - began < 10


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
