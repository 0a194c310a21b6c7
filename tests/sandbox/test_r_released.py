"""An R notebook from its submission to a signed release: really run again in R, examined, reviewed by two, and said to be R."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rpp_hub.recount.recounting import recount
from rpp_hub.release.verify import verify_bundle
from rpp_hub.services.examination import Examination, Rerun
from rpp_hub.services.releasing import Releasing, Signer
from rpp_hub.workspace.rerun import RerunOutcome, rerun_notebook
from rpp_review.checks import Surroundings
from rpp_review.languages import r_lacks

from tests.factories import NOW, World, actor
from tests.sandbox.conftest import ENVIRONMENT, Place
from tests.sandbox.test_r import notebook

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(r_lacks()), reason=f"no R here: {' and '.join(r_lacks())} is not installed"),
]
CELLS = (
    'rows <- rpp_load("enrollment")',
    'rpp_declare(as.data.frame(table(grade = rows$grade)), n = c(30, 30), unit = "students", table = "enrollment")',
    'plot(1:2, c(30, 30), main = "Students by grade")',
)


@pytest.fixture
def data(place: Place) -> Path:
    table = pa.table(
        {"student": [f"S-{n:09d}-0" for n in range(60)], "grade": [9 + n % 2 for n in range(60)]}
    )
    pq.write_table(table, place.data / "enrollment.parquet")
    fields = [{"name": "student", "rpp": {"unit": "student"}}, {"name": "grade"}]
    package = {"resources": [{"name": "enrollment", "schema": {"fields": fields}}]}
    (place.data / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return place.data


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "instance").populate()
    yield made
    made.store.close()


def test_an_r_notebook_is_run_again_reviewed_and_released_as_r(
    world: World, place: Place, data: Path
) -> None:
    runs = place.root / "r"

    def again(submitted: bytes, _project: str, _cut: str, _worked_in: str) -> Rerun:
        came = rerun_notebook(submitted, data, ENVIRONMENT, runs, told=world.settings.appetite.told())
        assert came.outcome is RerunOutcome.COMPLETE, came.message
        return Rerun(came.notebook, True, came.message, "env-1")

    world.examination = Examination(
        world.store, world.settings, world.content, again, lambda _: Surroundings(), lambda: NOW,
        lambda form, told, _project, _cut: recount(form, told, data),
    )  # fmt: skip
    worked = rerun_notebook(notebook(*CELLS), data, ENVIRONMENT, runs).notebook
    assert worked is not None
    view = world.examined(name="grades.ipynb", body=worked, outputs=("c1:0", "c2:0"))
    items = {item.identity: item for item in view.items}
    assert {name: items[name].reproduction for name in ("c1:0", "c2:0")} == dict.fromkeys(
        ("c1:0", "c2:0"), "reproduced"
    )
    said = " ".join(f["summary"] for f in items["c1:0"].findings)
    assert "its author declared 30 students behind it" in said
    world.finish("vera", view)
    world.finish("viktor", view)
    bundle = released(world, view.name)
    with zipfile.ZipFile(bundle) as files:
        made = {n: files.read(n) for n in files.namelist()}
    book = json.loads(next(content for n, content in made.items() if n.endswith(".ipynb")))
    assert book["metadata"]["kernelspec"]["language"] == book["metadata"]["language_info"]["name"] == "R"
    assert [len(cell["outputs"]) for cell in book["cells"]] == [0, 1, 1]
    assert {Path(n).suffix for n in made} >= {".csv", ".png", ".ipynb"}


def released(world: World, request: str) -> Path:
    """The bundle, whose signature holds."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    releasing = Releasing(
        world.store, world.installation, world.settings, world.content, Signer(key.sign, lambda: public)
    )
    path, _ = releasing.download(actor("rosa"), releasing.release(request).name)
    assert verify_bundle(path, public).ok
    return path
