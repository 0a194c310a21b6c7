"""What became of a wish for a package; in which version of the workspaces' environment was something made, and does it matter? Pure."""

from __future__ import annotations

from enum import StrEnum


class PackageStatus(StrEnum):
    """What became of a package that somebody asked for."""

    ASKED = "asked"
    ADDED = "added"
    REFUSED = "refused"


def difference(worked_in: str, rerun_in: str) -> str:
    """A sentence for a reviewer where the work and its re-run used two versions; empty where they used one or none is known."""
    if not worked_in or not rerun_in or worked_in == rerun_in:
        return ""
    return (
        f"The work was made in environment {worked_in}, which is not kept any more; the re-run used {rerun_in}."
        " Packages of another version can give other results."
    )
