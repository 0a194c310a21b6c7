"""What is left of a project to destroy at its end, and how is it destroyed?

The project's key goes, and with it everything that only it opens: crosswalk and linked surveys. Their files go, too,
and the cuts.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from rpp_hub.domain.names import check_project_name
from rpp_hub.installation import Installation
from rpp_hub.warehouse.folders import hash_file, remove_folder


@dataclass(frozen=True, slots=True)
class Remains:
    """Where a project's key, what it opens and its cuts lie."""

    project: str
    vault_dir: Path
    cuts_dir: Path

    def files(self) -> dict[str, Path]:
        """What is still there, by how the certificate calls it. The key first: when it is gone the rest says nothing."""
        kept, sealed = self.vault_dir / "projects", self.vault_dir / "sealed" / self.project
        paths = [kept / f"{self.project}.key", kept / f"{self.project}.crosswalk", *sorted(sealed.glob("*"))]
        cuts = [p for p in sorted(self.cuts_dir.rglob("*")) if not p.name.startswith(".")]
        named = {str(p.relative_to(self.vault_dir)): p for p in paths}
        named |= {f"cuts/{p.relative_to(self.cuts_dir)}": p for p in cuts}
        return {name: path for name, path in named.items() if path.is_file()}

    def any(self) -> bool:
        """Whether there is anything to destroy."""
        return self.cuts_dir.exists() or bool(self.files())

    def hashes(self) -> dict[str, str]:
        """What lies there by SHA-256; of what is encrypted, the encrypted form."""
        return {name: hash_file(path) for name, path in self.files().items()}

    def destroy(self) -> None:
        """Overwrite what is secret, remove everything. What was removed before stays removed."""
        with (self.vault_dir / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for path in self.files().values():
                if path.is_relative_to(self.vault_dir):
                    _overwrite(path)
                    path.unlink()
            sealed = self.vault_dir / "sealed" / self.project
            if sealed.is_dir():
                sealed.rmdir()
        remove_folder(self.cuts_dir)


def remains(installation: Installation, project: str) -> Remains:
    """Of one project."""
    name = check_project_name(project)
    return Remains(name, installation.vault_dir, installation.cuts_dir(name))


def _overwrite(path: Path) -> None:
    """Of little use on disks that write elsewhere, of some on others; what counts is that the key is gone."""
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
