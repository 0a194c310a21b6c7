"""A full disk: a sentence, nothing left half done, and a second try that succeeds once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.synthetic import Summary

from tests.factories import actor
from tests.harness import CHECKOUT
from tests.integration.data.conftest import approve

# Mounts a small disk where the files come to lie, in a mount namespace of this process alone, and lists what is left.
_ON_A_SMALL_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$2" || exit 77; SMALL="$2"; shift 2; "$@"; code=$?; find "$SMALL" -mindepth 1; exit $code'
_LOCKS = (".lock", ".cutting", ".receiving")


def on_a_small_disk(size: str, where: Path, home: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """Run `rpp` as dora with a small disk at `where`."""
    where.mkdir(parents=True, exist_ok=True)
    unshare = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        _ON_A_SMALL_DISK,
        "sh",
        size,
        str(where),
    ]
    ended = subprocess.run(
        [*unshare, sys.executable, "-m", "rpp_hub.cli", "--actor", "dora", *map(str, command)],
        cwd=CHECKOUT, env={**os.environ, "RPP_HOME": str(home)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if ended.returncode in (1, 77) and ("unshare" in ended.stderr or ended.returncode == 77):
        pytest.skip(
            f"this machine allows no mount in a user namespace, so no disk can be made small: {ended.stderr.strip()}"
        )
    return ended


def is_told_and_leaves_nothing(ended: subprocess.CompletedProcess[str]) -> bool:
    assert ended.returncode == 1
    assert ended.stderr.startswith("rpp: The disk is full. Nothing half done was left behind")
    assert ended.stderr.count("\n") == 1
    assert [p for p in ended.stdout.splitlines() if not p.endswith(_LOCKS)] == []
    return True


@pytest.mark.parametrize("share", [0.2, 0.99], ids=["at the first file", "at the very last"])
def test_a_cut_that_does_not_fit_is_not_there(share: float, home: Path, rpp: Rpp) -> None:
    approve(rpp, "reading")
    alike = rpp.cutting.build(actor("dora"), "reading").path
    pages = sum(-(-p.stat().st_size // 4096) for p in alike.rglob("*") if p.is_file())
    ended = on_a_small_disk(
        f"{max(1, int(pages * share)) * 4}k", home / "cuts" / "absence", home, "cut", "build", "absence"
    )
    assert is_told_and_leaves_nothing(ended)
    assert not rpp.cutting.has_cut("absence")
    codes = rpp.cutting._vault.crosswalks.load("absence").codes("student")
    assert rpp.cutting.build(actor("dora"), "absence").name == "c0001"
    assert rpp.cutting.verify("absence") == ()
    assert rpp.cutting._vault.crosswalks.load("absence").codes("student").items() >= codes.items()


def test_a_drop_that_does_not_fit_is_not_received(empty: Rpp, district: tuple[Path, Summary]) -> None:
    home, drop = empty.installation.home, district[0] / "202408_students"
    waiting = empty.installation.warehouse_dir("bayview") / "waiting"
    assert is_told_and_leaves_nothing(
        on_a_small_disk("64k", waiting, home, "warehouse", "receive", drop, "--district", "bayview")
    )
    assert empty.warehousing.drops("bayview") == ()
    assert empty.warehousing.receive(actor("dora"), drop, "bayview").name == drop.name


def test_masters_that_do_not_fit_are_not_built(rpp: Rpp, home: Path) -> None:
    before = rpp.warehousing.current_build("bayview")
    masters = rpp.installation.warehouse_dir("bayview") / "masters"
    ended = on_a_small_disk("32k", masters, home, "warehouse", "build", "bayview")
    assert is_told_and_leaves_nothing(ended)
    assert rpp.warehousing.current_build("bayview") == before
    assert rpp.cutting.build(actor("dora"), "absence").rows
