"""How much is too much, and what is said of a notebook that cannot be read?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings for one notebook. They bound the work of the reader, and what a reviewer can be asked to look at."""

    bytes: int = 20_000_000
    depth: int = 64
    digits: int = 400
    cells: int = 2_000
    outputs: int = 2_000
    table_cells: int = 1_000_000
    image_pixels: int = 25_000_000
    pixels: int = 150_000_000


class InvalidNotebook(ValueError):
    """A notebook that cannot be reviewed: a stable code, and a sentence with the next step."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
