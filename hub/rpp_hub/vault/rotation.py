"""How does the vault come under another master key, at once or not at all?

Only what the master key itself encrypts is written anew: each project's key, the signing key, the list of drawn numbers.
Crosswalks and data are not touched.

1. *staged*: beside every such file lies its successor, `NAME.next`. The old vault is whole.
2. *prepared*: `rotation.prepared` names this rotation. From here the audit log decides: with the event it happened.
3. *committed*: `rotation.committed`. The successors take their places, one by one; whoever opens the vault next goes on
   with that. Nothing of this needs a key.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rpp_hub.domain.errors import Unavailable
from rpp_hub.vault.crosswalk import SIGNING
from rpp_hub.vault.keys import MasterKey, decrypt, encrypt
from rpp_hub.whole import flush, write_whole

_NEXT = ".next"
_PREPARED, _COMMITTED = "rotation.prepared", "rotation.committed"
_OWN_KEY = "master.key"


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation under way. Fingerprints tell keys apart without telling anything of them."""

    name: str
    files: int
    old: str
    new: str


def fingerprint(key: MasterKey) -> str:
    """Twelve characters by which people can tell which key this is."""
    return hashlib.sha256(b"rpp master key fingerprint\0" + key.secret).hexdigest()[:12]


@contextmanager
def rotating(
    vault_dir: Path, old: MasterKey, new: MasterKey, is_recorded: Callable[[str], bool]
) -> Iterator[Rotation]:
    """Stage and prepare; the block records the event, and with it the rotation has happened.

    When the block fails, whether its event was recorded is for `is_recorded` to say.
    """
    with _locked(vault_dir):
        _settle(vault_dir, is_recorded)
        try:
            rotation = Rotation(
                os.urandom(8).hex(), len(_wrapped(vault_dir)), fingerprint(old), fingerprint(new)
            )
            _stage(vault_dir, old, new)
            write_whole(vault_dir / _PREPARED, json.dumps({"rotation": rotation.name}).encode())
            yield rotation
        finally:
            _settle(vault_dir, is_recorded)


def settle_rotation(vault_dir: Path, is_recorded: Callable[[str], bool]) -> None:
    """Finish a rotation that the audit log has, and undo one that it has not. For whoever opens an installation."""
    if any((vault_dir / name).exists() for name in (_PREPARED, _COMMITTED)) or any(_successors(vault_dir)):
        with _locked(vault_dir):
            _settle(vault_dir, is_recorded)


def _settle(vault_dir: Path, is_recorded: Callable[[str], bool]) -> None:
    prepared = vault_dir / _PREPARED
    if (vault_dir / _COMMITTED).exists():
        _take_places(vault_dir)
    elif prepared.exists() and is_recorded(json.loads(prepared.read_bytes())["rotation"]):
        _commit(vault_dir)
    else:
        _give_up(vault_dir)


def _stage(vault_dir: Path, old: MasterKey, new: MasterKey) -> None:
    for path, purpose in _wrapped(vault_dir):
        plain = decrypt(old.secret, path.read_bytes(), purpose)
        if plain is None:
            raise Unavailable(
                f"{path.name} in the vault does not open with the present master key, so the key cannot be changed. "
                "Restore the vault from its backup. Nothing was changed.",
                code="vault-damaged",
            )
        write_whole(_next(path), encrypt(new.secret, plain, purpose))
    if (vault_dir / _OWN_KEY).exists():
        write_whole(_next(vault_dir / _OWN_KEY), new.secret)


def _wrapped(vault_dir: Path) -> list[tuple[Path, str]]:
    """Everything that the master key itself encrypts, and for which purpose."""
    keys = [(p, f"rpp project key:{p.stem}") for p in sorted((vault_dir / "projects").glob("*.key"))]
    drawn = vault_dir / "drawn.bin"
    return [
        (vault_dir / "signing.key", SIGNING),
        *keys,
        *([(drawn, "rpp drawn numbers")] if drawn.exists() else []),
    ]


def _commit(vault_dir: Path) -> None:
    (vault_dir / _PREPARED).replace(vault_dir / _COMMITTED)
    flush(vault_dir)
    _take_places(vault_dir)


def _take_places(vault_dir: Path) -> None:
    for path in _successors(vault_dir):
        path.replace(path.with_name(path.name.removesuffix(_NEXT)))
    for folder in (vault_dir, vault_dir / "projects"):
        if folder.exists():
            flush(folder)
    (vault_dir / _COMMITTED).unlink()


def _give_up(vault_dir: Path) -> None:
    (vault_dir / _PREPARED).unlink(missing_ok=True)
    for path in _successors(vault_dir):
        path.unlink()


def _successors(vault_dir: Path) -> list[Path]:
    return [*vault_dir.glob(f"*{_NEXT}"), *(vault_dir / "projects").glob(f"*{_NEXT}")]


def _next(path: Path) -> Path:
    return path.with_name(path.name + _NEXT)


@contextmanager
def _locked(vault_dir: Path) -> Iterator[None]:
    """The same lock under which codes are drawn."""
    with (vault_dir / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
