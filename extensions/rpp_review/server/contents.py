"""Which files does the browser get? Notebooks and short texts of this workspace, and no file through a link.

The second layer: the relay outside this sandbox is the first. A kernel can plant links to this server's own files,
so nothing here follows one (`folder.py`).
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import nbformat
from jupyter_server.services.contents.checkpoints import Checkpoints
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError
from traitlets import Int, Unicode, default

from rpp_review.server.folder import Entry, Folder
from rpp_review.server.refused import Refused

Model = dict[str, Any]

TEXT_SUFFIXES = frozenset(
    ".cfg .csv .do .ini .json .log .md .py .r .rmd .rst .sas .sps .sql .tex .toml .tsv .txt .yaml .yml".split()
)


# What a person writes in the editor. Tables and other data come in by a request that the data manager has seen.
WRITTEN_SUFFIXES = frozenset(
    ".cfg .do .ini .md .py .r .rmd .rst .sas .sps .sql .tex .toml .txt .yaml .yml".split()
)


class NoCheckpoints(Checkpoints):
    """A checkpoint is a second copy of outputs in a hidden folder; JupyterLab is content with none."""

    def create_checkpoint(self, contents_mgr: ContentsManager, path: str) -> Model:
        return {"id": "none", "last_modified": datetime.now(UTC)}

    def restore_checkpoint(self, contents_mgr: ContentsManager, checkpoint_id: str, path: str) -> None:
        raise HTTPError(404, "No checkpoints are kept in this workspace.")

    def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        return

    def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        return

    def list_checkpoints(self, path: str) -> list[Model]:
        return []


class WorkspaceContents(ContentsManager):
    """Notebooks and short texts below one folder."""

    root_dir = Unicode(help="The folder of this workspace.").tag(config=True)
    notebook_limit = Int(20_000_000, help="The largest notebook that is opened or saved, in bytes.").tag(
        config=True
    )
    text_limit = Int(1_000_000, help="The largest text file that is opened or saved, in bytes.").tag(
        config=True
    )

    @default("root_dir")
    def _default_root_dir(self) -> str:
        return str(getattr(self.parent, "root_dir", ""))

    @default("checkpoints_class")
    def _default_checkpoints_class(self) -> type[Checkpoints]:
        return NoCheckpoints

    @default("files_handler_class")
    def _default_files_handler_class(self) -> None:
        return None

    _sent = True

    @property
    def _folder(self) -> Folder:
        return Folder(self.root_dir)

    def file_exists(self, path: str = "") -> bool:
        entry = self._entry_or_none(path)
        return entry is not None and not entry.is_folder

    def dir_exists(self, path: str = "") -> bool:
        entry = self._entry_or_none(path)
        return entry is not None and entry.is_folder

    def is_hidden(self, path: str) -> bool:
        return any(part.startswith(".") for part in path.strip("/").split("/"))

    def get_kernel_path(self, path: str, model: Model | None = None) -> str:
        parent = str(PurePosixPath(path.strip("/")).parent)
        return "" if parent == "." or not self.dir_exists(parent) else parent

    def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,  # noqa: A002 - Jupyter's own names
        format: str | None = None,  # noqa: A002
        require_hash: bool = False,
    ) -> Model:
        path = path.strip("/")
        with answered():
            entry = self._folder.look(path)
            if entry.is_folder:
                _check_type(type, ("directory",), path)
                model = self._folder_model(path, entry, content)
            elif type == "notebook" or (type is None and path.endswith(".ipynb")):
                model = self._file_model(path, entry, "notebook", content or require_hash)
                self._fill_notebook(model, content, require_hash)
            else:
                _check_type(type, ("file",), path)
                _check_format(format)
                model = self._file_model(path, entry, "file", content or require_hash)
                _fill_text(model, content, require_hash)
        self.emit(data={"action": "get", "path": path})
        return model

    def new(self, model: Model | None = None, path: str = "") -> Model:
        """An empty file or folder. With content it is an upload: Jupyter takes a file that is not there yet for new."""
        if model is not None and model.get("content") is not None:
            with answered():
                raise _upload(path)
        with self._by_the_server():
            made: Model = super().new(model, path)
        return made

    def copy(self, from_path: str, to_path: str | None = None) -> Model:
        with self._by_the_server():
            made: Model = super().copy(from_path, to_path)
        return made

    @contextmanager
    def _by_the_server(self) -> Iterator[None]:
        """What is saved now was not sent by a browser."""
        before, self._sent = self._sent, False
        try:
            yield
        finally:
            self._sent = before

    def save(self, model: Model, path: str = "") -> Model:
        path = path.strip("/")
        if self._sent:
            with answered():
                _check_written_here(model, path)
        self.run_pre_save_hooks(model=model, path=path)
        with answered():
            message = self._save(model, path)
        saved = self.get(path, content=False)
        if message:
            saved["message"] = message
        self.emit(data={"action": "save", "path": path})
        return saved

    def delete_file(self, path: str) -> None:
        with answered():
            self._folder.remove(path.strip("/"))

    def rename_file(self, old_path: str, new_path: str) -> None:
        with answered():
            self._folder.move(old_path.strip("/"), new_path.strip("/"))

    def _entry_or_none(self, path: str) -> Entry | None:
        try:
            return self._folder.look(path)
        except Refused:
            return None

    def _folder_model(self, path: str, entry: Entry, content: bool) -> Model:
        model = _model(path, entry, "directory")
        if content:
            listed = [inner for inner in self._folder.listing(path) if self.should_list(inner.name)]
            model |= {
                "format": "json",
                "content": [
                    _model(f"{path}/{inner.name}".strip("/"), inner, _kind(inner)) for inner in listed
                ],
            }
        return model

    def _file_model(self, path: str, entry: Entry, kind: str, read: bool) -> Model:
        """With the file's bytes under `content`, for `_fill_…` to turn into what was asked for."""
        if not read:
            return _model(path, entry, kind)
        content, entry = self._folder.read(path, self._limit(kind, path))
        return _model(path, entry, kind) | {"content": content}

    def _fill_notebook(self, model: Model, content: bool, require_hash: bool) -> None:
        raw = model["content"]
        if require_hash:
            model |= _hash(raw)
        if not content:
            model["content"] = None
            return
        invalid: dict[str, Any] = {}
        try:
            notebook = nbformat.reads(raw.decode("utf-8"), as_version=4, capture_validation_error=invalid)
        except Exception:  # nbformat raises whatever a broken document leads it to
            raise Refused(
                400,
                "notebook",
                f"{model['path']!r} is not a notebook that can be read. Open a copy, or look at it with Python.",
            ) from None
        self.mark_trusted_cells(notebook, model["path"])
        model |= {"content": notebook, "format": "json"}
        self.validate_notebook_model(model, invalid)

    def _save(self, model: Model, path: str) -> str | None:
        kind = model.get("type")
        if kind == "directory":
            if not self.dir_exists(path):
                self._folder.make_folder(path)
            return None
        if model.get("content") is None:
            raise Refused(400, "empty", f"Nothing was sent to be saved as {path!r}.")
        if kind == "notebook":
            return self._save_notebook(model, path)
        self._write(path, "file", _text_bytes(model, path))
        return None

    def _save_notebook(self, model: Model, path: str) -> str | None:
        invalid: dict[str, Any] = {}
        notebook = nbformat.from_dict(model["content"])
        self.check_and_sign(notebook, path)
        text = nbformat.writes(notebook, version=nbformat.NO_CONVERT, capture_validation_error=invalid)
        self._write(path, "notebook", (text + "\n").encode("utf-8"))
        checked: Model = self.validate_notebook_model(dict(model), invalid)
        return checked.get("message")

    def _write(self, path: str, kind: str, content: bytes) -> None:
        limit = self._limit(kind, path)
        if len(content) > limit:
            raise Refused(
                413,
                "too-large",
                f"{path!r} would have {len(content) / 1e6:.1f} MB; {limit / 1e6:.1f} MB is the most. "
                "Clear outputs that are not needed, then save again.",
            )
        self._folder.write(path, content)

    def _limit(self, kind: str, path: str) -> int:
        suffix = PurePosixPath(path).suffix.lower()
        if suffix == ".ipynb":
            return int(self.notebook_limit)
        if kind == "notebook" or suffix not in TEXT_SUFFIXES:
            raise Refused(
                403,
                "kind",
                f"{PurePosixPath(path).name!r} is not opened here: only notebooks and short texts are. Read it in a notebook.",
            )
        return int(self.text_limit)


