"""What a sandbox finds as its Python: a locked environment of its own, without a line of the hub's code.

The installed requirements stay; our own packages lie beside them in `rpp/GENERATION/` and are switched by one rename, so
that a refresh never takes them from under a kernel that is starting.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpp_review.languages import Kernel

from rpp_hub.domain.errors import Unavailable
from rpp_hub.resources import resource
from rpp_hub.warehouse.folders import hash_file, point
from rpp_hub.whole import write_whole
from rpp_hub.workspace.sandbox import PYTHON

PACKAGES = ("rpp_review", "rpp_kernel", "rpp")
STAMP = "rpp-environment.json"
GENERATIONS = "rpp"
KEPT = 2
FONTS = Path("share", "rpp", "matplotlib")
METADATA = "Metadata-Version: 2.1\nName: rpp-workspace\nVersion: 0.1.0\n"
ENTRY_POINTS = (
    "[jupyter_client.kernel_provisioners]\nrpp-sandbox = rpp_kernel.provisioner:SandboxProvisioner\n"
)
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules", ".*")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where our own part of the environment comes from."""

    packages: tuple[Path, ...]
    labextension: Path | None

    @property
    def kernelspecs(self) -> dict[str, Path]:
        home = next(package for package in self.packages if package.name == "rpp_kernel")
        return {str(Kernel.PYTHON): home / "kernelspec", str(Kernel.R): home / "kernelspec_r"}

    @property
    def jupyter(self) -> Path:
        """`etc/` and `share/` in it go into the environment's own: page_config.json, overrides.json."""
        return (
            next(package for package in self.packages if package.name == "rpp_review") / "server" / "prefix"
        )


def sources() -> Sources:
    """The packages as this process would import them, and the built JupyterLab extension beside them."""
    packages = tuple(_package(name) for name in PACKAGES)
    review = packages[0]
    built = (
        review.parent / "rpp-lab" / "labextension",
        Path(sys.prefix, "share/jupyter/labextensions/@rpp/lab"),
    )
    return Sources(packages, next((path for path in built if (path / "package.json").is_file()), None))


