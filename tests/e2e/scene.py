"""Two people at work on two projects of one installation, for tests of what keeps them apart."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.over_http import Kernel, Visitor, Workspace, visiting
from tests.factories import cell, notebook, printed
from tests.harness import Running

OWN, OTHER = "attendance-gaps", "course-pathways"


@dataclass(frozen=True, slots=True)
class Scene:
    """Two people at work on two projects, and what the second has that the first must not find."""

    site: Running
    rosa: Visitor
    remy: Visitor
    nobody: Visitor
    own: Workspace
    others: Workspace
    kernel: Kernel
    canary: str

    @property
    def foreign(self) -> dict[str, Path]:
        """One file of each place, by its real path on the host."""
        home = self.site.home
        return {
            "the other project's cut": next((home / "cuts" / OTHER).rglob("*.parquet")),
            "the other project's workspace": home
            / "workspaces"
            / OTHER
            / "members"
            / "remy"
            / f"{self.canary}.ipynb",
            "requests": next(p for p in (home / "requests").rglob("*") if p.is_file()),
            "the warehouse": next(p for p in (home / "warehouse").rglob("*.parquet") if p.is_file()),
            "the vault": home / "vault" / "master.key",
            "the hub's state": home / "hub" / "rpp.sqlite",
            "its own cut by the host's path": next((home / "cuts" / OWN).rglob("*.parquet")),
        }


@contextlib.contextmanager
def two_at_work(site: Running) -> Iterator[Scene]:
    """Both workspaces are open, one with a kernel; the other has asked for a release."""
    canary = f"canary-{secrets.token_hex(8)}"
    with visiting(site, "rosa") as rosa, visiting(site, "remy") as remy, visiting(site) as nobody:
        own, others = rosa.open_workspace(OWN), remy.open_workspace(OTHER)
        content = notebook(cell(f"print('{canary}')", [printed(f"{canary} n = 120\n")]))
        saved = site.home / "workspaces" / OTHER / "members" / "remy" / f"{canary}.ipynb"
        saved.write_bytes(content)
        asked = others.submit(saved.name, hashlib.sha256(content).hexdigest(), ["a:0"])
        assert asked.status == 201, asked.text
        try:
            with own.kernel() as kernel:
                yield Scene(site, rosa, remy, nobody, own, others, kernel, canary)
        finally:
            saved.unlink()
            site.rpp("request", "withdraw", asked.json()["id"], actor="remy")
            rosa.close_workspace(OWN)
            remy.close_workspace(OTHER)
