"""The thresholds of a project's own agreement: signed, used by the checks, told to its kernels, stated by its releases."""

from __future__ import annotations

import json
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rpp_hub.domain.agreements import PaperKind
from rpp_hub.services.releasing import Releasing, Signer

from tests.approving import approve, sign
from tests.factories import APPLICATION, World, actor, cell, notebook, printed

STRICT = APPLICATION.replace("2030-12-31}}", "2030-12-31, thresholds: {{threshold: 20, max_rows: 500}}}}")
TWELVE = notebook(cell("print('12 students')", [printed("12 students\n")]))


def strict(world: World) -> str:
    world.person("rudi")
    world.project("strict", "rudi")
    world.agreements.amend(
        actor("rudi"), "strict", STRICT.format(name="strict", lead="rudi"), "The district asks for twenty."
    )
    return "strict"


def outcomes(world: World, project: str, author: str) -> set[str]:
    view = world.examined(project=project, author=author, body=TWELVE)
    return {f["outcome"] for i in view.items for f in i.findings if f["check"] == "small-cells"}


def test_they_hold_once_both_sides_have_signed_and_in_this_project_alone(world: World) -> None:
    project = strict(world)
    assert world.projects.appetite(project).threshold == 10, "nobody has signed it yet"
    sign(world, project)
    found = world.projects.appetite(project)
    assert (found.threshold, found.max_rows) == (20, 200), "the laxer of its two is not taken"
    assert json.loads(found.told()["RPP_APPETITE"])["threshold"] == 20
    assert world.projects.appetite("alpha") == world.settings.appetite
    assert "review" in outcomes(world, project, "rudi")
    assert "review" not in outcomes(world, "alpha", "rosa")


def test_the_agreement_says_them_and_so_does_what_is_released(world: World) -> None:
    project = strict(world)
    sign(world, project)
    paper = world.agreements.versions(actor("dora"), project)[0]
    assert paper.kind is PaperKind.PROJECT
    document = world.papers.get(paper.document_sha256).decode()
    assert "fewest people behind a value: 20" in document
    view = world.examined(project=project, author="rudi")
    world.finish("vera", view)
    world.finish("viktor", view)
    key = Ed25519PrivateKey.generate()
    signer = Signer(
        key.sign, lambda: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    releasing = Releasing(world.store, world.installation, world.settings, world.content, signer)
    name = releasing.release(view.name).name
    path, _ = releasing.download(actor("rudi"), name)
    with zipfile.ZipFile(path) as bundle:
        manifest = next(n for n in bundle.namelist() if n.endswith("manifest.json"))
        told = json.loads(bundle.read(manifest))
        assert told["thresholds"]["threshold"] == 20
        assert told["environment"] == "env-1"  # the re-run's


def test_one_who_approves_anew_with_them_in_the_application_needs_no_amendment(world: World) -> None:
    world.person("rudi")
    approve(world, "strict", STRICT.format(name="strict", lead="rudi"), "rudi")
    assert world.projects.appetite("strict").threshold == 20