def build_environment(target: Path, requirements: Path, python: str = sys.executable) -> str:
    """Makes it anew beside `target` and puts it in place when it is whole. Returns its version."""
    making = target.with_name(f"{target.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    _run(python, "-m", "venv", str(making))
    lock = ("--require-hashes", "--no-input", "--disable-pip-version-check", "-r", str(requirements))
    _run(str(making / "bin" / "python"), "-m", "pip", "install", "--quiet", *lock)
    _prepare(making)
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    making.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return refresh_environment(target, requirements)


def refresh_environment(target: Path, requirements: Path | None = None, found: Sources | None = None) -> str:
    """Brings our own packages up to date. Fast when nothing has changed. Returns the environment's version."""
    found = found or sources()
    with _locked(target):
        stamp = read_stamp(target)
        lock = hash_file(requirements) if requirements is not None else stamp.get("requirements", "")
        generation = generation_of(found)
        version = hashlib.sha256(f"{lock}\n{generation}".encode()).hexdigest()[:16]
        if stamp.get("version") == version and (target / GENERATIONS / generation).is_dir():
            return version
        if not stamp:
            _prepare(target)
        install_own(target, found, generation)
        _write_stamp(target, {"version": version, "requirements": lock, "generation": generation})
        _remove_old(target, generation)
    return version


def version_of(target: Path) -> str:
    """What a re-run writes down about where it ran; '' for an environment that was never made."""
    return str(read_stamp(target).get("version", ""))


def hold(environment: Path) -> int | None:
    """For as long as the descriptor is open, the environment is in use. None where it says nothing of itself."""
    try:
        held = os.open(environment / STAMP, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def _prepare(target: Path) -> None:
    """What is done once: bytecode, without which each start takes twice as long, and the list of fonts."""
    python = str(target / "bin" / "python")
    _run(python, "-I", "-m", "compileall", "-q", "-j", "0", str(site_packages(target)), tolerant=True)
    with tempfile.TemporaryDirectory() as scratch:
        code = "import matplotlib.font_manager"
        _run(python, "-I", "-c", code, tolerant=True, MPLCONFIGDIR=scratch, HOME=scratch)
        (target / FONTS).mkdir(parents=True, exist_ok=True)
        for fonts in Path(scratch).glob("fontlist-*.json"):
            shutil.copyfile(fonts, target / FONTS / fonts.name)


def install_own(target: Path, found: Sources, generation: str) -> None:
    """Our own packages, beside the requirements."""
    home = target / GENERATIONS
    home.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".making-") as making:
        folder = Path(making, "generation")
        _fill(folder, found)
        folder.chmod(0o755)
        _run(str(target / "bin" / "python"), "-I", "-S", "-m", "compileall", "-q", str(folder))
        shutil.rmtree(home / generation, ignore_errors=True)
        folder.rename(home / generation)
    for name in (
        path.relative_to(home / generation / "prefix") for path in _linked(home / generation / "prefix")
    ):
        _link(target / name, home / generation / "prefix" / name)
    back = os.path.relpath(home / generation, site_packages(target))
    write_whole(site_packages(target) / "rpp.pth", f"{back}\n".encode(), mode=0o644)


def _fill(folder: Path, found: Sources) -> None:
    for package in found.packages:
        shutil.copytree(package, folder / package.name, ignore=IGNORED)
    metadata = folder / "rpp_workspace-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA, encoding="utf-8")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    prefix = folder / "prefix"
    share = prefix / "share" / "jupyter"
    for name, kernelspec in found.kernelspecs.items():
        shutil.copytree(kernelspec, share / "kernels" / name, ignore=IGNORED)
        spec = share / "kernels" / name / "kernel.json"
        spec.write_text(spec.read_text(encoding="utf-8").replace("{python}", PYTHON), encoding="utf-8")
    if found.labextension is not None:
        shutil.copytree(found.labextension, share / "labextensions" / "@rpp" / "lab", ignore=IGNORED)
    if found.jupyter.is_dir():
        shutil.copytree(found.jupyter, prefix, ignore=IGNORED, dirs_exist_ok=True)


def _linked(prefix: Path) -> Iterator[Path]:
    """Whole folders where they are ours, single files in folders that are shared."""
    kernels = (prefix / "share/jupyter/kernels" / kernel for kernel in Kernel)
    whole = (*kernels, prefix / "share/jupyter/labextensions/@rpp/lab")
    yield from (path for path in whole if path.is_dir())
    for path in sorted(prefix.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(folder) for folder in whole):
            yield path


def _link(name: Path, to: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    if name.is_dir() and not name.is_symlink():
        shutil.rmtree(name)
    point(name, os.path.relpath(to, name.parent))


def _remove_old(target: Path, current: str) -> None:
    folders = [path for path in (target / GENERATIONS).iterdir() if path.name != current and path.is_dir()]
    for path in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def generation_of(found: Sources) -> str:
    """Which state of our own packages this is."""
    digest = hashlib.sha256()
    for root in (*found.packages, *([found.labextension] if found.labextension else [])):
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{root.name}/{path.relative_to(root)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Unavailable(f"The package {name} is not installed; install rpp whole.", code="environment")
    return Path(spec.origin).parent


def site_packages(target: Path) -> Path:
    """Where an environment keeps what is installed in it."""
    found = sorted((target / "lib").glob("python3.*/site-packages"))
    if not found:
        raise Unavailable(
            f"{target} is not a Python environment; run 'make setup' first.", code="environment"
        )
    return found[-1]


def read_stamp(target: Path) -> dict[str, Any]:
    """What an environment says of itself."""
    try:
        stamp: dict[str, Any] = json.loads((target / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def _write_stamp(target: Path, stamp: dict[str, str]) -> None:
    write_whole(target / STAMP, (json.dumps(stamp, indent=1) + "\n").encode(), mode=0o644)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    try:
        lock = os.open(target / ".rpp-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unavailable(
            f"The environment {target} cannot be written: {error.strerror}.", code="environment"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _run(*command: str, tolerant: bool = False, **variables: str) -> None:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **variables}
    )
    if done.returncode and not tolerant:
        raise Unavailable(
            f"'{' '.join(command[:5])} …' failed: {done.stderr.strip()[-800:]}", code="environment"
        )


def main(arguments: list[str]) -> int:
    """`build|refresh [TARGET]`; by default beside this process's own environment, where the hub looks for it."""
    match arguments:
        case ["build" | "refresh" as verb, *rest] if len(rest) <= 1:
            target = Path(rest[0]) if rest else Path(sys.prefix).parent / ".workspace"
            requirements = resource("requirements/workspace.txt")
            made = build_environment if verb == "build" else refresh_environment
            print(made(target.absolute(), requirements))
            return 0
    print("usage: python -m rpp_hub.workspace.environment build|refresh [TARGET]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
