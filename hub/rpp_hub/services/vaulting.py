"""The vault's own acts: another master key, and the end of a project's key with a certificate of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require
from rpp_hub.services.remains import remains
from rpp_hub.store.database import Store
from rpp_hub.store.models import AuditRow, Cut, Destruction, Project
from rpp_hub.vault import Vault, master_key
from rpp_hub.vault.destruction import (
    LEFT,
    certificate_bytes,
    write_certificate,
)
from rpp_hub.vault.rotation import Rotation, fingerprint, rotating, settle_rotation
from rpp_hub.warehouse.folders import locked

ROTATE = "vault:rotate"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A project's key was destroyed: what the certificate says, and where it lies."""

    project: str
    content: Mapping[str, Any]
    folder: Path


class Vaulting:
    """Rotation and destruction."""

    def __init__(self, store: Store, installation: Installation, vault: Vault) -> None:
        self._store = store
        self._installation = installation
        self._vault = vault

    def rotate(self, actor: Actor, new_key: Path) -> Rotation:
        """Bring everything under the master key in `new_key`, without touching crosswalks or data."""
        with self._store.read() as session:
            require(session, actor, Permission.VAULT_ROTATE)
        new = master_key(self._vault.folder, new_key)
        if fingerprint(new) == fingerprint(self._vault.key):
            raise ActionRefused(
                (Refusal("same-master-key", "That is the present master key. Draw a new one, then rotate."),)
            )
        recorded = partial(_is_recorded, self._store)
        with rotating(self._vault.folder, self._vault.key, new, recorded) as rotation:
            with self._store.act(actor, ROTATE, f"vault:{rotation.name}") as act:
                require(act.session, actor, Permission.VAULT_ROTATE)
                act.detail.update(files=rotation.files, old=rotation.old, new=rotation.new)
        return rotation

    def destroy(self, actor: Actor, project: str, reason: str = "") -> Certificate:
        """Destroy a closed project's key, crosswalk, linked surveys and cuts. What was done before is finished, not done twice."""
        with self._store.read() as session:
            require(session, actor, Permission.VAULT_DESTROY, project)
            _closed(session, project)
        with locked(self._installation.cuts_dir(project), ".cutting"):  # nobody is making a cut of it
            self._record(actor, project, reason)
        self.settle()
        return self.certificate(actor, project)

    def _record(self, actor: Actor, project: str, reason: str) -> None:
        with self._store.act(actor, "vault:destroy", f"project:{project}", reason) as act:
            require(act.session, actor, Permission.VAULT_DESTROY, project)
            row = _closed(act.session, project)
            if act.session.get(Destruction, project) is not None:
                raise ActionRefused(
                    (
                        Refusal(
                            "already-destroyed",
                            f"The key of {project} was destroyed before; see `rpp vault certificate {project}`.",
                        ),
                    )
                )
            if not remains(self._installation, project).files():
                raise ActionRefused(
                    (
                        Refusal(
                            "nothing-to-destroy",
                            f"The vault holds no key of {project}: nothing was ever coded for it.",
                        ),
                    )
                )
            content = self._certificate(act.session, row, actor, reason)
            signature = base64.b64encode(self._vault.sign(certificate_bytes(content))).decode()
            act.session.add(
                Destruction(
                    project=project, certificate=content, signature=signature, destroyed_by=actor.name, destroyed_at=datetime.now(UTC)
                )
            )  # fmt: skip
            act.detail.update(files=len(content["files"]), codes=content["codes"])

    def certificate(self, actor: Actor, project: str) -> Certificate:
        """The certificate of a destroyed project."""
        with self._store.read() as session:
            require(session, actor, Permission.PROJECT_READ_ALL, project)
            row = session.get(Destruction, project)
        if row is None:
            raise NotFound(f"No key of {printable(project)} was destroyed.", code="no-certificate")
        return Certificate(project, row.certificate, self._folder(project))

    def settle(self) -> None:
        """Finish destructions that are recorded: remove what is still there, and write the certificates that are not."""
        with self._store.read() as session:
            rows = session.scalars(select(Destruction)).all()
        for row in rows:
            left = remains(self._installation, row.project)
            if left.any():
                left.destroy()
            if not (self._folder(row.project) / "certificate.html").exists():
                write_certificate(self._folder(row.project), row.certificate, row.signature)

    def _folder(self, project: str) -> Path:
        return self._installation.certificates_dir / project

    def _certificate(self, session: Session, project: Project, actor: Actor, reason: str) -> dict[str, Any]:
        cuts = session.scalars(select(Cut).where(Cut.project == project.name).order_by(Cut.id))
        return {
            "kind": "certificate of destruction",
            "project": project.name,
            "title": project.title,
            "district": project.district,
            "destroyed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "destroyed_by": actor.name,
            "reason": reason,
            "codes": len(self._vault.crosswalks.load(project.name)),
            "files": remains(self._installation, project.name).hashes(),
            "cuts": {cut.name: cut.sha256 for cut in cuts},
            "left": LEFT,
        }


def settle_vault(store: Store, vault_dir: Path) -> None:
    """Before the vault is opened: finish or undo a rotation that was cut off, as the audit log says."""
    settle_rotation(vault_dir, partial(_is_recorded, store))


def _is_recorded(store: Store, rotation: str) -> bool:
    with store.read() as session:
        query = select(AuditRow.seq).where(AuditRow.act == ROTATE, AuditRow.subject == f"vault:{rotation}")
        return session.scalars(query).first() is not None


def _closed(session: Session, name: str) -> Project:
    row = session.get(Project, name)
    if row is None:
        raise NotFound(f"There is no project called {printable(name)!r} here.", code="no-such-project")
    if row.status != ProjectStatus.CLOSED:
        raise ActionRefused(
            (
                Refusal(
                    "project-not-closed",
                    f"{name} is {row.status}. Close it first: `rpp project close {name}`.",
                ),
            )
        )
    return row
