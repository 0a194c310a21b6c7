"""What the vault does for the rest of the trusted side: crosswalks for cuts, signatures for releases."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rpp_hub.domain.errors import Unavailable
from rpp_hub.vault.crosswalk import SIGNING, CrosswalkStore
from rpp_hub.vault.keys import MasterKey, decrypt, encrypt, master_key, named_elsewhere, write_master_key
from rpp_hub.whole import write_whole


@dataclass(frozen=True, slots=True)
class Vault:
    """An opened vault."""

    folder: Path
    key: MasterKey = field(repr=False)

    @property
    def crosswalks(self) -> CrosswalkStore:
        """The projects' crosswalks."""
        return CrosswalkStore(self.folder, self.key)

    def sign(self, content: bytes) -> bytes:
        """An Ed25519 signature by the installation."""
        return self._signing_key().sign(content)

    def public_key_pem(self) -> bytes:
        """What `rpp release verify` needs."""
        return self._signing_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def _signing_key(self) -> Ed25519PrivateKey:
        try:
            blob = (self.folder / "signing.key").read_bytes()
        except FileNotFoundError:
            raise Unavailable(
                "The vault has no signing key. Restore the vault from its backup.", code="vault-damaged"
            ) from None
        raw = decrypt(self.key.secret, blob, SIGNING)
        if raw is None:
            raise _wrong_key(self.key)
        return Ed25519PrivateKey.from_private_bytes(raw)


def create_vault(folder: Path, key_file: Path | None = None) -> Vault:
    """Make a vault, or open the one that is there. A vault whose master key was lost gets no new one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "signing.key").exists():
        try:
            key = master_key(folder, key_file)
        except Unavailable:
            if (
                named_elsewhere(key_file)
                or (folder / "projects").exists()
                or (folder / "master.key").exists()
            ):
                raise
            write_master_key(folder / "master.key")
            key = master_key(folder, folder / "master.key")
        raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        write_whole(folder / "signing.key", encrypt(key.secret, raw, SIGNING))
    return open_vault(folder, key_file)


def open_vault(folder: Path, key_file: Path | None = None) -> Vault:
    """Open a vault. Raises Unavailable, and changes nothing, if the master key is lost or another one."""
    if not (folder / "signing.key").exists():
        raise Unavailable(f"There is no vault in {folder}. `rpp init` makes one.", code="no-vault")
    vault = Vault(folder, master_key(folder, key_file))
    vault._signing_key()
    return vault


def _wrong_key(key: MasterKey) -> Unavailable:
    return Unavailable(
        f"The master key {key.source} does not open this vault: it is another vault's, or damaged. Put the right key "
        "file back, or name it with RPP_MASTER_KEY_FILE. Nothing was changed.",
        code="master-key-wrong",
    )
