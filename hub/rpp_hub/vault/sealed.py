"""Where do encrypted files of a project lie that are no crosswalk? Under the SHA-256 of what they hold, encrypted.

They are written before the row that names them and removed after it is gone: what no row names is a dead process's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from rpp_hub.domain.errors import Unavailable
from rpp_hub.domain.names import check_project_name
from rpp_hub.vault.crosswalk import CrosswalkStore
from rpp_hub.whole import write_whole

_PURPOSE = "sealed file"
_NAME = re.compile(r"[0-9a-f]{64}")


class SealedFiles:
    """A vault's encrypted files, project by project."""

    def __init__(self, vault_dir: Path, crosswalks: CrosswalkStore) -> None:
        self._folder = vault_dir / "sealed"
        self._crosswalks = crosswalks

    def folder(self, project: str) -> Path:
        """Where a project's lie."""
        return self._folder / check_project_name(project)

    def keep(self, project: str, plain: bytes) -> str:
        """Encrypt and keep; the name to ask for it by."""
        blob = self._crosswalks.seal(project, plain, _PURPOSE)
        name = hashlib.sha256(blob).hexdigest()
        write_whole(self.folder(project) / name, blob)
        return name

    def read(self, project: str, name: str) -> bytes:
        """What was kept. Raises Unavailable if it is gone, was altered or cannot be opened."""
        path = self.folder(project) / name
        if not path.is_file() or hashlib.sha256(blob := path.read_bytes()).hexdigest() != name:
            raise Unavailable(
                f"A file of {project} in the vault is missing or was altered. Restore the vault from its backup.",
                code="sealed-file-damaged",
            )
        return self._crosswalks.unseal(project, blob, _PURPOSE)

    def remove_all_but(self, project: str, named: Collection[str]) -> None:
        """Remove what no row names."""
        folder = self.folder(project)
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in named or not _NAME.fullmatch(path.name):
                path.unlink()
