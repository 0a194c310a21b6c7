"""What may a workspace take by the installation's settings?"""

from __future__ import annotations

from rpp_hub import settings
from rpp_hub.workspace.config import LARGEST_FILE, MEBIBYTE, Limits


def limits_of(workspace: settings.Workspace) -> Limits:
    """`[workspace]` of rpp.toml, as a supervisor takes it."""
    return Limits(
        memory=workspace.memory * MEBIBYTE,
        cpus=workspace.cpus or None,
        processes=workspace.processes,
        open_files=workspace.open_files,
        disk=workspace.disk * MEBIBYTE,
        file_size=min(LARGEST_FILE, workspace.disk * MEBIBYTE),
        cell_seconds=workspace.cell_seconds or None,
        idle_seconds=workspace.idle_minutes * 60.0 or None,
    )
