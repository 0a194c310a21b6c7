"""What a notebook is reduced to: every hostile or hidden thing goes, and is said."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image
from rpp_review.items import Dropped, Kind
from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.normal_form import normal_form, source_cells
from rpp_review.tables import Table, decode

from tests.effort import QUADRATIC, growth
from tests.unit.review.notebooks import (
    code_cell,
    display,
    dropped,
    error,
    notebook,
    one_item,
    png,
    stream,
)

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
def test_nested_or_broken_html_takes_time_that_grows_with_its_size(unit: str) -> None:
    def read(size: int) -> None:
        normal_form(notebook(code_cell(display({"text/html": unit * (size // len(unit))}))))

    assert growth(read, 3_000_000) < QUADRATIC
