"""How is a new version of the workspaces' environment made? Beside the old one; whatever a package runs, it runs in a sandbox.

Wheels are fetched by their hash and never built. They are unpacked, compiled and asked for their needs in a sandbox that
sees the new folder and the wheels, and no network.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rpp_hub.domain.errors import ActionRefused, Unavailable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.folders import hash_file, remove_folder
from rpp_hub.workspace import sandbox
from rpp_hub.workspace.environment import (
    FONTS,
    GENERATIONS,
    STAMP,
    generation_of,
    install_own,
    site_packages,
    sources,
)
from rpp_hub.workspace.locks import Pinned, digest, joined, normalised, write_lock
from rpp_hub.workspace.one_shot import Ran, run_once
from rpp_hub.workspace.sandbox import MEBIBYTE, Bind, Ceilings, Sandbox, environment_binds
from rpp_hub.workspace.versions import LOCK_FILE, Manifest, content_of, seal

PIP = "import sys; sys.path.insert(0, '/opt/pip'); from pip._internal.cli.main import main; sys.exit(main(sys.argv[1:]))"
FONT_LIST = """
import glob, os, shutil, sys
os.environ["MPLCONFIGDIR"] = "/tmp/fonts"
import matplotlib.font_manager
for found in glob.glob("/tmp/fonts/fontlist-*.json"):
    shutil.copy(found, sys.argv[1])
"""
QUIET = ("--disable-pip-version-check", "--no-input", "--no-cache-dir", "--quiet")
WITH_PYTHON = frozenset({"pip", "setuptools", "wheel"})  # what `python -m venv` brings
PATIENCE = 3600.0

Say = Callable[[str], None]
Smoke = Callable[
    [Path, Sequence[str]], str
]  # the environment, the names of what is new → what is wrong, or ''


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version that is to be made: from which folder (None: anew), what that holds, what is added, where wheels are."""

    origin: Path | None
    made_from: str
    held: tuple[Pinned, ...]
    added: tuple[Pinned, ...]
    wheels: Path | None = None  # a folder of wheels; None asks the package index that pip is set up for
    links: bool = False  # whether the origin's files may be shared: it is never written to again

    @property
    def packages(self) -> tuple[Pinned, ...]:
        """All it will hold."""
        return joined(self.held, self.added)


def name_of(wanted: Wanted) -> str:
    """The same packages, the same state of ours and the same Python are the same version."""
    told = f"{digest(wanted.packages)}\n{generation_of(sources())}\n{python_of(wanted.origin)}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def make(wanted: Wanted, stage: Path, smoke: Smoke, say: Say) -> Manifest:
    """Fills the empty folder `stage`, tries it and seals it. Raises ActionRefused for what does not work."""
    name = name_of(wanted)
    say("Copying the environment" if wanted.origin else "Making an environment")
    _begin(wanted, stage)
    exact = _install(wanted.added, wanted.wheels, stage, say)
    say("Compiling")
    found = sources()
    generation = generation_of(found)
    install_own(stage, found, generation)
    _finish(stage)
    packages = joined(wanted.packages, exact)
    _check_is_locked(stage, packages)
    (stage / LOCK_FILE).write_text(write_lock(packages), encoding="utf-8")
    files, content = content_of(stage)
    manifest = Manifest(name, digest(wanted.packages), generation, python_of(wanted.origin), wanted.made_from, packages, files, content)  # fmt: skip
    seal(stage, manifest)
    say("Trying it in a sandbox")
    if wrong := smoke(stage, [pin.name for pin in wanted.added]):
        raise ActionRefused((Refusal("environment-broken", f"The new version does not work, and nothing was changed: {wrong}"),))  # fmt: skip
    return manifest


def _begin(wanted: Wanted, stage: Path) -> None:
    if wanted.origin is None:
        command = (sys.executable, "-m", "venv", "--without-pip", str(stage))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"No environment could be made: {done.stderr.strip()[-500:]}", code="environment")  # fmt: skip
        return
    # a sealed version is never written to again: its files may lie in both
    how = ("--archive", "--link") if wanted.links else ("--archive", "--reflink=auto")
    _copy(wanted.origin, stage, how)
    for root, _, files in os.walk(stage):  # a sealed origin's folders are closed to writing
        Path(root).chmod(0o755)
        for path in (Path(root, name) for name in files):
            if path.is_symlink() and not path.exists():  # to our own packages, which come anew
                path.unlink()


