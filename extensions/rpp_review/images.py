"""Which picture is this, and nothing but the picture?

A PNG is decoded and encoded anew: text chunks, EXIF, trailing bytes, further frames and hidden colours under
transparency go. Each channel is cut to 5 bits, since what is written into the lowest bits survives any lossless copy.
"""

import base64
import binascii
import io
import struct

from PIL import Image, UnidentifiedImageError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# v>>3<<3 | v>>5: the upper three bits fill the lower ones, so black stays 0, white 255, and a second pass changes nothing.
_QUANTISED = [(value & 0xF8) | (value >> 5) for value in range(256)]


class UnreadableImage(ValueError):
    """A picture that cannot be shown; the message is the reason, as part of a sentence."""


def decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableImage("it is not base64") from None


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header alone, before anything is decoded."""
    if not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 33:
        raise UnreadableImage("it is not a PNG")
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def canonical_png(data: bytes) -> bytes:
    """The picture as it looks on white paper, 5 bits a channel. The caller has checked its size."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as opened:
            picture = _on_white(opened)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, UnidentifiedImageError, MemoryError):
        raise UnreadableImage("it is damaged") from None
    written = io.BytesIO()
    picture.point(_QUANTISED * len(picture.getbands())).save(written, format="PNG", compress_level=6)
    return written.getvalue()


def _on_white(opened: Image.Image) -> Image.Image:
    opened.load()
    if opened.mode in {"1", "L"} and "transparency" not in opened.info:
        return _bare(opened.convert("L"))
    if opened.mode.startswith("I"):
        return _bare(opened.point(lambda value: value / 256).convert("L"))
    coloured = opened.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    return _bare(Image.alpha_composite(paper, coloured).convert("RGB"))


def _bare(picture: Image.Image) -> Image.Image:
    picture.info = {}
    return picture