@contextmanager
def answered() -> Iterator[None]:
    """A refusal as JupyterLab shows it: status and sentence."""
    try:
        yield
    except Refused as refused:
        # `reason` is the sentence that JupyterLab's dialog shows, and goes into a header line.
        sentence = refused.message.encode("ascii", "replace").decode().replace("%", "%%")
        raise HTTPError(refused.status, sentence, reason=sentence.replace("%%", "%")) from None


def _model(path: str, entry: Entry, kind: str) -> Model:
    return {
        "name": entry.name,
        "path": path,
        "type": kind,
        "created": datetime.fromtimestamp(entry.changed, UTC),
        "last_modified": datetime.fromtimestamp(entry.modified, UTC),
        "content": None,
        "format": None,
        "mimetype": None,
        "size": None if entry.is_folder else entry.size,
        "writable": True,
        "hash": None,
        "hash_algorithm": None,
    }


def _kind(entry: Entry) -> str:
    if entry.is_folder:
        return "directory"
    return "notebook" if entry.name.endswith(".ipynb") else "file"


def _fill_text(model: Model, content: bool, require_hash: bool) -> None:
    raw = model["content"]
    if require_hash:
        model |= _hash(raw)
    model["content"] = None
    if content:
        mimetype = mimetypes.guess_type(model["path"])[0] or "text/plain"
        model |= {"content": _decoded(raw, model["path"]), "format": "text", "mimetype": mimetype}


