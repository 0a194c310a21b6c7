"""How do row groups that were encoded apart, each as a Parquet file of its own, become one file?

A Parquet writer encodes on one core. So each core writes whole row groups; here their bytes are put one after another and
their footers into one, in which every offset is moved by as much as the bytes were. Nothing is encoded twice.

ref: parquet.thrift of apache/parquet-format for the numbers of fields; Thrift's compact protocol for how they are written.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

_MAGIC = b"PAR1"
# kinds of values in the compact protocol
_TRUE, _FALSE, _BYTE, _SHORT, _INT, _LONG, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = (*range(1, 11), 12)
_NUMBERS = (_SHORT, _INT, _LONG)
# FileMetaData
_ROWS, _GROUPS = 3, 4
# RowGroup
_COLUMNS, _GROUP_AT, _ORDINAL = 1, 5, 7
# ColumnChunk: where its metadata, its indexes of offsets and of columns are; the metadata themselves
_CHUNK_AT, _CHUNK_METADATA = (2, 4, 6), 3
# ColumnMetaData: where its pages, index pages, dictionary and bloom filter are
_PAGES_AT = (9, 10, 11, 14)


@dataclass(slots=True)
class Struct:
    """A structure: by the number of each field its kind and value. Lists hold the kind of their items and the items."""

    fields: dict[int, tuple[int, Any]] = field(default_factory=dict)

    def number(self, name: int) -> int:
        """A field that is a number."""
        return int(self.fields[name][1])

    def structs(self, name: int) -> list[Struct]:
        """A field that is a list of structures."""
        items: list[Struct] = self.fields[name][1][1]
        return items

    def set(self, name: int, value: int) -> None:
        """Another number in the place of the one that is there."""
        self.fields[name] = (self.fields[name][0], value)

    def move(self, names: Iterable[int], by: int) -> None:
        """Move offsets into the file; those that are not there, or 0 for nowhere, stay."""
        for name in names:
            if name in self.fields and self.number(name):
                self.set(name, self.number(name) + by)


def write_row_groups(files: Iterable[bytes | memoryview], target: Path) -> int:
    """Write one Parquet file of the row groups of `files`, which have the same columns; how many rows it has."""
    footer: Struct | None = None
    with target.open("wb") as out:
        out.write(_MAGIC)
        for file in files:
            view = memoryview(file)
            more, end = _footer(view)
            _move(more, out.tell() - len(_MAGIC), len(footer.structs(_GROUPS)) if footer else 0)
            out.write(view[len(_MAGIC) : end])
            footer = _together(footer, more) if footer else more
        if footer is None:
            raise ValueError("there is no row group to write")
        _finish(out, encode(footer))
    return footer.number(_ROWS)


def _footer(file: memoryview) -> tuple[Struct, int]:
    """A file's footer and where it begins."""
    if bytes(file[:4]) != _MAGIC or bytes(file[-4:]) != _MAGIC:
        raise ValueError("this is no Parquet file")
    end = len(file) - 8 - int.from_bytes(file[-8:-4], "little")
    return decode(bytes(file[end:-8])), end


def _move(footer: Struct, by: int, before: int) -> None:
    for number, group in enumerate(footer.structs(_GROUPS), start=before):
        group.move([_GROUP_AT], by)
        if _ORDINAL in group.fields:
            group.set(_ORDINAL, number)
        for chunk in group.structs(_COLUMNS):
            chunk.move(_CHUNK_AT, by)
            chunk.fields[_CHUNK_METADATA][1].move(_PAGES_AT, by)


def _together(footer: Struct, more: Struct) -> Struct:
    footer.set(_ROWS, footer.number(_ROWS) + more.number(_ROWS))
    footer.structs(_GROUPS).extend(more.structs(_GROUPS))
    return footer


def _finish(out: BinaryIO, footer: bytes) -> None:
    out.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)


def decode(written: bytes) -> Struct:
    """A structure as the compact protocol writes it."""
    return _Reader(written).struct()


def encode(value: Struct) -> bytes:
    """The same, written."""
    out = bytearray()
    _write_struct(out, value)
    return bytes(out)


@dataclass(slots=True)
class _Reader:
    written: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        found = self.written[self.at : self.at + size]
        if len(found) != size:
            raise ValueError("the footer ends too early")
        self.at += size
        return found

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def signed(self) -> int:
        value = self.unsigned()
        return value >> 1 ^ -(value & 1)

    def struct(self) -> Struct:
        found, name = Struct(), 0
        while True:
            (head,) = self.take(1)
            if not head:
                return found
            name = name + (head >> 4) if head >> 4 else self.signed()
            kind = head & 0x0F
            found.fields[name] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else self.value(kind))

    def value(self, kind: int) -> Any:
        match kind:
            case _ if kind in _NUMBERS:
                return self.signed()
            case _ if kind in (_TRUE, _FALSE, _BYTE):  # as items of a list
                return self.take(1)[0]
            case _ if kind == _DOUBLE:
                return struct.unpack("<d", self.take(8))[0]
            case _ if kind == _BINARY:
                return self.take(self.unsigned())
            case _ if kind in (_LIST, _SET):
                return self.items()
            case _ if kind == _STRUCT:
                return self.struct()
        raise ValueError(f"the footer holds a value of a kind ({kind}) that Parquet does not use")

    def items(self) -> tuple[int, list[Any]]:
        (head,) = self.take(1)
        kind, size = head & 0x0F, head >> 4
        return kind, [self.value(kind) for _ in range(self.unsigned() if size == 0x0F else size)]


def _write_struct(out: bytearray, value: Struct) -> None:
    before = 0
    for name, (kind, item) in value.fields.items():
        if 0 < name - before < 16:
            out.append((name - before) << 4 | kind)
        else:
            out.append(kind)
            _write_signed(out, name)
        before = name
        if kind not in (_TRUE, _FALSE):
            _write_value(out, kind, item)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _NUMBERS:
        _write_signed(out, value)
    elif kind in (_TRUE, _FALSE, _BYTE):
        out.append(value)
    elif kind == _DOUBLE:
        out += struct.pack("<d", value)
    elif kind == _BINARY:
        _write_unsigned(out, len(value))
        out += value
    elif kind in (_LIST, _SET):
        _write_items(out, *value)
    else:
        _write_struct(out, value)


def _write_items(out: bytearray, kind: int, items: list[Any]) -> None:
    if len(items) < 0x0F:
        out.append(len(items) << 4 | kind)
    else:
        out.append(0xF0 | kind)
        _write_unsigned(out, len(items))
    for item in items:
        _write_value(out, kind, item)


def _write_signed(out: bytearray, value: int) -> None:
    _write_unsigned(out, value << 1 ^ value >> 63)


def _write_unsigned(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
