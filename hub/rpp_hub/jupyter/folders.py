"""The folders a workspace is made of: the person's own, and in it the places of the project's and of what was let in.

A kernel has written into the first one before, so whatever stands where a folder should is put aside, never followed.
"""

from __future__ import annotations

import os
import secrets
import stat

from rpp_hub.installation import Installation

PLACES = ("shared", "ingress")


def make_folders(installation: Installation, project: str, person: str) -> None:
    """Everything that is mounted, and the empty folders on which it is mounted."""
    own = installation.workspace_dir(project, person)
    for folder in (own, installation.shared_dir(project), installation.ingress_dir(project)):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for name in PLACES:
            _make_place(place, name)
    finally:
        os.close(place)


def _make_place(folder: int, name: str) -> None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        os.mkdir(name, 0o700, dir_fd=folder)
        return
    if not stat.S_ISDIR(found.st_mode):
        os.rename(name, f"{name}-{secrets.token_hex(4)}", src_dir_fd=folder, dst_dir_fd=folder)
        os.mkdir(name, 0o700, dir_fd=folder)
