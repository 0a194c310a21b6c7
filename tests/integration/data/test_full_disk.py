"""A full disk: a sentence, no cut, and a second try that succeeds once there is room."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rpp_hub.bootstrap import open_installation
from rpp_hub.cuts.seal import verify_cut

from tests.harness import CHECKOUT
from tests.integration.data import installation as act

# Mounts a small disk where the cuts (or what was received) come to lie, in a mount namespace of this process alone.
_ON_A_SMALL_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && "$@"; code=$?; find "$SMALL" -mindepth 1; exit $code'


def on_a_small_disk(size: str, where: Path, *command: str) -> subprocess.CompletedProcess[str]:
    where.mkdir(parents=True, exist_ok=True)
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _ON_A_SMALL_DISK, "sh"]
    return subprocess.run(
        [*unshare, size, str(where), *command],
        cwd=CHECKOUT, env={"SMALL": str(where), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def left(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """What lies on the small disk at the end, but for empty lock files."""
    return [p for p in ended.stdout.splitlines() if p.startswith("/") and Path(p).name not in (".lock", ".cutting")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    if on_a_small_disk("1m", folder / "probe", "true").returncode != 0:
        pytest.skip("this machine allows no mount in a user namespace, so no disk can be made small")
    rpp = act.make(folder / "home", students=3000, years=3)
    act.receive_all(rpp)
    act.build(rpp)
    act.approve(rpp)
    return folder / "home"


@pytest.mark.parametrize("size", ["4k", "20k", "40k"])
def test_a_cut_on_a_full_disk_is_refused_in_a_sentence_and_leaves_nothing(size: str, home: Path) -> None:
    cuts = home / "cuts" / "absence"
    full = on_a_small_disk(size, cuts, "env", f"RPP_HOME={home}", sys.executable, "-m", "rpp_hub.cli", "--actor", "dora", "cut", "build", "absence")
    assert "The disk is full" in full.stderr
    assert "make room" in full.stderr
    assert "Traceback" not in full.stderr
    assert left(full) == []
    rpp = open_installation(home)
    assert not rpp.cutting.has_cut("absence")


def test_receiving_on_a_full_disk_leaves_nothing(home: Path) -> None:
    received = home / "warehouse" / "bayview" / "received"
    shutil.copytree(act.sent(home) / act.DROPS[1], home.parent / "202409_students", dirs_exist_ok=True)
    (home.parent / "202409_students" / "more.csv").write_text("a,b\n1,2\n")
    command = ("env", f"RPP_HOME={home}", sys.executable, "-m", "rpp_hub.cli", "--actor", "dora", "warehouse", "receive")
    full = on_a_small_disk("200k", received, *command, str(home.parent / "202409_students"), "--district", "bayview")
    assert full.returncode == 1
    assert "The disk is full" in full.stderr
    assert left(full) == []


def test_with_room_the_second_try_succeeds(home: Path) -> None:
    cut = act.cut(open_installation(home))
    assert verify_cut(cut.path, cut.sha256) == ()
