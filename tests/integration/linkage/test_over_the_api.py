"""Survey files, cuts and results over the API, on a real installation: sent, linked, cut, compared, returned; nothing lies about."""

from __future__ import annotations

import csv
import io
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.linkage.envelope import open_box
from rpp_hub.web.app import create_app
from rpp_hub.web.hub_client import HubClient

from tests.integration.linkage.conftest import Person
from tests.integration.web.browser import Browser
from tests.integration.web.stand_in_hub import PORTAL_TOKEN, StandInHub

PHRASE = "five random words make it"
PLACE = "/projects/absence"


@pytest.fixture
def dora(rpp: Rpp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A data manager's session with a portal over the installation; what it writes for a moment lies where it can be looked at."""
    (rpp.installation.hub_dir / "portal.key").write_text(secrets.token_hex(32))
    (tmp_path / "moment").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "moment"))
    hub = StandInHub()
    return Browser(create_app(rpp, HubClient(hub.client(), PORTAL_TOKEN)), hub, "dora")


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def finished(browser: Browser, path: str) -> dict[str, Any]:
    until = time.monotonic() + 120
    while (work := ok(browser.call("GET", path)))["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert work["state"] == "done", work["refusals"]
    return dict(work["result"])


def survey(people: list[Person]) -> bytes:
    """Thirty students by name, and one who is in doubt."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("First Name", "Surname", "DOB", "grit"))
    writer.writerows((p.first_name, p.last_name, p.birth_date, n) for n, p in enumerate(people[:30]))
    writer.writerow((people[30].first_name, "Completelyother", people[30].birth_date, 77))
    return text.getvalue().encode()


def test_a_survey_is_linked_reviewed_and_cut_and_results_go_back(
    dora: Browser, rpp: Rpp, people: list[Person], tmp_path: Path
) -> None:
    sent = dora.send(f"{PLACE}/linkages", {"file": survey(people)}, {"by": "name"}, name="../mindset.csv")
    assert sent.status_code == 202, sent.text
    view = finished(dora, f"{PLACE}/linkages/making")
    assert (view["table"], view["status"]) == ("mindset", "in review")
    assert list((tmp_path / "moment").iterdir()) == []
    here = f"{PLACE}/linkages/{view['name']}"
    for pair in ok(dora.call("GET", f"{here}/pairs")):
        assert "identifier" not in pair
        ok(dora.call("PUT", f"{here}/pairs/{pair['number']}", {"accept": False}))
    assert dora.call("POST", f"{here}/finish").status_code == 202
    assert finished(dora, f"{here}/finish")["counts"]["linked"] == 30

    plan = ok(dora.call("GET", f"{PLACE}/cut/plan"))
    assert {"mindset"} <= {t["name"] for t in plan["tables"]}
    for _ in range(2):
        assert dora.call("POST", f"{PLACE}/cut").status_code == 202
        cut = finished(dora, f"{PLACE}/cut")
    assert ok(dora.call("GET", f"{PLACE}/cuts/{cut['name']}/seal")) == {"ok": True, "problems": []}
    assert dora.call("POST", f"{PLACE}/cuts/compare", {}).status_code == 202
    difference = finished(dora, f"{PLACE}/cuts/compare")
    assert all(t["before"] == t["after"] == t["same"] for t in difference["tables"])

    codes = rpp.cutting._vault.crosswalks.load("absence").codes("student")
    identifier, code = next(iter(codes.items()))
    answer = dora.send(
        f"{PLACE}/returns", {"file": f"student,risk\n{code},0.5\n".encode()}, {"passphrase": PHRASE}, name="risk.csv"
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-rpp-returned"] == "1"
    assert identifier.encode() not in answer.content
    rows = list(csv.DictReader(io.StringIO(open_box(answer.content, passphrase=PHRASE).decode("utf-8-sig"))))
    assert rows == [{"student_id": identifier, "risk": "0.5"}]
    assert list((tmp_path / "moment").iterdir()) == []


def test_a_file_that_cannot_be_linked_is_told_with_every_reason(dora: Browser) -> None:
    assert dora.send(f"{PLACE}/linkages", {"file": b"no columns"}, name="a.exe").status_code == 202
    until = time.monotonic() + 60
    while (work := ok(dora.call("GET", f"{PLACE}/linkages/making")))["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [r["code"] for r in work["refusals"]] == ["unknown-file-kind"]
    answer = dora.send(f"{PLACE}/linkages", {"file": b"a,b\n1,2\n"}, {"columns": "nonsense"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad-column")
