"""The first notebook a researcher finds: papermill writes the project's parameters into the starter."""

from __future__ import annotations

import json
import os
from pathlib import Path

from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from rpp_hub.bootstrap import Rpp
from rpp_hub.resources import resource

NAME = "starter.ipynb"


def place_starter(rpp: Rpp, project: str, folder: Path) -> None:
    """Put the starter into a workspace that has none. What the researcher made of it stays."""
    target = folder / NAME
    if os.path.lexists(target):
        return
    view = rpp.projects.get(project)
    parameters = {"project": view.name, "title": view.title, "tables": sorted(view.application.tables)}
    notebook = parameterize_notebook(load_notebook_node(str(resource(f"notebooks/{NAME}"))), parameters)
    notebook.metadata.pop("papermill", None)
    fresh = folder / f".{NAME}.new"
    fresh.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(target)
