"""Doubtful identifiers on their pages: found, compared, decided with a reason and a word that one is sure."""

from __future__ import annotations

from pathlib import Path

from rpp_hub.synthetic import write_district

from tests.factories import actor
from tests.integration.web.conftest import PortalWorld
from tests.integration.web.test_data import settled

PAGE = "/data/bayview/identities"


def test_a_data_manager_finds_compares_and_decides(portal: PortalWorld, tmp_path: Path) -> None:
    dora = portal.browser("dora")
    assert "Nothing was received yet" in dora.get(PAGE).text
    write_district(tmp_path / "files", students=200)
    for drop in sorted((tmp_path / "files").iterdir()):
        portal.rpp.warehousing.receive(actor("dora"), drop, "bayview")
    assert "Nobody has looked yet" in dora.get(PAGE).text
    assert PAGE in dora.get("/data/bayview").text
    assert dora.post(PAGE).status_code == 303
    assert "2 identifiers of one student" in settled(dora, PAGE)
    found = portal.rpp.identities.list(actor("dora"), "bayview")[0]
    people = portal.rpp.identities.get(actor("dora"), "bayview", found.name)[0].people
    one = f"{PAGE}/{found.name}"
    shown = dora.get(one).text
    assert all(p.identifier in shown and p.born in shown for p in people)
    assert people[0].identifier not in dora.get(PAGE).text

    form = {"verdict": f"merge:{people[0].identifier}", "reason": "Same address."}
    assert "compared" in dora.post(one, form).text  # not without being sure
    assert dora.post(one, {**form, "sure": "yes", "reason": ""}).status_code == 422
    assert dora.post(one, {**form, "sure": "yes", "verdict": "burn"}).status_code == 422
    assert dora.post(one, {**form, "sure": "yes", "verdict": "merge:nobody"}).status_code == 409
    assert dora.post(one, {**form, "sure": "yes"}).status_code == 303
    assert "Merged" in dora.get(PAGE).text
    assert "Same address." in dora.get(one).text
    assert dora.get(f"{PAGE}/i-nothing").status_code == 404
