"""A form that is refused loses nothing of what was typed: the page that says why holds it, to be mended and sent again."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.integration.web.conftest import PortalWorld

LONG = "A table of all codes, " * 20


class Fields(HTMLParser):
    """The fields of the form on an error page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.labels: set[str] = set()
        self._inside = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        if tag == "form":
            self._inside = given["action"]
        if tag == "label":
            self.labels.add(given["for"])
        if self._inside.startswith("/services/rpp/projects") and "name" in given:
            self.values[given["name"]] = given.get("value", "")
            self._area = given["name"] if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area
        self._inside = "" if tag == "form" else self._inside


def test_what_was_typed_is_mended_and_sent_again(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    refused = rosa.post("/projects/alpha/hours", {"hours": "two", "work": LONG, "on": "2026-11-20"})
    assert refused.status_code == 422
    kept = Fields(refused.text)
    assert {k: kept.values[k].strip() for k in ("hours", "work", "on")} == {
        "hours": "two",
        "work": LONG.strip(),
        "on": "2026-11-20",
    }
    assert kept.values["csrf"] == rosa.csrf
    assert {"kept-1", "kept-2", "kept-3"} <= kept.labels
    for words in ("Hours", "On what", "Day"):  # as the page itself calls them
        assert f">{words}</label>" in refused.text
    again = rosa.post("/projects/alpha/hours", {**kept.values, "hours": "2", "work": "All codes"})
    assert again.status_code == 303
    assert "All codes" in rosa.get("/projects/alpha").text


@pytest.mark.parametrize("hostile", ['"><script>x</script>', "</textarea><script>x</script>" + "y" * 100])
def test_what_was_typed_is_shown_as_text(portal: PortalWorld, hostile: str) -> None:
    page = (
        portal.browser("rosa").post("/projects/alpha/hours", {"hours": "two", "work": hostile, "on": ""}).text
    )
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_the_way_back_leads_to_a_page_of_ours_and_nowhere_else(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    for referer, back in (
        ("http://rpp.test/services/rpp/projects/alpha", "/services/rpp/projects/alpha"),
        ("http://elsewhere.test/steal", "/services/rpp/"),
        ("", "/services/rpp/"),
    ):
        page = rosa.post(
            "/projects/alpha/hours", {"hours": "two", "work": "w"}, headers={"Referer": referer}
        ).text
        assert f'href="{back}">go back' in page


def test_a_form_that_did_not_come_from_here_is_not_kept(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    page = rosa.post("/projects/alpha/hours", {"hours": "two", "work": "mine", "csrf": "wrong"})
    assert page.status_code == 403
    assert "What you had typed" not in page.text
