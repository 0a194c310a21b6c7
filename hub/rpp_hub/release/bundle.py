"""What is in a release? One signed zip of what every reviewer approved, in the form in which they saw it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rpp_review.items import SOURCE_IDENTITY, Item, Kind
from rpp_review.languages import Kernel, kernel_of
from rpp_review.normal_form import normal_form
from rpp_review.rendering import table_csv

from rpp_hub.domain.errors import Invalid
from rpp_hub.release.archive import pack
from rpp_hub.release.notebook import notebook_file, notebook_page, released_notebook
from rpp_hub.release.signing import Sign, canonical_pem, sign_payload
from rpp_hub.whole import write_whole

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public-key.pem"
VERSION = 1

_FOLDERS = {
    Kind.TABLE: ("tables", "table.csv"),
    Kind.FIGURE: ("figures", "figure.png"),
    Kind.TEXT: ("texts", "text.txt"),
    Kind.ERROR: ("texts", "error.txt"),
}


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the manifest says beside the files: who, when, on what data, by which rules."""

    project: str
    request: str
    round: int
    author: str
    reviewers: Sequence[str]
    verdicts: Mapping[str, Mapping[str, str]]  # reviewer -> item's identity -> verdict
    thresholds: Mapping[str, object]
    cut: str
    cut_sha256: str
    environment: str  # of the re-run, whose evidence counts
    worked_in: str  # of the workspace; empty where nobody saw it
    software: str
    audit_seq: int
    audit_hash: str
    released_at: datetime


def build_bundle(
    target: Path,
    notebook: bytes,
    approved: Mapping[str, bytes],
    facts: ReleaseFacts,
    sign: Sign,
    public_key_pem: bytes,
) -> None:
    """Write the bundle of the approved items (identity -> the bytes that were reviewed); whole, or not at all.

    `notebook` is the submitted file; only the kind and place of each item is taken from it.
    """
    key = canonical_pem(public_key_pem)
    if key is None:
        raise Invalid("The public key is not an Ed25519 key in PEM form.", code="bad-public-key")
    items = _approved_items(notebook, approved)
    named = _named(items)
    files = {name: _file(item) for name, item in named if name}
    files |= _notebook_files(items, kernel_of(json.loads(notebook)), facts)
    manifest = _manifest(hashlib.sha256(notebook).hexdigest(), named, files, facts)
    files |= {MANIFEST: manifest, SIGNATURE: sign_payload(manifest, sign, key), PUBLIC_KEY: key}
    write_whole(target, pack(files))


def _approved_items(notebook: bytes, approved: Mapping[str, bytes]) -> tuple[Item, ...]:
    """The items with the bytes that were reviewed, whatever today's libraries would make of the notebook."""
    items = tuple(
        replace(item, content=approved[item.identity])
        for item in normal_form(notebook).items
        if item.identity in approved
    )
    if len(items) != len(approved):
        raise Invalid("Something was approved that is not in the submitted notebook.", code="not-in-notebook")
    return items


def _named(items: Sequence[Item]) -> tuple[tuple[str, Item], ...]:
    """A file name of ours for each item, numbered through; the source has its file in the notebook."""
    outputs = [item for item in items if item.kind is not Kind.SOURCE]
    digits = max(2, len(str(len(outputs))))
    names = (_name(item, f"{number:0{digits}}") for number, item in enumerate(outputs, start=1))
    sources = [("", item) for item in items if item.kind is Kind.SOURCE]
    return (*sources, *zip(names, outputs, strict=True))


def _name(item: Item, number: str) -> str:
    folder, name = _FOLDERS[item.kind]
    return f"{folder}/{number}-{name}"


def _file(item: Item) -> bytes:
    return table_csv(item).encode() if item.kind is Kind.TABLE else item.content


def _notebook_files(items: Sequence[Item], kernel: Kernel, facts: ReleaseFacts) -> dict[str, bytes]:
    """Notebook and page, if the source was approved: without it there is nothing to attach outputs to."""
    source = next((item for item in items if item.identity == SOURCE_IDENTITY), None)
    if source is None:
        return {}
    notebook = released_notebook(source, [item for item in items if item is not source], kernel)
    page = notebook_page(notebook, f"{facts.project}: {facts.request}")
    return {"notebook.html": page, "notebook.ipynb": notebook_file(notebook)}


def _manifest(
    submitted: str, named: Sequence[tuple[str, Item]], files: Mapping[str, bytes], facts: ReleaseFacts
) -> bytes:
    if facts.released_at.tzinfo is None:
        raise ValueError("A release's time needs a zone.")
    value = {
        "version": VERSION,
        "project": facts.project,
        "request": {
            "id": facts.request,
            "round": facts.round,
            "author": facts.author,
            "submitted_sha256": submitted,
        },
        "reviewers": list(facts.reviewers),
        "thresholds": dict(facts.thresholds),
        "cut": {"id": facts.cut, "sha256": facts.cut_sha256},
        "environment": facts.environment,
        "worked_in": facts.worked_in,
        "software": facts.software,
        "audit": {"seq": facts.audit_seq, "hash": facts.audit_hash},
        "released_at": facts.released_at.isoformat(),
        "items": [_item_entry(name, item, facts) for name, item in named],
        "files": {name: _file_entry(content) for name, content in files.items()},
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True).encode() + b"\n"


def _item_entry(name: str, item: Item, facts: ReleaseFacts) -> dict[str, object]:
    verdicts = {
        person: given[item.identity] for person, given in facts.verdicts.items() if item.identity in given
    }
    return {
        "identity": item.identity,
        "kind": str(item.kind),
        "title": item.title,
        "reviewed_sha256": item.sha256,
        "file": name or None,
        "verdicts": verdicts,
    }


def _file_entry(content: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
