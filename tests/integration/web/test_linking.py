"""The clerical review of doubtful pairs, on its page."""

from __future__ import annotations

from tests.factories import actor
from tests.integration.web.conftest import PortalWorld, add_linkage


def test_a_pair_is_shown_side_by_side_and_can_be_accepted_and_rejected(portal: PortalWorld) -> None:
    name = add_linkage(portal)
    dora = portal.browser("dora")
    assert f"/linking/{name}" in dora.get("/projects/alpha/linking").text
    shown = dora.get(f"/projects/alpha/linking/{name}").text
    assert "Jo&lt;b&gt;" in shown
    assert "Smyth" in shown
    assert "Smith" in shown
    assert "candidate 2 of 2" in shown
    assert dora.post(f"/projects/alpha/linking/{name}", {"do": "accept", "pair": "1"}).status_code == 303
    assert "accepted by dora" in dora.get(f"/projects/alpha/linking/{name}").text
    second = dora.post(f"/projects/alpha/linking/{name}", {"do": "accept", "pair": "2"})
    assert second.status_code == 409  # nobody is two students
    assert dora.post(f"/projects/alpha/linking/{name}", {"do": "reject", "pair": "2"}).status_code == 303
    assert portal.rpp.linking.get(actor("dora"), "alpha", name).undecided == 0


def test_a_linkage_of_another_project_does_not_exist(portal: PortalWorld) -> None:
    name = add_linkage(portal)
    dora = portal.browser("dora")
    assert dora.get(f"/projects/beta/linking/{name}").status_code == 404
    assert dora.post(f"/projects/beta/linking/{name}", {"do": "accept", "pair": "1"}).status_code == 404
    assert dora.get("/projects/alpha/linking/l9999").status_code == 404
    assert dora.get("/projects/alpha/linking/nonsense").status_code == 404


def test_a_survey_is_withdrawn_from_its_page(portal: PortalWorld) -> None:
    name = add_linkage(portal)
    dora = portal.browser("dora")
    assert (
        dora.post(f"/projects/alpha/linking/{name}", {"do": "withdraw", "reason": "wrong wave"}).status_code
        == 303
    )
    assert "withdrawn" in dora.get(f"/projects/alpha/linking/{name}").text
    assert "Smyth" not in dora.get(f"/projects/alpha/linking/{name}").text


def test_a_form_that_says_nothing_is_refused(portal: PortalWorld) -> None:
    name = add_linkage(portal)
    assert portal.browser("dora").post(f"/projects/alpha/linking/{name}", {"do": "?"}).status_code == 422
    assert (
        portal.browser("dora")
        .post(f"/projects/alpha/linking/{name}", {"do": "accept", "pair": "x"})
        .status_code
        == 422
    )
