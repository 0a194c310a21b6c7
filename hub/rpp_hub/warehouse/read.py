"""What is in a file that a district sent? Everything is read as text first; nothing is guessed away.

DuckDB's own messages quote the offending line, which may hold a student's record: they are never passed on, only the
line's number.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pv

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.encoding import UTF8, WINDOWS, find_encoding
from rpp_hub.warehouse.engine import first, text_literal
from rpp_hub.warehouse.formats import FORMATS, read_binary

TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".psv"})
BINARY_SUFFIXES = frozenset(FORMATS)
DATA_SUFFIXES = TEXT_SUFFIXES | BINARY_SUFFIXES
DELIMITERS = (",", "\t", ";", "|")
# What a person may say a file is written in when what was found is not it.
ENCODINGS = (UTF8, WINDOWS, "utf-16", "iso8859_15", "mac_roman", "cp437", "cp850")
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_HEADER_LIMIT = 1 << 20
_MAX_COLUMNS = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """How a file is written: found, not assumed."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]


def table_name(path: Path) -> str:
    """`Student_Demographics_Raw.csv` and `student_demographics_2019.csv` are both `student_demographics`."""
    words = [w for w in re.split(r"[^a-z0-9]+", _plain(path.stem).lower()) if w]
    while len(words) > 1 and (
        words[-1] in ("raw", "clean", "final") or re.fullmatch(r"(19|20)\d\d(\d\d)?", words[-1])
    ):
        words.pop()
    name = "_".join(words)[:63]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Invalid(
            f"{printable(path.name)}: no table can be named after this file. Rename it, such as Student_Demographics.csv.",
            code="bad-file-name",
        )
    return name


def look_into(path: Path, encoding: str = "", delimiter: str = "") -> Found:
    """How the file is written and what its columns are; what is given is believed, the rest found.

    Raises Invalid with file, line and what to do.
    """
    if path.suffix.lower() in BINARY_SUFFIXES:
        return Found("binary", "", _checked_columns(path, read_binary(path).column_names))
    encoding = encoding or find_encoding(path)
    header = _first_record(path, encoding)
    delimiter = delimiter or max(DELIMITERS, key=lambda d: _outside_quotes(header).count(d))
    columns = next(csv.reader(io.StringIO(header), delimiter=delimiter), [])
    return Found(encoding, delimiter, _checked_columns(path, columns))


def load(con: duckdb.DuckDBPyConnection, path: Path, found: Found, table: str) -> int:
    """Read the whole file as text into a new table, with `_row`, the record's number. Answers how many rows."""
    if found.encoding == "binary":
        _load_arrow(con, read_binary(path), found, table)
    elif found.encoding == UTF8:
        _load_utf8(con, path, found, table)
    else:
        _load_arrow(con, _transcoded(path, found), found, table)
    row = first(con, f'SELECT count(*) FROM "{table}"')
    return int(row[0]) if row else 0


def _load_utf8(con: duckdb.DuckDBPyConnection, path: Path, found: Found, table: str) -> None:
    with told_plainly(path):
        con.execute(
            f'CREATE TABLE "{table}" AS SELECT *, row_number() OVER () AS _row FROM {csv_sql(path, found)}'
        )


def csv_sql(path: Path, found: Found, types: Mapping[str, str] | None = None) -> str:
    """A CSV file in UTF-8 as SQL reads it, in its own order. `types`: columns that are known to be more than text."""
    columns = ", ".join(f"'{c}': '{(types or {}).get(c, 'VARCHAR')}'" for c in found.columns)
    return f"""read_csv({text_literal(_not_a_pattern(path))}, auto_detect = false, header = true, columns = {{{columns}}},
        delim = {text_literal(found.delimiter)}, quote = '"', escape = '"', strict_mode = true, null_padding = false,
        max_line_size = 16777216)"""


def relation(con: duckdb.DuckDBPyConnection, path: Path, found: Found, name: str) -> str:
    """A whole file as texts, as SQL reads it: in place where it can be, else from memory under `name`."""
    if found.encoding == UTF8:
        return csv_sql(path, found)
    content = read_binary(path) if found.encoding == "binary" else _transcoded(path, found)
    con.register(name, content.rename_columns(list(found.columns)))
    return f'"{name}"'


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn what DuckDB says of a file, which may quote a record, into a sentence with the line's number."""
    try:
        yield
    except duckdb.Error as error:
        if "no space left" in str(error).lower():
            raise
        raise _unreadable(path, str(error)) from None


