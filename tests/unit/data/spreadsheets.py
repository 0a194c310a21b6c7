"""Bytes of spreadsheets in formats for which there is no writer here: .ods, .xlsb and the old .xls, by their specifications."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

Row = Sequence[str | float | None]


def write_ods(path: Path, rows: Sequence[Row]) -> None:
    """OpenDocument: one XML document in a zip file."""
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{body}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", manifest)
        packed.writestr("content.xml", content)


def _ods_cell(value: str | float | None) -> str:
    match value:
        case None:
            return "<table:table-cell/>"
        case str():
            return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
        case _:
            return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'


def write_xlsb(path: Path, rows: Sequence[Row]) -> None:
    """Excel's binary workbook ([MS-XLSB]): records with varying lengths of their numbers, in a zip file."""
    workbook = b"".join(
        (
            _record(131),
            _record(143),
            _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Sheet1")),
            _record(144),
            _record(132),
        )
    )
    cells = b"".join(_xlsb_row(n, row) for n, row in enumerate(rows))
    dimension = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    sheet = _record(129) + _record(148, dimension) + _record(145) + cells + _record(146) + _record(130)
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("[Content_Types].xml", types)
        packed.writestr("_rels/.rels", _relation("officeDocument", "xl/workbook.bin"))
        packed.writestr("xl/workbook.bin", workbook)
        packed.writestr("xl/_rels/workbook.bin.rels", _relation("worksheet", "worksheets/sheet1.bin"))
        packed.writestr("xl/worksheets/sheet1.bin", sheet)


def _relation(kind: str, target: str) -> str:
    base = "http://schemas.openxmlformats.org"
    return (
        f'<?xml version="1.0"?><Relationships xmlns="{base}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{base}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


def _record(number: int, content: bytes = b"") -> bytes:
    kind = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    size, length = b"", len(content)
    while length >= 128:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return kind + size + bytes([length]) + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _xlsb_row(number: int, row: Row) -> bytes:
    cells = b"".join(_xlsb_cell(n, value) for n, value in enumerate(row))
    return _record(0, struct.pack("<IIHBHI", number, 0, 300, 0, 0, 0)) + cells


def _xlsb_cell(column: int, value: str | float | None) -> bytes:
    place = struct.pack("<II", column, 0)
    match value:
        case None:
            return _record(1, place)
        case str():
            return _record(6, place + _wide(value))
        case _:
            return _record(5, place + struct.pack("<d", value))


def write_xls(path: Path, rows: Sequence[Row]) -> None:
    """Excel 97 ([MS-XLS]): a stream of records, in the one-stream compound file of [MS-CFB]."""
    name = b"Sheet1"
    globals_length = (4 + 16) + (4 + 8 + len(name)) + 4
    globals_ = (
        _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0x0DBB, 1996, 0, 6))
        + _biff(0x85, struct.pack("<IBBBB", globals_length, 0, 0, len(name), 0) + name)
        + _biff(0x0A)
    )
    cells = b"".join(
        _xls_cell(r, c, v) for r, row in enumerate(rows) for c, v in enumerate(row) if v is not None
    )
    sheet = _biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x0DBB, 1996, 0, 6)) + cells + _biff(0x0A)
    path.write_bytes(_compound_file("Workbook", (globals_ + sheet).ljust(4096, b"\0")))


def write_locked(path: Path) -> None:
    """What Excel writes when a workbook has a password, in whichever format: one encrypted stream in a container."""
    path.write_bytes(_compound_file("EncryptedPackage", bytes(range(256)) * 32))


def _biff(number: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def _xls_cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 15)
    if isinstance(value, str):
        return _biff(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _biff(0x203, place + struct.pack("<d", value))


def _compound_file(name: str, stream: bytes) -> bytes:
    """Header, one sector of the allocation table, one of the directory, and the stream."""
    sectors = -(-len(stream) // 512)
    end, free, none = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
    header = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    chain = [0xFFFFFFFD, end, *range(3, sectors + 2), end]
    table = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    directory = _entry("Root Entry", 5, none, end, 0, 1) + _entry(name, 2, none, 2, len(stream), none)
    return header + table + directory.ljust(512, b"\0") + stream.ljust(sectors * 512, b"\0")


def _entry(name: str, kind: int, sibling: int, start: int, size: int, child: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    return (
        head + struct.pack("<III", sibling, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", start, size)
    )
