"""What an installation from a wheel finds: everything that the code asks for outside of a checkout."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = {"rpp_hub": "hub", "rpp_review": "extensions", "rpp_kernel": "rpp_kernel", "rpp": "rpp_kernel"}
BESIDE = {
    "jupyterhub_config.py": "rpp_hub/resources/jupyterhub_config.py",
    "notebooks/starter.ipynb": "rpp_hub/resources/notebooks/starter.ipynb",
    "requirements/workspace.txt": "rpp_hub/resources/requirements/workspace.txt",
    "deploy/proxy/package.json": "rpp_hub/resources/deploy/proxy/package.json",
    "deploy/proxy/package-lock.json": "rpp_hub/resources/deploy/proxy/package-lock.json",
    "extensions/rpp-lab/labextension/package.json": "rpp-0.1.0.data/data/share/jupyter/labextensions/@rpp/lab/package.json",
}


def kept_of(package: str) -> list[str]:
    """The files of a package that are kept in the checkout's history, as a wheel names them."""
    root = CHECKOUT / PACKAGES[package]
    listed = subprocess.run(
        ["git", "ls-files", package], cwd=root, capture_output=True, text=True, check=False
    )
    if listed.returncode or not listed.stdout:
        pytest.skip("this is not a git checkout, so it is not known which files belong to it")
    return [name for name in listed.stdout.split() if (root / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the wheel, is not installed here")
    target = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; build_wheel({str(target)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    return zipfile.ZipFile(next(target.glob("*.whl")))


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_wheel_holds_every_file_of_our_packages(wheel: zipfile.ZipFile, package: str) -> None:
    assert set(kept_of(package)) - set(wheel.namelist()) == set()


@pytest.mark.parametrize("source", sorted(BESIDE))
def test_a_wheel_holds_what_the_code_looks_for_beside_itself(wheel: zipfile.ZipFile, source: str) -> None:
    assert wheel.read(BESIDE[source]) == (CHECKOUT / source).read_bytes()


def test_a_wheel_holds_neither_tests_nor_installations_nor_bytecode(wheel: zipfile.ZipFile) -> None:
    stray = ("tests/", "instance/", "__pycache__", ".pyc", "node_modules", "docs/")
    assert [name for name in wheel.namelist() if any(part in name for part in stray)] == []


def test_code_from_a_wheel_finds_its_files_without_a_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    names = [name for name in BESIDE if not name.startswith("extensions")]
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from rpp_hub.resources import resource\n"
        f"print(*[resource(n) for n in {names!r}], sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert all(line.startswith(str(tmp_path)) for line in done.stdout.split())
