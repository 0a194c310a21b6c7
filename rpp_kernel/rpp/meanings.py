"""What do the columns of a table mean? The cut's codebook is a Frictionless data package beside the tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rpp.folder import CutError, absent, data_folder

if TYPE_CHECKING:
    import pandas

PACKAGE = "datapackage.json"


def codebook(table: str | None = None) -> pandas.DataFrame:
    """The columns of `table` with their meaning; without a table, the tables with theirs."""
    import pandas

    resources = resources_by_name()
    if table is None:
        rows = [{"table": name, "description": _text(resource)} for name, resource in resources.items()]
        return pandas.DataFrame(rows, columns=["table", "description"]).set_index("table")
    if table not in resources:
        raise CutError(absent("table", [table], resources, "the codebook"))
    rows = [_field_row(field) for field in resources[table].get("schema", {}).get("fields", [])]
    return pandas.DataFrame(rows, columns=["column", "type", "description", "values", "notes"]).set_index(
        "column"
    )


def resources_by_name() -> dict[str, dict[str, Any]]:
    """The package's resources by the name of their table."""
    path = data_folder() / PACKAGE
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CutError(
            f"This cut has no codebook ({path}). Ask your data manager to build the cut again."
        ) from None
    return {resource["name"]: resource for resource in package.get("resources", [])}


def _field_row(field: dict[str, Any]) -> dict[str, str]:
    return {
        "column": field["name"],
        "type": str(field.get("type", "")),
        "description": _text(field),
        "values": _values(field),
        "notes": _notes(field),
    }


def _text(described: dict[str, Any]) -> str:
    words = [str(described[key]) for key in ("title", "description") if described.get(key)]
    return ": ".join(dict.fromkeys(words))


def _notes(field: dict[str, Any]) -> str:
    """What else is known: from when on it means something else, and dated notes with the questions they answer."""
    ours = field.get("rpp", {})
    changes = [f"from {c.get('since')}: {c.get('meaning')}" for c in ours.get("changes", [])]
    notes = [
        f"{n.get('on')} {n['question'] + ' ' if n.get('question') else ''}{n.get('text')}"
        for n in ours.get("notes", [])
    ]
    return "; ".join([*changes, *notes])


def _values(field: dict[str, Any]) -> str:
    """Value labels, which our codebook keeps under its own name, else the allowed values."""
    labels = field.get("rpp", {}).get("labels")
    if isinstance(labels, dict):
        return "; ".join(f"{value} = {label}" for value, label in labels.items())
    categories = field.get("categories") or field.get("constraints", {}).get("enum") or []
    return "; ".join(_category(category) for category in categories)


def _category(category: Any) -> str:
    if isinstance(category, dict):
        return f"{category.get('value')} = {category.get('label', category.get('value'))}"
    return str(category)
