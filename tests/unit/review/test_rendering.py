"""What a reviewer's page and a spreadsheet get: nothing that runs, loads or calculates."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rpp_review.items import Item, Kind
from rpp_review.normal_form import normal_form
from rpp_review.rendering import item_html, table_csv
from rpp_review.tables import Table, encode

from tests.unit.review.notebooks import code_cell, display, error, notebook, one_item, png, stream

ALLOWED = {
    "table": set[str](),
    "caption": set[str](),
    "thead": set[str](),
    "tbody": set[str](),
    "tr": set[str](),
    "td": set[str](),
    "th": {"scope"},
    "pre": set[str](),
    "h4": set[str](),
    "img": {"src", "alt"},
}


class _Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)


def assert_inert(html: str) -> None:
    seen = _Seen(html)
    assert not seen.other
    for tag, attributes in seen.tags:
        assert tag in ALLOWED
        assert set(attributes) <= ALLOWED[tag]
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
    # A second opinion: a sanitiser with the same short list finds nothing to take away.
    cleaned = nh3.clean(html, tags=set(ALLOWED), attributes=ALLOWED, url_schemes={"data"}, link_rel=None)
    assert [tag for tag, _ in _Seen(cleaned).tags if tag != "tbody"] == [
        tag for tag, _ in seen.tags if tag != "tbody"
    ]


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</pre><script>alert(1)</script>",
    "</td></tr></table><iframe src=//e.org>",
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>x</a>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<style>@import '//e.org'</style><base href=//e.org><meta http-equiv=refresh content=0>",
    "<form><button formaction=javascript:alert(1)>x",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07",
    "{{ 7*7 }}{% raw %}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_wherever_it_stands(text: str) -> None:
    cell = code_cell(
        stream(text),
        error(text),
        display(
            {"text/html": f"{text}<table><caption>{text}</caption><tr><th>{text}<td>{text}</table>{text}"}
        ),
        display({"text/plain": text}),
        source=text,
    )
    for item in normal_form(notebook(cell)).items:
        assert_inert(item_html(item))


def test_hostile_items_made_without_a_notebook_are_inert_too() -> None:
    for text in HOSTILE:
        content = encode((text, Table(((text,),), ((text, text),), labels=1, caption=text)))
        assert_inert(item_html(Item("a:0", Kind.TABLE, "application/json", content, text, "a", 0)))


@settings(max_examples=200, deadline=None)
@given(st.text("<>/= \"'&;:()abdeghijlmoprstx#!-`\x00\n1", max_size=300))
def test_arbitrary_html_never_shows_an_active_element(html: str) -> None:
    output = display({"text/html": "<table><tr><td>x" + html, "text/plain": html})
    for item in normal_form(notebook(code_cell(output, stream(html), source=html))).items:
        assert_inert(item_html(item))


def test_a_table_is_written_for_screen_readers() -> None:
    html = item_html(
        one_item(display({"text/html": "<table><thead><tr><th><th>n<tbody><tr><th>F<td>12</table>"}))
    )
    assert "<caption>Cell 1, output 1: table of 1 row by 1 column</caption>" in html
    assert '<th scope="col">n</th>' in html
    assert '<th scope="row">F</th><td>12</td>' in html


def test_a_figure_is_a_picture_of_our_own_with_a_description() -> None:
    html = item_html(one_item(display({"image/png": png(Image.new("L", (3, 2)))})))
    assert html.startswith('<img src="data:image/png;base64,iVBOR')
    assert 'alt="Cell 1, output 1: figure of 3 by 2 points"' in html


def test_text_keeps_its_blanks_and_its_first_empty_line() -> None:
    item = Item("a:0", Kind.TEXT, "text/plain", b"\n  x < y", "", "a", 0)
    assert item_html(item) == "<pre>\n\n  x &lt; y</pre>"


@pytest.mark.parametrize(
    "value", ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "  =1", "%x", "|x", "＝1"]
)
def test_a_spreadsheet_takes_no_cell_for_a_formula(value: str) -> None:
    content = encode((Table(((value,),), ((value,),)),))
    rows = list(
        csv.reader(io.StringIO(table_csv(Item("a:0", Kind.TABLE, "application/json", content, "", "a", 0))))
    )
    assert rows == [[f"'{value}"], [f"'{value}"]]


@pytest.mark.parametrize("value", ["-1.5", "+3", "12", "-1e-5", "a=b", "-1,234.5", ""])
def test_numbers_and_plain_words_stay_as_they_are(value: str) -> None:
    content = encode((Table((), ((value, "x"),)),))
    rows = list(
        csv.reader(io.StringIO(table_csv(Item("a:0", Kind.TABLE, "application/json", content, "", "a", 0))))
    )
    assert rows == [[value, "x"]]
