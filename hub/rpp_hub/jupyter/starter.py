"""The first notebook a researcher finds: papermill writes the project's parameters into the starter.

A kernel writes the same folder, so whatever lies there may be a link to a file of the hub's: none is followed.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from rpp_hub.bootstrap import Rpp
from rpp_hub.resources import resource

NAME = "starter.ipynb"


def place_starter(rpp: Rpp, project: str, folder: Path) -> None:
    """Put the starter into a workspace that has none. What the researcher made of it stays."""
    if os.path.lexists(folder / NAME):
        return
    view = rpp.projects.get(project)
    granted = rpp.agreements.granted(project)
    tables = sorted(granted.application.tables) if granted else []
    parameters = {"project": view.name, "title": view.title, "tables": tables}
    notebook = parameterize_notebook(load_notebook_node(str(resource(f"notebooks/{NAME}"))), parameters)
    notebook.metadata.pop("papermill", None)
    _write_new(folder, (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode())


def _write_new(folder: Path, content: bytes) -> None:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fresh = f".{NAME}.{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(fresh, flags, 0o600, dir_fd=place), "wb") as file:
            file.write(content)
        os.rename(fresh, NAME, src_dir_fd=place, dst_dir_fd=place)
    finally:
        os.close(place)