def _decoded(raw: bytes, path: str) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Refused(400, "bad format", f"{path!r} is not a text in UTF-8. Read it in a notebook.")
    return text


def _text_bytes(model: Model, path: str) -> bytes:
    """What the editor saves."""
    content = model["content"]
    if not isinstance(content, str):
        raise Refused(400, "format", f"What was sent as {path!r} is not text.")
    return _checked_utf8(content, path)


def _checked_utf8(content: str, path: str) -> bytes:
    try:
        return content.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(400, "format", f"{path!r} holds characters that cannot be saved as UTF-8.") from None


def _check_written_here(model: Model, path: str) -> None:
    """What JupyterLab saves of an open document, as opposed to what it uploads."""
    kind, suffix = model.get("type"), PurePosixPath(path).suffix.lower()
    if kind == "directory":
        return
    if kind not in ("file", "notebook") or "chunk" in model or model.get("format") == "base64":
        raise _upload(path)
    if kind == "file" and suffix not in WRITTEN_SUFFIXES:
        raise _upload(path)


def _upload(path: str) -> Refused:
    return Refused(
        403,
        "upload",
        f"{PurePosixPath(path).name!r} was not taken: files are not uploaded into a workspace. Offer it on the project's page in "
        "the portal; when the data manager has let it in, it appears in the folder 'ingress'.",
    )


def _hash(raw: bytes) -> Model:
    return {"hash": hashlib.sha256(raw).hexdigest(), "hash_algorithm": "sha256"}


def _check_type(asked: str | None, possible: tuple[str, ...], path: str) -> None:
    if asked not in (None, *possible):
        raise Refused(400, "bad type", f"{path!r} is not a {asked}.")


def _check_format(asked: str | None) -> None:
    if asked == "base64":
        raise Refused(403, "download", "Files are not downloaded from a workspace: ask for a release.")