def _copy(origin: Path, stage: Path, how: Sequence[str]) -> None:
    done = subprocess.run(
        ("setpriv", "--pdeathsig", "KILL", "cp", *how, "--", f"{origin}/.", str(stage)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"The environment {origin} could not be copied: {done.stderr.strip()[-500:]}", code="environment")  # fmt: skip
    stage.chmod(0o700)
    for path in (stage / GENERATIONS, stage / STAMP, stage / LOCK_FILE, *stage.glob(".rpp-*")):
        remove_folder(path) if path.is_dir() else path.unlink(missing_ok=True)


def _install(pins: tuple[Pinned, ...], source: Path | None, stage: Path, say: Say) -> tuple[Pinned, ...]:
    """Answers the same packages, each with the hash of the wheel that was taken."""
    if not pins:
        return ()
    with tempfile.TemporaryDirectory(dir=stage.parent, prefix=".making-wheels-") as folder:
        wheels = Path(folder)
        lock = wheels / LOCK_FILE
        lock.write_text(write_lock(pins), encoding="utf-8")
        say(f"Fetching {len(pins)} packages")
        _fetch(lock, wheels, source)
        say("Installing")
        options = ("--no-index", "--find-links", "/wheels", "--no-deps", "--require-hashes", "--no-compile")
        told = ("install", *QUIET, *options, "--no-warn-script-location", "-r", f"/wheels/{LOCK_FILE}")
        _must(_pip(stage, told, Bind(wheels, "/wheels")), "The packages could not be installed")
        taken = {hash_file(path) for path in wheels.glob("*.whl")}
    return tuple(replace(pin, hashes=tuple(h for h in pin.hashes if h in taken)) for pin in pins)


def _fetch(lock: Path, wheels: Path, source: Path | None) -> None:
    """Wheels alone: a source distribution would run a stranger's code here, outside of any sandbox."""
    where = () if source is None else ("--no-index", "--find-links", str(source.resolve()))
    options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "-d", str(wheels), "-r", str(lock))
    command = (sys.executable, "-I", "-m", "pip", "download", *QUIET, *where, *options)
    done = subprocess.run(
        ("setpriv", "--pdeathsig", "KILL", *command), capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = f"The packages could not be fetched as the list says: {done.stderr.strip()[-800:]}"
        raise ActionRefused((Refusal("environment-packages", reason),))


def _finish(stage: Path) -> None:
    """Needs that are not met end it; then bytecode, and the list of fonts."""
    _must(_pip(stage, ("check", *QUIET[:2])), "The packages do not fit together")
    inside = f"{sandbox.ENVIRONMENT}/{site_packages(stage).relative_to(stage)}"
    # -S: nothing that a package planted for the start of Python runs; what cannot be compiled is what nobody imports
    _within(stage, ("-S", "-m", "compileall", "-q", "-j", "0", inside))
    fonts = stage / FONTS
    if not any(fonts.glob("*.json")) and (site_packages(stage) / "matplotlib").is_dir():
        fonts.mkdir(parents=True, exist_ok=True)
        _within(stage, ("-c", FONT_LIST, f"{sandbox.ENVIRONMENT}/{FONTS}"))


def _check_is_locked(stage: Path, packages: tuple[Pinned, ...]) -> None:
    """What is installed is what the list says, no more and no less."""
    said = {pin.name: pin.version for pin in packages}
    found = {
        normalised(one.metadata["Name"]): one.version
        for one in importlib.metadata.distributions(path=[str(site_packages(stage))])
    }
    odd = sorted(name for name in found.keys() | said.keys() if found.get(name) != said.get(name))
    if odd := [name for name in odd if name not in WITH_PYTHON]:
        told = "; ".join(f"{n}: {found.get(n, 'missing')} instead of {said.get(n, 'none')}" for n in odd[:5])
        reason = f"What is installed is not what the lists say ({told}). Set the environment up anew, then repeat this."  # fmt: skip
        raise ActionRefused((Refusal("environment-unlocked", reason),))


def _pip(stage: Path, told: Sequence[str], *binds: Bind) -> Ran:
    """The hub's own pip on the environment's interpreter: an environment needs none."""
    spec = importlib.util.find_spec("pip")
    if spec is None or spec.origin is None:
        raise Unavailable("The hub's own environment has no pip; run scripts/set-up.", code="environment")
    return _within(stage, ("-c", PIP, *told), Bind(Path(spec.origin).parent, "/opt/pip/pip"), *binds)


def _within(stage: Path, told: Sequence[str], *binds: Bind) -> Ran:
    own, *others = environment_binds(stage)
    made = Sandbox(
        command=(sandbox.PYTHON, "-I", *told),
        binds=(replace(own, writable=True), *others, *binds),
        ceilings=Ceilings(open_files=4096, file_size=8192 * MEBIBYTE, processes=512),
        scratch=2048 * MEBIBYTE,
    )
    return run_once(made, PATIENCE)


def _must(ran: Ran, complaint: str) -> None:
    if ran.code:
        reason = f"{complaint}, and nothing was changed: {(ran.words or ran.out).strip()[-800:]}"
        raise ActionRefused((Refusal("environment-packages", reason),))


def python_of(environment: Path | None) -> str:
    """`3.11.2`, as the environment's own note says; this process's where one is made anew."""
    if environment is None:
        return ".".join(map(str, sys.version_info[:3]))
    try:
        note = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return ""
    for line in note.splitlines():
        name, _, value = line.partition("=")
        if name.strip() in ("version", "version_info"):
            return ".".join(value.strip().split(".")[:3])
    return ""
