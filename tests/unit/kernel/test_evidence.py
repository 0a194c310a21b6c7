"""The kernel's evidence, in the environment that researchers have: its pandas is not the hub's."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.unit.kernel.conftest import CHECKOUT, WORKSPACE_PYTHON

TESTS = CHECKOUT / "tests" / "workspace"
# What pytest needs, and no more: the hub's own libraries stay out of the workspace's Python.
BORROWED = (
    "pytest", "_pytest", "py.py", "pluggy", "iniconfig", "packaging", "hypothesis", "_hypothesis_globals.py", "sortedcontainers",
)  # fmt: skip


@pytest.fixture(scope="module")
def borrowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pytest and hypothesis for the workspace's Python."""
    if not WORKSPACE_PYTHON.exists():
        pytest.skip("the workspace's environment is not there: make test makes it")
    folder = tmp_path_factory.mktemp("borrowed")
    packages = Path(sysconfig.get_paths()["purelib"])
    for name in BORROWED:
        if (packages / name).exists():
            (folder / name).symlink_to(packages / name)
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("module", sorted(path.name for path in TESTS.glob("test_*.py")))
def test_the_tests_of_the_workspace_pass(module: str, borrowed: Path, tmp_path: Path) -> None:
    paths = [borrowed, CHECKOUT / "rpp_kernel", CHECKOUT]
    done = subprocess.run(
        [WORKSPACE_PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-c", os.devnull, "--rootdir", TESTS, "--confcutdir", TESTS, TESTS / module],
        env={
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, paths)), "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis"),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