def _other_encoding(path: Path, encoding: str) -> Invalid:
    return Invalid(
        f"{printable(path.name)} is not written in {encoding}. Choose another encoding.",
        code="wrong-encoding",
    )


def _unreadable(path: Path, message: str) -> Invalid:
    where = _LINE.search(message)
    place = f"{printable(path.name)}, line {where[1]}" if where else printable(path.name)
    expected = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if expected:
        return Invalid(
            f"{place}: the row has {expected[2]} values but the header has {expected[1]} columns. "
            "Mend the row or export the file again; a value with a delimiter in it must stand in quotes.",
            code="ragged-row",
        )
    if "quote" in message and where:
        return Invalid(
            f"{place}: a quote is opened and not closed properly. Mend the row or export the file again.",
            code="bad-quotes",
        )
    return Invalid(
        f"{place}: it cannot be read as a table; line ends of two kinds or stray quotes are the usual cause. "
        "Open it in the program it came from and save it again as CSV UTF-8.",
        code="unreadable-table",
    )


def _checked_columns(path: Path, raw: list[str]) -> tuple[str, ...]:
    if len(raw) > _MAX_COLUMNS:
        raise Invalid(
            f"{printable(path.name)} has more than the {_MAX_COLUMNS:,} columns that are allowed. Send it as a table: a row a line.",
            code="too-many-columns",
        )
    columns = [column_name(c) for c in raw]
    blank = [i for i, c in enumerate(columns, start=1) if not c]
    if blank or not columns:
        raise Invalid(
            f"{printable(path.name)}, line 1: column {', '.join(map(str, blank)) or 1} has no name. Give every column one.",
            code="blank-header",
        )
    twice = sorted({c for c in columns if columns.count(c) > 1})
    if twice:
        raise Invalid(
            f"{printable(path.name)}, line 1: more than one column is called {', '.join(twice)}. Rename all but one.",
            code="duplicate-header",
        )
    return tuple(columns)


def column_name(raw: str) -> str:
    """A header as a field name: plain letters, small, underscores; empty if nothing is left."""
    name = re.sub(r"[^a-z0-9]+", "_", _plain(raw).strip().lower()).strip("_")[:63]
    return f"c_{name}"[:63] if name[:1].isdigit() else name


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _first_record(path: Path, encoding: str) -> str:
    try:
        with path.open("r", encoding="utf-8-sig" if encoding == UTF8 else encoding, newline="") as file:
            text = file.read(_HEADER_LIMIT)
    except UnicodeError:
        raise _other_encoding(path, encoding) from None
    record = ""
    for line in text.splitlines(keepends=True):
        record += line
        if record.count('"') % 2 == 0:
            return record
    if len(text) == _HEADER_LIMIT:
        raise Invalid(
            f"{printable(path.name)}, line 1: the header does not end. Is it a table?",
            code="unreadable-table",
        )
    return record


def _outside_quotes(header: str) -> str:
    return re.sub(r'"[^"]*"', "", header)


def _load_arrow(con: duckdb.DuckDBPyConnection, content: pa.Table, found: Found, table: str) -> None:
    con.register("incoming", content.rename_columns(list(found.columns)))
    con.execute(f'CREATE TABLE "{table}" AS SELECT *, row_number() OVER () AS _row FROM incoming')
    con.unregister("incoming")


def _transcoded(path: Path, found: Found) -> pa.Table:
    """A text file in another encoding, read in memory: a copy of it in UTF-8 must not come to lie in some folder."""
    try:
        text = path.read_bytes().decode(found.encoding)
    except UnicodeError:
        raise _other_encoding(path, found.encoding) from None
    content = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").encode(UTF8)
    names = list(found.columns)
    try:
        return pv.read_csv(
            pa.BufferReader(content),
            pv.ReadOptions(use_threads=False, skip_rows=1, column_names=names),
            pv.ParseOptions(delimiter=found.delimiter, newlines_in_values=True),
            pv.ConvertOptions(
                column_types={c: pa.string() for c in names},
                null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as error:
        raise _unreadable(path, _as_duckdb_says(str(error))) from None


def _as_duckdb_says(message: str) -> str:
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message)
    return (
        f"CSV Error on Line: {found[1]} Expected Number of Columns: {found[2]} Found: {found[3]}"
        if found
        else ""
    )


def _not_a_pattern(path: Path) -> str:
    """DuckDB reads * ? [ in a path as a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))
