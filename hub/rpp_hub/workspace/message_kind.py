"""What kind of message of a kernel passes? Read from its header alone, cheaply: it decides a column of a table, nothing else."""

from __future__ import annotations

import re
import struct

from rpp_hub.workspace.meter import Kind

_WORD = struct.Struct("<Q")
_TYPE = re.compile(rb'"msg_type"\s*:\s*"([a-z_]{1,40})"')
_HEADER = 4096  # a header is some 200 bytes
_MOST_PARTS = 1000
_IMAGE = b'"image/'
_KINDS = {
    b"stream": Kind.STREAM,
    b"error": Kind.ERROR,
    b"display_data": Kind.DISPLAY,
    b"update_display_data": Kind.DISPLAY,
    b"execute_result": Kind.DISPLAY,
}


def kind_of_message(message: bytes) -> Kind:
    """`message` is a websocket's: JSON text, or the binary form of `v1.kernel.websocket.jupyter.org`."""
    found = _TYPE.search(message, _header(message), _header(message) + _HEADER)
    kind = _KINDS.get(found[1], Kind.KERNEL) if found else Kind.KERNEL
    return Kind.IMAGE if kind is Kind.DISPLAY and _IMAGE in message else kind


def _header(message: bytes) -> int:
    """Where to look: in the binary form, behind the table of offsets and the channel's name."""
    if message[:1] == b"{" or len(message) < 2 * _WORD.size:
        return 0
    parts = _WORD.unpack_from(message)[0]
    return (parts + 1) * _WORD.size if parts <= _MOST_PARTS else 0
