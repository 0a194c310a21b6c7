"""A release: only what was approved, as it was reviewed, and any changed byte is found."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import signal
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rpp_hub.domain.errors import Invalid
from rpp_hub.release import archive
from rpp_hub.release.bundle import ReleaseFacts, build_bundle
from rpp_hub.release.signing import is_signed, sign_payload
from rpp_hub.release.verify import verify_bundle
from rpp_review.items import Kind
from rpp_review.normal_form import normal_form
from rpp_review.rendering import table_csv

from tests.unit.release.keys import generate_key, public_pem, signer
from tests.unit.review.notebooks import code_cell, display, error, notebook, png, stream

PRIVATE = generate_key()
PUBLIC = public_pem(PRIVATE)
WHEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FACTS = ReleaseFacts(
    project="attendance-gaps",
    request="r0001",
    round=2,
    author="ana",
    reviewers=("bo", "cy"),
    verdicts={"bo": {"a:0": "approve", "a:1": "reject"}, "cy": {"a:0": "approve"}},
    thresholds={"threshold": 10},
    cut="c0001",
    cut_sha256="ab" * 32,
    environment="lock:cd",
    worked_in="lock:cc",
    software="rpp 0.1.0",
    audit_seq=41,
    audit_hash="ef" * 32,
    released_at=WHEN,
)
HOSTILE = "<script src=//e.org/x.js></script><img src=//e.org/p.png onerror=alert(1)>"
NOTEBOOK = notebook(
    {
        "cell_type": "markdown",
        "id": "m",
        "metadata": {"tags": ["STU-0013"]},
        "source": f"# Title {HOSTILE} ![p](http://e.org/p.png)",
    },
    code_cell(
        display(
            {"text/html": f"<table><tr><th>g<th>n<tr><th>F<td>=1+1</table>{HOSTILE}", "text/plain": "g n"}
        ),
        display({"image/png": png(Image.new("RGB", (20, 10), "red"), "STU-0013")}),
        stream(f"mean 3.5 {HOSTILE}"),
        error("\x1b[31mKeyError"),
        display({"image/svg+xml": "<svg>STU-0013</svg>", "text/plain": "chart"}),
        source="print(1 < 2)  # STU-code",
        metadata={"canary": "STU-0013"},
    ),
    metadata={"title": "STU-0013", "papermill": {"input_path": "/home/ana/STU-0013.ipynb"}},
)


def reviewed(*identities: str) -> dict[str, bytes]:
    items = normal_form(NOTEBOOK).items
    return {item.identity: item.content for item in items if not identities or item.identity in identities}


def build(target: Path, approved: dict[str, bytes] | None = None, facts: ReleaseFacts = FACTS) -> Path:
    build_bundle(
        target, NOTEBOOK, reviewed() if approved is None else approved, facts, signer(PRIVATE), PUBLIC
    )
    return target


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("release") / "r0001.zip")


@pytest.fixture(scope="module")
def files(bundle: Path) -> dict[str, bytes]:
    return files_of(bundle)


def test_a_bundle_is_whole_and_signed(bundle: Path) -> None:
    outcome = verify_bundle(bundle, PUBLIC)
    assert (outcome.ok, outcome.problems) == (True, ())
    assert outcome.manifest["project"] == "attendance-gaps"


def test_the_files_have_names_of_ours_and_the_bytes_that_were_reviewed(files: dict[str, bytes]) -> None:
    assert set(files) == {
        "figures/02-figure.png",
        "manifest.json",
        "manifest.sig",
        "notebook.html",
        "notebook.ipynb",
        "public-key.pem",
        "tables/01-table.csv",
        "texts/03-text.txt",
        "texts/04-error.txt",
        "texts/05-text.txt",
    }
    items = {item.identity: item for item in normal_form(NOTEBOOK).items}
    assert files["figures/02-figure.png"] == items["a:1"].content
    assert files["texts/03-text.txt"] == items["a:2"].content
    assert files["tables/01-table.csv"].decode() == table_csv(items["a:0"])
    assert b"'=1+1" in files["tables/01-table.csv"]


def test_the_manifest_names_submitted_reviewed_and_released_hashes(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    assert manifest["request"]["submitted_sha256"] == hashlib.sha256(NOTEBOOK).hexdigest()
    assert (manifest["environment"], manifest["worked_in"]) == ("lock:cd", "lock:cc")
    figure = next(item for item in manifest["items"] if item["identity"] == "a:1")
    assert figure["reviewed_sha256"] == manifest["files"]["figures/02-figure.png"]["sha256"]
    assert figure["verdicts"] == {"bo": "reject"}
    assert manifest["reviewers"] == ["bo", "cy"]
    assert manifest["released_at"] == "2026-11-24T09:00:00+00:00"
    assert set(manifest["files"]) == set(files) - {"manifest.json", "manifest.sig", "public-key.pem"}


def test_nothing_hidden_of_the_notebook_is_in_any_file(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        assert b"STU-0013" not in content, name


def test_only_what_was_approved_is_in_it(tmp_path: Path) -> None:
    files = files_of(build(tmp_path / "b.zip", reviewed("source", "a:0")))
    assert {name for name in files if "/" in name} == {"tables/01-table.csv"}
    released = nbformat.reads(files["notebook.ipynb"].decode(), as_version=4)
    (output,) = released.cells[1].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert released.cells[1].execution_count is None
    for content in (files["notebook.ipynb"], files["notebook.html"]):
        assert b"mean 3.5" not in content
        assert b"KeyError" not in content


def test_without_the_approved_source_there_is_no_notebook_and_no_page(tmp_path: Path) -> None:
    files = files_of(build(tmp_path / "b.zip", reviewed("a:0")))
    assert "notebook.ipynb" not in files
    assert "notebook.html" not in files
    assert verify_bundle(tmp_path / "b.zip", PUBLIC).ok


def test_the_notebook_is_valid_and_holds_the_approved_outputs_in_order(files: dict[str, bytes]) -> None:
    released = nbformat.reads(files["notebook.ipynb"].decode(), as_version=4)
    nbformat.validate(released)
    kinds = [output.output_type for output in released.cells[1].outputs]
    assert kinds == ["display_data", "display_data", "stream", "error", "stream"]
    assert [item.kind for item in normal_form(files["notebook.ipynb"]).items] == [
        Kind.SOURCE,
        Kind.TABLE,
        Kind.FIGURE,
        Kind.TEXT,
        Kind.ERROR,
        Kind.TEXT,
    ]


class _Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_runs_nothing_and_loads_nothing(files: dict[str, bytes]) -> None:
    tags = _Seen(files["notebook.html"].decode()).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "a", "base", "object", "form", "svg"}
    for _, attributes in tags:
        assert not any(name.startswith("on") for name in attributes)
        assert "href" not in attributes
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
    policy = next(
        a["content"] for t, a in tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_same_release_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_what_is_not_in_the_notebook_cannot_be_released(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        build(tmp_path / "b.zip", {"b:7": b"x"})
    assert caught.value.code == "not-in-notebook"
    assert list(tmp_path.iterdir()) == []


def test_a_time_without_a_zone_is_no_time(tmp_path: Path) -> None:
    naive = ReleaseFacts(
        **{
            **{name: getattr(FACTS, name) for name in FACTS.__slots__},
            "released_at": WHEN.replace(tzinfo=None),
        }
    )
    with pytest.raises(ValueError, match="zone"):
        build(tmp_path / "b.zip", facts=naive)


def test_a_write_that_fails_leaves_the_old_bundle_and_no_rubbish(tmp_path: Path) -> None:
    target = build(tmp_path / "b.zip")
    before = target.read_bytes()

    def lost(_content: bytes) -> bytes:
        raise OSError("the key is gone")

    with pytest.raises(OSError, match="gone"):
        build_bundle(target, NOTEBOOK, reviewed("a:0"), FACTS, lost, PUBLIC)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_a_disk_that_takes_no_more_leaves_the_old_bundle_and_no_rubbish(tmp_path: Path) -> None:
    target = build(tmp_path / "b.zip", reviewed("a:2"))
    before = target.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            build(target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]
    assert build(target).read_bytes() != before  # and a second try succeeds


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_found(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(bundle.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    changed = tmp_path_factory.getbasetemp() / "flipped.zip"
    changed.write_bytes(whole)
    outcome = verify_bundle(changed, PUBLIC)
    assert not outcome.ok
    assert outcome.problems


def test_every_byte_of_the_archive_outside_the_largest_files_is_covered(bundle: Path, tmp_path: Path) -> None:
    """The bytes between the files, and those of signature, key and manifest, one after the other."""
    whole = bundle.read_bytes()
    changed = tmp_path / "changed.zip"
    page = whole.index(b"<!DOCTYPE html>")
    skipped = range(page + 64, page + len(files_of(bundle)["notebook.html"]) - 64)
    for at in range(0, len(whole), 3):
        if at not in skipped:
            changed.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
            assert not verify_bundle(changed, PUBLIC).ok, at


@pytest.mark.parametrize("cut", [0, 1, 10, 1000, -1, -30])
def test_a_shortened_bundle_is_found(bundle: Path, tmp_path: Path, cut: int) -> None:
    (tmp_path / "b.zip").write_bytes(bundle.read_bytes()[:cut])
    assert not verify_bundle(tmp_path / "b.zip", PUBLIC).ok


@pytest.mark.parametrize("extra", [b"x", b"\x00" * 100])
def test_bytes_before_or_after_a_bundle_are_found(bundle: Path, tmp_path: Path, extra: bytes) -> None:
    for data in (bundle.read_bytes() + extra, extra + bundle.read_bytes()):
        (tmp_path / "b.zip").write_bytes(data)
        assert not verify_bundle(tmp_path / "b.zip", PUBLIC).ok


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda files: files | {"texts/99-text.txt": b"more"},
            "texts/99-text.txt is not part of the release.",
        ),
        (lambda files: {k: v for k, v in files.items() if k != "notebook.html"}, "notebook.html is missing."),
        (lambda files: files | {"notebook.html": b"other"}, "notebook.html was changed."),
        (
            lambda files: {k: v for k, v in files.items() if k != "manifest.sig"},
            "manifest.sig is missing, so this is no release.",
        ),
    ],
)
def test_a_repacked_bundle_says_what_is_wrong(
    files: dict[str, bytes],
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    problem: str,
) -> None:
    (tmp_path / "b.zip").write_bytes(archive.pack(change(files)))
    assert verify_bundle(tmp_path / "b.zip", PUBLIC).problems == (problem,)


def test_a_bundle_signed_again_by_somebody_else_is_not_ours(files: dict[str, bytes], tmp_path: Path) -> None:
    private = generate_key()
    forged = files | {
        "manifest.sig": sign_payload(files["manifest.json"], signer(private), public_pem(private)),
        "public-key.pem": public_pem(private),
    }
    (tmp_path / "b.zip").write_bytes(archive.pack(forged))
    assert not verify_bundle(tmp_path / "b.zip", PUBLIC).ok
    alone = verify_bundle(tmp_path / "b.zip", None)  # agrees with the key inside, which is not ours
    assert alone.ok
    assert alone.key != verify_bundle(tmp_path / "b.zip", PUBLIC).key


def test_a_signature_of_the_bare_manifest_is_no_signature_of_a_release(files: dict[str, bytes]) -> None:
    bare = json.loads(files["manifest.sig"])
    other = sign_payload(b"other", signer(PRIVATE), PUBLIC)
    assert is_signed(files["manifest.json"], files["manifest.sig"], PUBLIC)
    assert not is_signed(files["manifest.json"], other, PUBLIC)
    assert not is_signed(files["manifest.json"], json.dumps(bare).encode(), PUBLIC)


def _zip(*entries: tuple[str, bytes], **options: Any) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", **options) as made:
        for name, content in entries:
            made.writestr(zipfile.ZipInfo(name), content, compress_type=options.get("compression"))
    return written.getvalue()


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + b"\x00" * 18,
        b"\x00" * 1000,
        _zip(("../../etc/passwd", b"x")),
        _zip(("/etc/passwd", b"x")),
        _zip(("tables/../x.csv", b"x")),
        _zip(("manifest.json\x00.txt", b"x")),
        _zip(("manifest.json", b"{" * 100_000), ("manifest.sig", b"["), ("public-key.pem", PUBLIC)),
        _zip(("manifest.json", b"0" * 5_000_000), compression=zipfile.ZIP_DEFLATED),
        _zip(*((f"a{number}.txt", b"") for number in range(10_001))),
    ],
)
def test_a_hostile_archive_gets_a_sentence(tmp_path: Path, hostile: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(hostile)
    outcome = verify_bundle(tmp_path / "b.zip", PUBLIC)
    assert not outcome.ok
    assert all(problem.endswith(".") for problem in outcome.problems)
    assert {path.name for path in tmp_path.iterdir()} == {"b.zip"}


def test_two_files_of_one_name_are_found(files: dict[str, bytes], tmp_path: Path) -> None:
    written = io.BytesIO(archive.pack(files))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(written, "a") as made:
        made.writestr("notebook.html", b"other")
    (tmp_path / "b.zip").write_bytes(written.getvalue())
    assert "two files of one name" in verify_bundle(tmp_path / "b.zip", PUBLIC).problems[0]


def test_a_file_larger_than_any_bundle_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "b.zip").open("wb") as file:
        file.truncate(archive.MOST_BYTES + 1)
    assert "bytes" in verify_bundle(tmp_path / "b.zip", PUBLIC).problems[0]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.zip"
    path.write_bytes(data)
    assert not verify_bundle(path, None).ok


def test_a_wrong_key_file_gets_a_sentence(bundle: Path) -> None:
    assert "Ed25519" in verify_bundle(bundle, b"no key").problems[0]
    assert not verify_bundle(bundle, public_pem(generate_key())).ok
