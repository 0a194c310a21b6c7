"""What R asks of the cut, answered in numbers that base R reads: `python -I -m rpp_kernel.for_r tables|codebook|load|note DIR`.

The request lies in DIR/request.json, the answer goes to DIR/answer.json, columns beside it: 4- or 8-byte numbers with R's own
marks for what is missing. It runs in the kernel's sandbox, as R does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    import pyarrow

NO_INTEGER = -(2**31)
NO_DOUBLE = 0x7FF0_0000_0000_07A2  # R's NA_real_, which is another NaN than 0/0
EXACT = 2**53


def main(arguments: list[str]) -> None:
    """Always writes an answer; what cannot be done is a sentence in it."""
    from rpp.folder import CutError

    what, folder = arguments[0], Path(arguments[1])
    asked = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    try:
        answer = ANSWERS[what](asked, folder)
    except CutError as error:
        answer = {"error": str(error)}
    (folder / "answer.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")


def _tables(_asked: Mapping[str, Any], _folder: Path) -> dict[str, Any]:
    from rpp.folder import tables

    return {"tables": tables()}


def _codebook(asked: Mapping[str, Any], _folder: Path) -> dict[str, Any]:
    from rpp.meanings import codebook

    found = codebook(asked.get("table")).reset_index()
    return {"names": list(found.columns), "values": [list(map(str, found[name])) for name in found.columns]}


def _note(asked: Mapping[str, Any], _folder: Path) -> dict[str, Any]:
    from rpp.asking import MEDIA_TYPE, as_asked

    words, told = as_asked(str(asked.get("field") or ""), str(asked.get("question") or ""))
    return {"words": words, "told": told, "type": MEDIA_TYPE}


def _load(asked: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    from rpp.loading import read

    table = read(str(asked.get("table") or ""), asked.get("columns"), asked.get("years")).table
    columns = [
        {"name": name, "file": f"{number}.bin", **_column(table.column(name), folder / f"{number}.bin")}
        for number, name in enumerate(table.column_names)
    ]
    return {"rows": table.num_rows, "columns": columns}


ANSWERS: Mapping[str, Callable[[Mapping[str, Any], Path], dict[str, Any]]] = {
    "tables": _tables, "codebook": _codebook, "note": _note, "load": _load,
}  # fmt: skip


def _column(column: pyarrow.ChunkedArray, path: Path) -> dict[str, Any]:
    """Writes the column, and answers of what kind it is."""
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return _coded(column.combine_chunks(), path, "factor")
    if types.is_boolean(kind):
        return _integers(column.cast("int32"), path, "logical")
    if types.is_integer(kind):
        return _whole(column, path)
    if types.is_floating(kind) or types.is_decimal(kind):
        return _doubles(column.cast("float64"), path, "double")
    if types.is_date(kind):
        return _doubles(column.cast("date32").cast("int32").cast("float64"), path, "date")
    if types.is_timestamp(kind):
        return _times(column, path)
    return _texts(column, path)


def _whole(column: pyarrow.ChunkedArray, path: Path) -> dict[str, Any]:
    """R's whole numbers have 32 bits; larger ones are doubles while those are exact, and text beyond."""
    import pyarrow.compute

    least, most = (pyarrow.compute.min_max(column)[end].as_py() or 0 for end in ("min", "max"))
    if NO_INTEGER < least and most < -NO_INTEGER:
        return _integers(column.cast("int32"), path, "integer")
    if -EXACT <= least and most <= EXACT:
        return _doubles(column.cast("float64"), path, "double")
    return _texts(column.cast("string"), path)


def _times(column: pyarrow.ChunkedArray, path: Path) -> dict[str, Any]:
    import pyarrow

    seconds = column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False).cast("int64").cast("float64", safe=False)  # fmt: skip
    return _doubles(seconds, path, "time", 1e-6)


def _texts(column: pyarrow.ChunkedArray, path: Path) -> dict[str, Any]:
    import pyarrow
    from pyarrow import types

    if not (types.is_string(column.type) or types.is_large_string(column.type)):
        column = pyarrow.chunked_array([[None if v is None else str(v) for v in column.to_pylist()]], type="string")  # fmt: skip
    return _coded(column.combine_chunks().dictionary_encode(), path, "text")


def _coded(array: pyarrow.DictionaryArray, path: Path, kind: str) -> dict[str, Any]:
    """R counts levels from one. A NUL ends every text in R, so it is shown as what cannot be shown."""
    import pyarrow.compute

    if isinstance(array, pyarrow.ChunkedArray):  # of no rows
        array = pyarrow.concat_arrays(array.unify_dictionaries().chunks or [pyarrow.array([], array.type)])
    codes = pyarrow.compute.add(array.indices.cast("int32"), 1)
    levels = ["" if v is None else str(v).replace("\0", "\N{REPLACEMENT CHARACTER}") for v in array.dictionary.to_pylist()]  # fmt: skip
    return {**_integers(codes, path, kind), "levels": levels}


def _integers(column: Any, path: Path, kind: str) -> dict[str, Any]:
    _write(path, column.fill_null(NO_INTEGER).to_numpy(), "<i4")
    return {"kind": kind}


def _doubles(column: Any, path: Path, kind: str, factor: float = 1.0) -> dict[str, Any]:
    import numpy

    values = numpy.array(column.fill_null(0.0).to_numpy(), dtype="<f8") * factor
    values.view("<u8")[numpy.asarray(column.is_null().to_numpy())] = NO_DOUBLE
    _write(path, values, "<f8")
    return {"kind": kind}


def _write(path: Path, values: numpy.ndarray[Any, Any], kind: str) -> None:
    path.write_bytes(values.astype(kind, copy=False).tobytes())


if __name__ == "__main__":
    main(sys.argv[1:])
