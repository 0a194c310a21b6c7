"""A waiting delivery on its page: what is asked is answered there, and then it is kept or thrown away."""

from __future__ import annotations

import time

from rpp_hub.warehouse.column_habits import Habit
from rpp_hub.warehouse.receive import file_from

from tests.factories import actor
from tests.integration.web.conftest import WAITING, PortalWorld, add_waiting_drop

PAGE = f"/data/bayview/waiting/{WAITING}"
AS_IT_IS = {
    "encoding:0": "utf-8", "delimiter:0": ",", "dates:0:joined": "", "nothing:0:grade:NA": "1",
    "add_column:0": "",
}  # fmt: skip


def version(portal: PortalWorld) -> str:

    return str(portal.rpp.warehousing.receiving.waiting_drop(actor("dora"), "bayview", WAITING).version)


def kept(portal: PortalWorld) -> dict[str, Habit]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for drop in portal.rpp.warehousing.drops("bayview"):
            (file,) = (file_from(f) for f in drop.files if f["table"])
            return {h.column: h for h in file.habits}
        time.sleep(0.05)
    raise TimeoutError(WAITING)


def test_what_is_asked_is_answered_on_the_page_and_then_kept(portal: PortalWorld) -> None:
    add_waiting_drop(portal)
    dora = portal.browser("dora")
    assert f'href="/services/rpp{PAGE}"' in dora.get("/data/bayview").text
    shown = dora.get(PAGE).text
    assert "This can be read in two ways" in shown
    assert "Beside them: read me.txt" in shown
    undecided = dora.post(PAGE, {**AS_IT_IS, "do": "confirm", "version": version(portal)})
    assert undecided.status_code == 409
    assert "Say which" in undecided.text
    answers = {
        **AS_IT_IS,
        "dates:0:joined": "day-first",
        "nothing:0:grade:-9": "1",
        "more:0:country": "DE XX",
        "add_column:0": "student_id",
        "add_codes:0": "3",
    }
    assert dora.post(PAGE, {**answers, "do": "read", "version": version(portal)}).status_code == 303
    assert "This can be read in two ways" not in dora.get(PAGE).text
    assert dora.post(PAGE, {**AS_IT_IS, "do": "read", "version": "1"}).status_code == 409  # of an old page
    now = {**answers, "nothing:0:country:DE": "1", "nothing:0:country:XX": "1", "nothing:0:student_id:3": "1"}
    del now["add_column:0"], now["more:0:country"]
    assert dora.post(PAGE, {**now, "do": "confirm", "version": version(portal)}).status_code == 303
    habits = kept(portal)
    assert habits["joined"].dates == "day-first"
    assert set(habits["grade"].missing) == {"NA", "-9"}
    assert habits["country"] == Habit("country", "", ("DE", "XX"), ("NA",))
    assert habits["student_id"].missing == ("3",)
    assert dora.get(PAGE).status_code == 404
    assert "waiting" not in dora.get("/data/bayview").text


def test_another_delimiter_reads_the_file_again(portal: PortalWorld) -> None:
    add_waiting_drop(portal)
    dora = portal.browser("dora")
    changed = {**AS_IT_IS, "delimiter:0": ";", "do": "read", "version": version(portal)}
    assert dora.post(PAGE, changed).status_code == 303
    deadline = time.monotonic() + 30
    while "1 columns" not in dora.get(PAGE).text and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "1 columns" in dora.get(PAGE).text


def test_a_delivery_is_discarded(portal: PortalWorld) -> None:
    add_waiting_drop(portal)
    dora = portal.browser("dora")
    assert dora.post(PAGE, {"do": "discard", "version": version(portal)}).status_code == 303
    assert dora.get(PAGE).status_code == 404
    assert portal.rpp.warehousing.drops("bayview") == ()
    assert dora.post(PAGE, {"do": "burn", "version": "1"}).status_code == 404


def test_codes_that_a_district_wrote_stay_text_on_the_page(portal: PortalWorld) -> None:
    sent = portal.world.home / "sent" / "202410_clubs"
    sent.mkdir(parents=True)
    (sent / "<b>Clubs.csv").write_text("student_id,<script>alert(1)</script>\n1,NA\n")

    portal.rpp.warehousing.receiving.bring(actor("dora"), sent, "bayview")
    shown = portal.browser("dora").get("/data/bayview/waiting/202410_clubs").text
    assert "<b>Clubs" not in shown
    assert "<script>alert" not in shown
