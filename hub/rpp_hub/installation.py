"""Where an installation keeps things on disk."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from rpp_hub.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation on disk; every path of ours is named here and nowhere else."""

    home: Path

    @property
    def config_path(self) -> Path:
        return self.home / "rpp.toml"

    @property
    def hub_dir(self) -> Path:
        return self.home / "hub"

    @property
    def config_d(self) -> Path:
        return self.home / "config.d"

    @property
    def database_path(self) -> Path:
        return self.hub_dir / "rpp.sqlite"

    @property
    def vault_dir(self) -> Path:
        return self.home / "vault"

    @property
    def requests_dir(self) -> Path:
        return self.home / "requests"

    @property
    def agreements_dir(self) -> Path:
        """Agreements, signed files and IRB letters, by their hash."""
        return self.home / "agreements"

    @property
    def environments_dir(self) -> Path:
        """The versions of the workspaces' Python environment, each never written to again."""
        return self.home / "environments"

    @property
    def releases_dir(self) -> Path:
        return self.home / "releases"

    @property
    def certificates_dir(self) -> Path:
        return self.home / "certificates"

    @property
    def attestations_dir(self) -> Path:
        """Certificates and agreements that people sent in."""
        return self.home / "attestations"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def anchors_path(self) -> Path:
        """Heads of the audit chain, kept outside the database."""
        return self.home / "audit-anchors.jsonl"

    def warehouse_dir(self, district: str) -> Path:
        return self.home / "warehouse" / district

    def cuts_dir(self, project: str) -> Path:
        return self.home / "cuts" / project

    def workspace_dir(self, project: str, person: str) -> Path:
        return self.home / "workspaces" / project / "members" / person

    def shared_dir(self, project: str) -> Path:
        """The folder of all members of a project, in each of their workspaces."""
        return self.home / "workspaces" / project / "shared"

    def ingress_dir(self, project: str) -> Path:
        """What was let in for a project, read-only in its workspaces."""
        return self.home / "workspaces" / project / "ingress"

    @property
    def egress_root(self) -> Path:
        """The byte meters' counts."""
        return self.home / "egress"

    def egress_dir(self, project: str, person: str) -> Path:
        return self.egress_root / project / person

    @property
    def run_dir(self) -> Path:
        """Sockets: a short, all lower-case path (JupyterHub lower-cases socket paths; AF_UNIX allows 107 bytes)."""
        mark = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:10]
        return Path(os.environ.get("RPP_RUN_DIR") or f"/tmp/rpp-{os.getuid()}-{mark}")  # noqa: S108 - ensure_run_dir checks it


def ensure_run_dir(installation: Installation) -> Path:
    """The run folder, private to this account. Raises Unavailable if somebody else made it."""
    folder = installation.run_dir
    if not re.fullmatch(r"[/a-z0-9._-]{1,70}", str(folder)):
        raise Unavailable(
            f"The run folder {folder} must be short and all lower-case. Set RPP_RUN_DIR to another.",
            code="bad-run-dir",
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid() or info.st_mode & 0o077:
        raise Unavailable(
            f"The run folder {folder} is not a private folder of this account. Remove it, or set RPP_RUN_DIR to another.",
            code="bad-run-dir",
        )
    return folder
