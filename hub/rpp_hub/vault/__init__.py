"""The vault: project keys, crosswalks and the signing key, all encrypted with the master key."""

from __future__ import annotations

from rpp_hub.vault.crosswalk import Crosswalk, CrosswalkStore
from rpp_hub.vault.keys import MasterKey, master_key
from rpp_hub.vault.open import Vault, create_vault, open_vault

__all__ = ["Crosswalk", "CrosswalkStore", "MasterKey", "Vault", "create_vault", "master_key", "open_vault"]
