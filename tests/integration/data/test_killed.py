"""Kill -9 at any moment of receive, build and cut: the old state or the new, and a second try succeeds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.domain.errors import ActionRefused
from rpp_hub.synthetic import Summary
from rpp_hub.warehouse.folders import hash_file
from rpp_hub.warehouse.identity_table import Verdict
from rpp_hub.warehouse.receive import read_drop

from tests.factories import SETUP, actor
from tests.harness import remove
from tests.integration.data.conftest import acts
from tests.integration.data.deaths import mortals

MORTAL = Path(__file__).with_name("mortal.py")
DORA = actor("dora")


@pytest.fixture(scope="module")
def mortal() -> Iterator[Any]:
    """Does one act on a copy of a home, and dies of it."""
    with mortals(MORTAL) as do:
        yield do


def telling(moments: Sequence[str], more: int) -> list[int]:
    """Before each renaming and after the last, the last moment of all, and some evenly in between."""
    renamed = [i for i, what in enumerate(moments) if what.startswith("os.rename")]
    evenly = [(i + 1) * (len(moments) - 1) // (more + 1) for i in range(more)]
    return sorted({*renamed, renamed[-1] + 1, *evenly, len(moments) - 1})


@contextmanager
def after_each_death(
    mortal: Any, template: Path, folder: Path, name: str, subject: str, more: int, least: int = 20
) -> Iterator[Iterator[tuple[str, Rpp]]]:
    """The installation as it is found after each death, and the moment in words."""

    def copies() -> Iterator[tuple[str, Rpp]]:
        shutil.copytree(template, folder / "whole", symlinks=True)
        moments = mortal(folder / "whole", name, subject)["moments"]
        assert len(moments) > least
        for moment in telling(moments, more):
            home = folder / f"m{moment}"
            shutil.copytree(template, home, symlinks=True)
            mortal(home, name, subject, moment)
            rpp = open_installation(home)
            yield moments[moment], rpp
            assert rpp.auditing.verify(SETUP).ok
            rpp.store.close()

    yield copies()
    remove(folder)


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*") if ".unfinished-" in p.name or p.name in ("spill", ".planning")]


def test_receive(
    mortal: Any, templates: dict[str, Path], district: tuple[Path, Summary], tmp_path: Path
) -> None:
    drop = district[0] / "202408_students"
    with after_each_death(mortal, templates["empty"], tmp_path / "r", "receive", str(drop), 2) as deaths:
        seen = set()
        for moment, rpp in deaths:
            known = [d.name for d in rpp.warehousing.drops("bayview")]
            seen.add(len(known))
            assert acts(rpp).count("drop:receive") == len(known), moment
            if known:
                with pytest.raises(ActionRefused, match="received before"):
                    rpp.warehousing.receive(DORA, drop, "bayview")
            else:
                assert rpp.warehousing.receive(DORA, drop, "bayview").name == drop.name, moment
            kept = rpp.installation.warehouse_dir("bayview") / "received"
            assert [p.name for p in kept.iterdir() if p.is_dir()] == [drop.name], moment
            for file in read_drop(kept / drop.name).files:
                assert hash_file(kept / drop.name / file.name) == hash_file(drop / file.name) == file.sha256
    assert 0 in seen


def test_build(
    mortal: Any, templates: dict[str, Path], district: tuple[Path, Summary], tmp_path: Path
) -> None:
    received = tmp_path / "received"
    shutil.copytree(templates["empty"], received)
    rpp = open_installation(received)
    for drop in sorted(district[0].iterdir()):
        rpp.warehousing.receive(DORA, drop, "bayview")
    rpp.store.close()
    with after_each_death(mortal, received, tmp_path / "b", "build", "", 1) as deaths:
        for moment, rpp in deaths:
            warehousing = rpp.warehousing
            assert not warehousing.status("bayview").builds, moment
            assert warehousing.known_fields("bayview") == {}, moment
            report = warehousing.build(DORA, "bayview")
            build = warehousing.current_build("bayview")
            assert build is not None
            assert build.name == report.name
            assert acts(rpp).count("masters:build") == 1
            masters = rpp.installation.warehouse_dir("bayview") / "masters"
            manifest = json.loads((masters / report.name / "manifest.json").read_text())
            assert {name: hash_file(masters / report.name / name) for name in manifest["files"]} == manifest[
                "files"
            ]
            assert leftovers(masters) == []
    remove(received)


def test_a_decision_about_identifiers(mortal: Any, templates: dict[str, Path], tmp_path: Path) -> None:
    found = tmp_path / "found"
    shutil.copytree(templates["built"], found, symlinks=True)
    rpp = open_installation(found)
    name = rpp.identities.find(DORA, "bayview")[0].name
    rpp.store.close()
    with after_each_death(mortal, found, tmp_path / "d", "decide", name, 1, least=5) as deaths:
        for moment, rpp in deaths:
            decided = [v for v in rpp.identities.list(DORA, "bayview") if v.decided]
            assert acts(rpp).count("identity:decide") == len(decided), moment
            again = rpp.identities.decide(DORA, "bayview", name, Verdict.KEEP, "Two people.")
            assert again.decided is not None, moment
            assert rpp.warehousing.build(DORA, "bayview").sha256, moment
    remove(found)


def test_cut(mortal: Any, templates: dict[str, Path], tmp_path: Path) -> None:
    with after_each_death(mortal, templates["built"], tmp_path / "c", "cut", "absence", 2) as deaths:
        for moment, rpp in deaths:
            assert not rpp.cutting.has_cut("absence"), moment  # what has no row cannot be seen or opened
            assert "no-cut" in {r.code for r in rpp.projects.gate("rosa", "absence")}, moment
            vault = rpp.cutting._vault
            before = vault.crosswalks.load("absence").codes("student")
            cut = rpp.cutting.build(DORA, "absence")
            after = vault.crosswalks.load("absence").codes("student")
            assert {i: after[i] for i in before} == before, moment
            assert cut.name == "c0001"
            assert rpp.cutting.verify("absence") == ()
            assert acts(rpp).count("cut:build") == 1
            assert [p.name for p in cut.path.parent.iterdir() if p.is_dir()] == ["c0001"], moment
            assert leftovers(cut.path.parent) == []
