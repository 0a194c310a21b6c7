"""What somebody had typed when their form was refused: shown again on the page that says why, to be mended and sent."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from rpp_hub.web import BASE
from rpp_hub.web.labels import labels

# what a page chose, not a person typed: sent again as it was
_CHOSEN = frozenset(
    {
        "version",
        "round",
        "do",
        "read",
        "decision",
        "kind",
        "party",
        "role",
        "admit",
        "amend",
        "table",
        "field",
    }
)
_LONG = 80


@dataclass(frozen=True, slots=True)
class Kept:
    """One field of a refused form."""

    name: str
    words: str
    value: str
    shown: bool
    long: bool
    file: bool = False


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A refused form, and the page that it was on."""

    action: str
    back: str
    fields: tuple[Kept, ...]

    @property
    def has_files(self) -> bool:
        """Whether a file was chosen; a browser lets nobody choose one for it, so it is chosen again."""
        return any(field.file for field in self.fields)


def keep(request: Request, form: FormData) -> None:
    """Remember a form while its request is answered."""
    request.state.form = form.multi_items()


def kept_form(request: Request) -> KeptForm | None:
    """The form of this request, if it was one and came from a page of ours."""
    items = getattr(request.state, "form", None)
    if items is None:
        return None
    fields = tuple(_kept(name, value) for name, value in items if name != "csrf")
    return KeptForm(request.url.path, _own_page(request.headers.get("referer", "")), fields)


def _kept(name: str, value: object) -> Kept:
    words = labels().get(name) or name.replace("_", " ").replace(":", ": ").capitalize()
    if isinstance(value, UploadFile):
        return Kept(name, words, value.filename or "", shown=bool(value.filename), long=False, file=True)
    text = str(value)
    shown = name not in _CHOSEN and ":" not in name
    return Kept(name, words, text, shown, long="\n" in text or len(text) > _LONG)


def _own_page(referer: str) -> str:
    found = urlsplit(referer)
    path = found.path if found.path.startswith(f"{BASE}/") else f"{BASE}/"
    return f"{path}?{found.query}" if found.query else path
