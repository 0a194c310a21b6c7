"""A new version of the real environment: made by the operator's command, tried, used by a re-run; and not changed from inside."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp, initialise, open_installation
from rpp_hub.domain.permissions import Role
from rpp_hub.workspace.locks import write_lock
from rpp_hub.workspace.rerun import rerun_notebook

from tests.factories import SETUP, actor
from tests.harness import remove
from tests.sandbox.conftest import ENVIRONMENT, Place, Workspace
from tests.sandbox.kernel import Kernel, running_kernel
from tests.sandbox.test_rerun import notebook, printed
from tests.wheels import wheel

pytestmark = pytest.mark.sandbox


@dataclass(frozen=True)
class Operated:
    """An installation and its operator's command line."""

    home: Path
    rpp: Rpp
    wheels: Path

    def run(self, *words: str, who: str = "otto") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, "-m", "rpp_hub.cli", "--actor", who, "environment", *words),
            env={**os.environ, "RPP_HOME": str(self.home), "RPP_ENVIRONMENT": str(ENVIRONMENT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("operated")
    os.environ["RPP_ENVIRONMENT"] = str(ENVIRONMENT)
    initialise(folder / "home", "")
    rpp = open_installation(folder / "home")
    rpp.people.add(SETUP, "otto", "Otto", roles=[Role.OPERATOR])
    rpp.people.add(SETUP, "dora", "Dora", roles=[Role.DATA_MANAGER])
    yield Operated(folder / "home", rpp, folder / "wheels")
    rpp.store.close()
    del os.environ["RPP_ENVIRONMENT"]
    remove(folder)


def test_the_operator_adds_a_package_to_the_whole_environment_and_a_rerun_imports_it(
    operated: Operated, place: Place
) -> None:
    base = json.loads(operated.run("list", "--json").stdout)
    assert [(view["state"], view["made_by"]) for view in base] == [("current", "the base")]
    allowed = operated.home / "allowed.txt"
    allowed.write_text(write_lock([wheel(operated.wheels, "tinything", "1.0", "WORD = 'tiny'\n")]))
    words = ("add", str(allowed), "--wheels", str(operated.wheels), "--reason", "Asked for by alpha.")
    assert operated.run(*words, who="dora").returncode == 3
    made = operated.run(*words)
    assert made.returncode == 0, made.stderr
    shown = json.loads(operated.run("show", "--json", "--verify").stdout)
    assert (shown["state"], shown["made_from"]) == ("current", base[0]["version"])
    assert {"tinything", "pandas", "jupyterlab"} <= {pin["name"] for pin in shown["packages"]}
    current = operated.rpp.environments.current()
    assert current.version == shown["version"]
    source = notebook(
        "import rpp, tinything; print(rpp.environment(), tinything.WORD, len(rpp.packages()) > 100)"
    )
    again = rerun_notebook(source, place.data, current.path, place.root / "r")
    assert printed(again.notebook, 0) == f"{current.version} tiny True\n", again.message
    assert operated.run("retire", current.version, "--reason", "old").returncode == 3
    assert operated.run("show", "0" * 16).returncode == 4
    assert operated.rpp.auditing.verify(SETUP).ok
    assert operated.rpp.staying.for_work(base[0]["version"], "alpha").path == ENVIRONMENT
    assert operated.rpp.environments.list(actor("dora"))[0].version == current.version


@pytest.fixture(scope="module")
def kernel(workspace: Workspace, place: Place) -> Iterator[Kernel]:
    with running_kernel(place.root / "specs-environment", place.run_dir) as started:
        yield started


PIP = "import sys; sys.path.insert(0, {pip!r}); from pip._internal.cli.main import main; sys.exit(main({words!r}))"
QUIET = ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries", "0", "--timeout", "3"]


def test_nothing_is_installed_from_inside(kernel: Kernel, workspace: Workspace, tmp_path: Path) -> None:
    found = importlib.util.find_spec("pip")
    assert found is not None
    assert found.origin is not None
    pip = Path(found.origin).parent
    smuggled = workspace.place.workspace / "smuggled"
    shutil.copytree(pip, smuggled / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    wheel(smuggled, "smuggledthing", "1.0", "WORD = 'in'\n")
    there = "/workspace/smuggled"
    local = ["install", *QUIET, "--no-index", f"{there}/smuggledthing-1.0-py3-none-any.whl"]

    def attempt(words: list[str]) -> str:
        code = PIP.format(pip=there, words=words)
        told: str = kernel.ask(
            f"import subprocess, sys; d = subprocess.run([sys.executable, '-I', '-c', {code!r}], capture_output=True, text=True);"
            " answer = f'{d.returncode} {d.stdout} {d.stderr}'"
        )
        return told

    assert "Read-only file system" in attempt(local)
    assert attempt(["install", *QUIET, "cowsay"]).startswith("1 ")
    assert kernel.ask("import shutil; answer = shutil.which('conda')") is None
    assert kernel.ask(
        "import subprocess, sys; answer = subprocess.run([sys.executable, '-I', '-c', 'import smuggledthing']).returncode"
    )  # fmt: skip
    # the control: the same words install it where the environment can be written to
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")), check=True)
    python = str(tmp_path / "env" / "bin" / "python")
    mine = [word.replace(there, str(smuggled)) for word in local]
    code = PIP.format(pip=str(pip.parent), words=mine)
    done = subprocess.run((python, "-I", "-c", code), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert subprocess.run((python, "-I", "-c", "import smuggledthing"), check=False).returncode == 0


@pytest.mark.parametrize("line", ["%pip install six", "%conda install six", "%uv pip install six"])
def test_the_magics_that_would_install_say_how_a_package_is_had(kernel: Kernel, line: str) -> None:
    assert "Ask for another package in the portal" in kernel.run(line)
