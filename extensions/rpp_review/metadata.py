"""Which metadata is more than what every notebook carries? It is never released; what is unusual is said."""

import re
from collections.abc import Iterator

from rpp_review.evidence import EVIDENCE_KEY
from rpp_review.items import NOTEBOOK_IDENTITY, Dropped
from rpp_review.notebook import Cell, Fields, Notebook, texts_in

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9 .,+/()*_-]{0,48}")
_KERNEL = frozenset({"name", "display_name", "language", "env"})
_LANGUAGE = frozenset(
    {
        "codemirror_mode",
        "file_extension",
        "mimetype",
        "name",
        "nbconvert_exporter",
        "pygments_lexer",
        "version",
    }
)
_HIDING_TAGS = re.compile(r"(?:hide|remove|skip)[-_]")
_STANDARD_TAGS = frozenset({"parameters", "injected-parameters"})
_UNUSUAL = "the notebook's metadata is not released, and this part is not what notebooks usually carry"


def notebook_metadata(notebook: Notebook) -> Iterator[Dropped]:
    usual = {"kernelspec": _KERNEL, "language_info": _LANGUAGE}
    for key, value in notebook.metadata.items():
        if key == "widgets":
            yield Dropped(NOTEBOOK_IDENTITY, "the state of widgets", "widgets hold data and run code")
        elif key in usual:
            if not _is_usual(value, usual[key]):
                yield Dropped(NOTEBOOK_IDENTITY, "unusual kernel or language metadata", _UNUSUAL)
        elif key not in {"papermill", "orig_nbformat"} and value not in ({}, [], None, ""):
            yield Dropped(NOTEBOOK_IDENTITY, "notebook metadata", _UNUSUAL)
    if notebook.extra:
        yield Dropped(
            NOTEBOOK_IDENTITY, "unknown parts of the notebook's file", "we do not know what they hold"
        )


def cell_metadata(cell: Cell) -> Iterator[Dropped]:
    if _is_hidden(cell.metadata):
        yield Dropped(
            cell.identity, "a flag that hides the cell or its outputs", "the cell is shown all the same"
        )
    if any(not _is_known(key, value) for key, value in cell.metadata.items()):
        yield Dropped(
            cell.identity, "cell metadata", "the cell's metadata is not released, and this part is unusual"
        )
    if "attachments" in cell.extra:
        yield Dropped(cell.identity, "attachments", "figures are released as PNG outputs of code cells")
    if cell.extra - {"attachments"}:
        yield Dropped(cell.identity, "unknown parts of the cell", "we do not know what they hold")


def output_metadata(metadata: object) -> bool:
    """True when an output's metadata holds more than a picture's size."""
    if not isinstance(metadata, dict):
        return metadata is not None
    sizes = (value for key, value in metadata.items() if value not in ({}, None) and key != EVIDENCE_KEY)
    return any(not _is_picture_size(value) for value in sizes)


def _is_picture_size(value: object) -> bool:
    if isinstance(value, bool):
        return True
    if not isinstance(value, dict) or not value.keys() <= {"width", "height", "needs_background", "isolated"}:
        return False
    return all(
        isinstance(one, bool)
        or (isinstance(one, int | float) and 0 <= one < 100_000)
        or one in ("light", "dark")
        for one in value.values()
    )


def _is_usual(value: object, keys: frozenset[str]) -> bool:
    if not isinstance(value, dict) or not value.keys() <= keys:
        return False
    return all(_is_plain(one) for one in value.values())


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):  # codemirror_mode: {"name": "ipython", "version": 3}
        return value.keys() <= {"name", "version"} and all(
            isinstance(one, int) or _is_plain(one) for one in value.values()
        )
    return isinstance(value, str) and _PLAIN_VALUE.fullmatch(value) is not None


def _is_hidden(metadata: Fields) -> bool:
    jupyter = metadata.get("jupyter")
    flags = jupyter if isinstance(jupyter, dict) else {}
    hidden = (flags.get("source_hidden"), flags.get("outputs_hidden"), metadata.get("collapsed"))
    return any(flag is True for flag in hidden) or any(
        _HIDING_TAGS.match(tag) for tag in texts_in(metadata.get("tags"))
    )


def _is_known(key: str, value: object) -> bool:
    if key in {"execution", "papermill", "ExecuteTime"}:  # times: dropped, and in every notebook
        return True
    if key == "jupyter":
        return isinstance(value, dict) and all(
            name in {"source_hidden", "outputs_hidden"} and isinstance(one, bool)
            for name, one in value.items()
        )
    if key == "tags":
        return isinstance(value, list) and all(
            isinstance(tag, str) and (tag in _STANDARD_TAGS or _is_short_hiding_tag(tag)) for tag in value
        )
    if key in {"collapsed", "scrolled", "trusted", "editable", "deletable"}:
        return isinstance(value, bool) or value == "auto"
    return value in ({}, [], None, "")


def _is_short_hiding_tag(tag: str) -> bool:
    return _HIDING_TAGS.match(tag) is not None and len(tag) <= 20
