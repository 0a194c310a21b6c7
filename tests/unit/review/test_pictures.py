"""What a picture is reduced to: its pixels, and no bit more."""

from __future__ import annotations

import random

import pytest
from PIL import Image
from rpp_review.items import Kind
from rpp_review.limits import Limits
from rpp_review.normal_form import normal_form

from tests.effort import memory_for
from tests.unit.review.notebooks import code_cell, display, dropped, notebook, one_item, opened, png


def test_the_lowest_bits_do_not_survive() -> None:
    drawn = random.Random(7)
    hidden = [drawn.getrandbits(1) for _ in range(64 * 64)]
    picture = Image.new("L", (64, 64))
    picture.putdata([0x80 | bit for bit in hidden])
    read = [pixel & 1 for pixel in opened(one_item(display({"image/png": png(picture)}))).tobytes()]
    assert len(set(read)) == 1
    assert [pixel & 1 for pixel in picture.tobytes()] == hidden  # the control: a lossless copy keeps them


def test_text_chunks_exif_and_trailing_bytes_do_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010E] = "STU-0013"
    item = one_item(
        display({"image/png": png(Image.new("RGB", (9, 9), "red"), "STU-0013", b"PK STU-0013", exif=exif)})
    )
    assert b"STU-0013" not in item.content
    assert opened(item).getpixel((0, 0)) == (255, 0, 0)


def test_colours_under_transparency_do_not_survive() -> None:
    picture = Image.new("RGBA", (9, 9), (200, 10, 10, 0))
    assert opened(one_item(display({"image/png": png(picture)}))).getcolors() == [(81, (255, 255, 255))]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_read_and_a_second_pass_changes_nothing(mode: str) -> None:
    once = one_item(display({"image/png": png(Image.new(mode, (9, 9)))}))
    again = one_item(display({"image/png": png(opened(once))}))
    assert once.content == again.content


def test_frames_after_the_first_do_not_survive() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    animated = png(frames[0], save_all=True, append_images=frames[1:])
    assert b"fdAT" not in one_item(display({"image/png": animated})).content


def test_a_decompression_bomb_is_not_opened() -> None:
    bomb = png(Image.new("1", (20_000, 20_000)))
    assert dropped(display({"image/png": bomb})) == {"a picture that cannot be read"}
    whole = notebook(code_cell(display({"image/png": bomb})))
    assert memory_for("normal_form(content)", whole, "from rpp_review.normal_form import normal_form") < 100
    control = "Image.open(io.BytesIO(base64.b64decode(content))).load()"
    imports = "import base64, io\nfrom PIL import Image\nImage.MAX_IMAGE_PIXELS = None"
    assert memory_for(control, bomb.encode(), imports) > 300


def test_many_pictures_share_one_budget() -> None:
    picture = png(Image.new("1", (1000, 1000)))
    cells = notebook(
        *(code_cell(display({"image/png": picture}), identity=f"c{number}") for number in range(3))
    )
    form = normal_form(cells, Limits(pixels=2_000_000))
    assert [item.kind for item in form.items].count(Kind.FIGURE) == 2
    assert [one.identity for one in form.dropped] == ["c2:0"]


@pytest.mark.parametrize("text", ["", "not base64!", "aGVsbG8=", "<svg>", png(Image.new("L", (50, 50)))[:80]])
def test_what_is_no_picture_is_dropped_and_the_text_stands_for_it(text: str) -> None:
    form = normal_form(notebook(code_cell(display({"image/png": text, "text/plain": "Figure"}))))
    assert (form.items[1].kind, form.dropped[0].what) == (Kind.TEXT, "a picture that cannot be read")
