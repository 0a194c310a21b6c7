"""What does the notebook's file say? From bytes to cells and outputs of known shape, or a refusal."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.strict_json import parse

CELL_KINDS = frozenset({"code", "markdown", "raw"})
OUTPUT_KINDS = frozenset({"stream", "display_data", "execute_result", "error"})
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SAVE_AGAIN = "Open the notebook in the workspace, save it again and submit the saved file."

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Output:
    kind: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Cell:
    identity: str
    kind: str
    source: str
    outputs: tuple[Output, ...]
    metadata: Fields
    extra: frozenset[str]


@dataclass(frozen=True, slots=True)
class Notebook:
    cells: tuple[Cell, ...]
    metadata: Fields
    extra: frozenset[str]


def read_notebook(data: bytes, limits: Limits) -> Notebook:
    """The notebook in `data`; raises InvalidNotebook for whatever is not one, or is beyond the limits."""
    whole = _fields(parse(data, limits), "the notebook")
    _check_version(whole)
    cells = _list(whole.get("cells"), "the list of cells")
    _check_number("too-many-cells", "cells", len(cells), limits.cells)
    read = tuple(_cell(cell, index) for index, cell in enumerate(cells))
    _check_number("too-many-outputs", "outputs", sum(len(cell.outputs) for cell in read), limits.outputs)
    _check_identities(read)
    known = {"cells", "metadata", "nbformat", "nbformat_minor"}
    return Notebook(
        read, _fields(whole.get("metadata", {}), "the notebook's metadata"), frozenset(whole) - known
    )


def text_of(value: object, what: str) -> str:
    """A multi-line string as notebooks write it: one string, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    raise _unknown(what)


def texts_in(value: object) -> Iterator[str]:
    """The strings of a list, if it is a list of strings."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def _check_version(whole: Fields) -> None:
    major, minor = whole.get("nbformat"), whole.get("nbformat_minor")
    if type(major) is not int or type(minor) is not int or "cells" not in whole:
        raise _unknown("the notebook")
    if major != 4 or not 0 <= minor <= 5:
        raise InvalidNotebook(
            "notebook-version",
            "The notebook is written in a version of the format that we do not read; we read 4.0 to 4.5. "
            "Open it in JupyterLab, save it again and submit the saved file.",
        )


def _cell(value: object, index: int) -> Cell:
    fields = _fields(value, f"cell {index + 1}")
    kind = fields.get("cell_type")
    if not isinstance(kind, str) or kind not in CELL_KINDS:
        raise _unknown(f"cell {index + 1}")
    outputs = _list(fields.get("outputs", []), f"the outputs of cell {index + 1}") if kind == "code" else []
    return Cell(
        identity=_identity(fields, index),
        kind=kind,
        source=text_of(fields.get("source"), f"the source of cell {index + 1}"),
        outputs=tuple(_output(output, index, position) for position, output in enumerate(outputs)),
        metadata=_fields(fields.get("metadata", {}), f"the metadata of cell {index + 1}"),
        extra=frozenset(fields) - _known_fields(kind),
    )


def _known_fields(kind: str) -> set[str]:
    common = {"cell_type", "id", "metadata", "source"}
    return common | {"outputs", "execution_count"} if kind == "code" else common


def _identity(fields: Fields, index: int) -> str:
    if "id" not in fields:
        return f"cell-{index}"
    identity = fields["id"]
    if not isinstance(identity, str) or not _IDENTITY.fullmatch(identity):
        raise InvalidNotebook(
            "cell-id",
            f"Cell {index + 1} has an id that is no id: at most 64 letters, digits, '-' and '_'. "
            "Copy the cell's text into a new cell, delete the old one and save.",
        )
    return identity


def _output(value: object, index: int, position: int) -> Output:
    fields = _fields(value, f"output {position + 1} of cell {index + 1}")
    kind = fields.get("output_type")
    if not isinstance(kind, str) or kind not in OUTPUT_KINDS:
        raise _unknown(f"output {position + 1} of cell {index + 1}")
    return Output(kind, fields)


def _check_identities(cells: tuple[Cell, ...]) -> None:
    names = Counter(cell.identity for cell in cells)
    if names.keys() & {"source", "notebook"} or any(count > 1 for count in names.values()):
        raise InvalidNotebook(
            "cell-id-twice",
            "Two cells of the notebook have the same id, or one has an id that we use ourselves, so it would not be clear "
            "which is released. Copy one cell's text into a new cell, delete the old one and save.",
        )


def _check_number(code: str, what: str, number: int, most: int) -> None:
    if number > most:
        raise InvalidNotebook(
            code,
            f"The notebook has {number:,} {what} and the limit is {most:,}. Submit a notebook with only what is to be reviewed.",
        )


def _fields(value: object, what: str) -> Fields:
    if not isinstance(value, dict):
        raise _unknown(what)
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise _unknown(what)
    return value


def _unknown(what: str) -> InvalidNotebook:
    return InvalidNotebook(
        "unknown-structure", f"In this file, {what} does not have the form of a notebook's. {_SAVE_AGAIN}"
    )
