"""A researcher's own file on its way into the workspace: offered, scanned, seen, admitted, placed; and what is never taken."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.cuts.look import Leak
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.domain.ingress import IngressKind, check_offer
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.ingressing import Ingressing
from rpp_hub.worker import work_once

from tests.factories import NOW, actor
from tests.integration.web.conftest import PortalWorld

WHY = "Terms and their dates, to join with."
TERMS = b"term,begins\n2024,2023-08-15\n"


def offered(portal: PortalWorld, name: str = "terms.csv", content: bytes = TERMS) -> str:
    return portal.rpp.ingress.offer(actor("rosa"), "alpha", name, content, WHY).name


def placed(portal: PortalWorld, name: str = "terms.csv") -> Path:
    return portal.rpp.installation.ingress_dir("alpha") / name


def test_what_is_admitted_lies_in_the_folder_and_what_is_not_does_not(portal: PortalWorld) -> None:
    first, second = offered(portal), offered(portal, "fit.py", b"print(1)\n")
    assert not placed(portal).exists()
    portal.rpp.ingress.decide(actor("dora"), first, admit=True, reason="")
    portal.rpp.ingress.decide(actor("dora"), second, admit=False, reason="It is not needed.")
    assert placed(portal).read_bytes() == TERMS
    assert placed(portal).stat().st_mode & 0o777 == 0o400
    assert not placed(portal, "fit.py").exists()
    acts = [e.act for e in portal.rpp.auditing.events(actor("ada"), AuditFilter(act="ingress:"))]
    assert acts == ["ingress:refuse", "ingress:admit", "ingress:offer", "ingress:offer"]


def test_the_data_manager_sees_text_that_does_nothing_and_hidden_characters_written_out(
    portal: PortalWorld,
) -> None:
    name = offered(portal, "code.py", "x = '<script>alert(1)</script>' # \u202eabc\n".encode())
    text = portal.browser("dora").get(f"/services/rpp/ingress/{name}").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "U+202E" in text


def test_a_page_takes_a_file_and_says_what_is_wrong_with_another(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    place = "/services/rpp/projects/alpha/ingress"
    good = rosa.post(place, {"purpose": WHY}, files={"file": ("terms.csv", TERMS)})
    assert (good.status_code, good.headers["location"]) == (303, "/services/rpp/ingress/i0001")
    bad = rosa.post(place, {"purpose": WHY}, files={"file": ("data.parquet", b"PAR1")})
    assert bad.status_code == 422
    assert "of a kind that is not taken" in bad.text


def test_a_file_that_names_somebody_is_refused_before_anything_is_kept(portal: PortalWorld) -> None:
    world, rpp = portal.world, portal.rpp
    found = Leak("terms.csv", "", 0, "true identifiers")
    strict = Ingressing(world.store, world.installation, world.content, lambda *_: (found,), lambda: NOW)
    before = portal.acts()
    with pytest.raises(ActionRefused) as refusal:
        strict.offer(actor("rosa"), "alpha", "terms.csv", TERMS, WHY)
    assert refusal.value.refusals[0].code == "ingress-identifiers"
    assert portal.acts() == before
    assert rpp.ingress.list(actor("rosa")) == ()


def test_who_may_and_who_may_know(portal: PortalWorld) -> None:
    name = offered(portal)
    for person in ("remy", "vera", "otto"):
        with pytest.raises(NotPermitted):
            portal.rpp.ingress.offer(actor(person), "alpha", "a.py", b"1", WHY)
        with pytest.raises(NotFound):
            portal.rpp.ingress.get(actor(person), name)
    with pytest.raises(NotPermitted):
        portal.rpp.ingress.decide(actor("rosa"), name, admit=True, reason="")
    with pytest.raises(Invalid):
        portal.rpp.ingress.decide(actor("dora"), name, admit=False, reason="")
    assert portal.rpp.ingress.withdraw(actor("rosa"), name).status == "withdrawn"
    with pytest.raises(ActionRefused):
        portal.rpp.ingress.decide(actor("dora"), name, admit=True, reason="")


def test_a_decision_that_was_killed_before_the_file_lay_there_is_finished_by_the_worker(
    portal: PortalWorld,
) -> None:
    name = offered(portal)

    def die() -> None:
        portal.rpp.ingress.place = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment]
        portal.rpp.ingress.decide(actor("dora"), name, admit=True, reason="")

    process = multiprocessing.get_context("fork").Process(target=die)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not placed(portal).exists()
    assert portal.rpp.ingress.unplaced() == (name,)
    work_once(portal.rpp, {}, 0.0)
    assert placed(portal).read_bytes() == TERMS
    assert portal.rpp.ingress.unplaced() == ()
    for other in (
        b"changed",
        TERMS.swapcase(),
    ):  # and what does not belong there is put right, of whatever size
        placed(portal).chmod(0o600)
        placed(portal).write_bytes(other)
        work_once(portal.rpp, {}, 0.0)
        assert placed(portal).read_bytes() == TERMS


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../a.py", b"1"), ("a/b.py", b"1"), (".hidden.py", b"1"), ("a.exe", b"1"), ("a", b"1"), ("a.ipynb", b"{}"), ("a\n.py", b"1"),
        ("a.py", b""), ("a.py", b"x" * 600_000), ("a.py", b"\xff\xfe"), ("a.py", b"a\0b"), ("a.py", b"x" * 30_000), ("a.csv", b"a,b\n1\n"),
        ("a.csv", b"a\n"), ("a.csv", b'a,b\n"1,2\n'),
    ],
)  # fmt: skip
def test_never_taken(name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        check_offer(name, content, WHY)


@given(name=st.text(max_size=30), content=st.binary(max_size=300))
def test_whatever_comes_is_taken_or_refused_in_a_sentence(name: str, content: bytes) -> None:
    try:
        kind: IngressKind | str = check_offer(name, content, WHY)
    except Invalid as refusal:
        kind = refusal.message
    assert kind in set(IngressKind) or kind.endswith(".")
    assert kind not in set(IngressKind) or "/" not in name
