"""How our own packages get into a workspace's environment, and are replaced there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rpp_hub.domain.errors import Unavailable
from rpp_hub.workspace.environment import STAMP, Sources, refresh_environment, sources, version_of


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("environment") / "env"
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(target)), check=True)
    (target / STAMP).write_text("{}")
    return target


def _found(target: Path, module: str) -> Path:
    code = f"import importlib.util; print(importlib.util.find_spec({module!r}).origin)"
    done = subprocess.run(
        (str(target / "bin/python"), "-I", "-c", code), capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def test_the_packages_are_there_and_the_hubs_is_not(bare: Path) -> None:
    version = refresh_environment(bare)
    assert version == version_of(bare)
    for module in ("rpp_review", "rpp_kernel", "rpp"):
        assert _found(bare, module).is_relative_to(bare / "rpp")
    code = "import importlib.util as u; print(u.find_spec('rpp_hub'))"
    done = subprocess.run(
        (str(bare / "bin/python"), "-I", "-c", code), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "None"


def test_the_provisioner_is_found_by_its_entry_point(bare: Path) -> None:
    refresh_environment(bare)
    code = "from importlib.metadata import entry_points as e; print([p.name for p in e(group='jupyter_client.kernel_provisioners')])"
    done = subprocess.run(
        (str(bare / "bin/python"), "-I", "-c", code), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['rpp-sandbox']"


def test_the_kernelspec_names_the_interpreter_of_the_sandbox(bare: Path) -> None:
    refresh_environment(bare)
    spec = json.loads((bare / "share/jupyter/kernels/rpp/kernel.json").read_text())
    assert spec["argv"][0] == "/opt/rpp/bin/python"
    assert spec["metadata"]["kernel_provisioner"]["provisioner_name"] == "rpp-sandbox"


def test_nothing_happens_when_nothing_has_changed_and_a_change_is_switched_to(
    bare: Path, tmp_path: Path
) -> None:
    first = refresh_environment(bare)
    before = _found(bare, "rpp_kernel")
    assert refresh_environment(bare) == first
    assert _found(bare, "rpp_kernel") == before
    assert refresh_environment(bare, found=_changed(sources(), tmp_path)) != first
    assert _found(bare, "rpp_kernel") != before
    assert before.exists()  # a kernel that is starting goes on reading it


def _changed(found: Sources, folder: Path) -> Sources:
    package = folder / "rpp"
    package.mkdir()
    (package / "__init__.py").write_text("CHANGED = True\n")
    return replace(found, packages=(*found.packages[:2], package))


def test_what_is_no_environment_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        refresh_environment(tmp_path / "absent")
    with pytest.raises(Unavailable, match="not a Python environment"):
        refresh_environment(tmp_path)
