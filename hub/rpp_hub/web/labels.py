"""What the portal's pages call their fields: read from the labels in their templates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from html.parser import HTMLParser

from rpp_hub.web.templating import TEMPLATES

_FIELDS = frozenset({"input", "select", "textarea"})


@cache
def labels() -> Mapping[str, str]:
    """The words for each field's name, where all pages that have such a field agree on them."""
    found: dict[str, set[str]] = defaultdict(set)
    for template in TEMPLATES.glob("*.html"):
        page = _Labels()
        page.feed(template.read_text(encoding="utf-8"))
        for place, words in page.words.items():
            if place in page.names:
                found[page.names[place]].add(" ".join(words.split()))
    plain = ((name, words) for name, words in found.items() if len(words) == 1)
    return {name: said for name, (said,) in plain if said and "{" not in name + said}


class _Labels(HTMLParser):
    """Labels and fields by the id that joins them, as the template has them: what is filled in later is no word."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, str] = defaultdict(str)
        self.names: dict[str, str] = {}
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "label":
            self._label = given.get("for", "")
        elif tag in _FIELDS and given.get("id") and given.get("name"):
            self.names[given["id"]] = given["name"]

    def handle_data(self, data: str) -> None:
        if self._label:
            self.words[self._label] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._label = ""
