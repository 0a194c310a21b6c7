"""A file of the workspace is read as what it is, and nothing is reached through a link."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest
from rpp_review.server.folder import Folder, split
from rpp_review.server.refused import Refused

LIMIT = 1000
SECRET = b"the server's own secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.ipynb").write_bytes(b"{}")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.ipynb").write_bytes(SECRET)
    return root


def refusal(root: Path, path: str) -> Refused:
    with pytest.raises(Refused) as caught:
        Folder(root).read(path, LIMIT)
    assert SECRET.decode() not in caught.value.message
    assert str(root) not in caught.value.message
    assert caught.value.message.endswith(".")
    assert 400 <= caught.value.status < 500
    return caught.value


def test_a_regular_file_is_read(root: Path) -> None:
    content, entry = Folder(root).read("sub/a.ipynb", LIMIT)
    assert (content, entry.name, entry.size) == (b"{}", "a.ipynb", 2)


def test_a_link_is_refused_though_an_ordinary_open_follows_it(root: Path) -> None:
    (root / "link.ipynb").symlink_to("../secret/a.ipynb")
    assert (root / "link.ipynb").read_bytes() == SECRET  # the control: the attack works
    assert refusal(root, "link.ipynb").code == "link"


def test_a_link_to_a_folder_on_the_way_is_refused(root: Path) -> None:
    (root / "way").symlink_to("../secret")
    assert (root / "way" / "a.ipynb").read_bytes() == SECRET
    assert refusal(root, "way/a.ipynb").code == "link"


def test_a_link_to_a_file_inside_the_workspace_is_refused_too(root: Path) -> None:
    (root / "link.ipynb").symlink_to("sub/a.ipynb")
    assert refusal(root, "link.ipynb").code == "link"


@pytest.mark.parametrize(
    "path",
    [
        "../secret/a.ipynb",
        "sub/../../secret/a.ipynb",
        "sub/./a.ipynb",
        ".hidden",
        ".git/config",
        "sub//a.ipynb",
        "a\0b",
        "x" * 300,
        "\ud800",
        "/".join("a" * 40),
    ],
)
def test_names_that_lead_out_or_are_hidden_lead_nowhere(root: Path, path: str) -> None:
    assert refusal(root, path).status == 404


def test_a_pipe_is_refused_at_once(root: Path) -> None:
    os.mkfifo(root / "pipe.ipynb")
    assert refusal(root, "pipe.ipynb").code == "special"


def test_a_socket_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.ipynb")
        assert refusal(root, "s.ipynb").code == "special"


def test_a_file_with_a_second_name_is_refused(root: Path) -> None:
    os.link(root / "sub" / "a.ipynb", root / "b.ipynb")
    assert refusal(root, "b.ipynb").code == "hard-link"
    os.unlink(root / "b.ipynb")
    assert Folder(root).read("sub/a.ipynb", LIMIT)[0] == b"{}"


def test_a_file_is_measured_before_it_is_read(root: Path) -> None:
    with (root / "large.ipynb").open("wb") as file:
        file.truncate(1 << 40)
    assert refusal(root, "large.ipynb").code == "too-large"


def test_what_is_just_small_enough_is_read(root: Path) -> None:
    (root / "a.ipynb").write_bytes(b"x" * LIMIT)
    assert len(Folder(root).read("a.ipynb", LIMIT)[0]) == LIMIT
    (root / "a.ipynb").write_bytes(b"x" * (LIMIT + 1))
    assert refusal(root, "a.ipynb").code == "too-large"


def test_a_folder_and_an_absent_file_each_get_their_own_sentence(root: Path) -> None:
    assert refusal(root, "sub").code == "folder"
    assert refusal(root, "no.ipynb").code == "absent"
    assert refusal(root, "sub/a.ipynb/more").code == "absent"


def test_a_name_swapped_for_a_link_while_it_is_read_never_gives_the_secret(root: Path) -> None:
    stop = threading.Event()
    (root / "real").write_bytes(b"{}")

    def swap() -> None:
        while not stop.is_set():
            (root / "new").symlink_to("../secret/a.ipynb")
            os.replace(root / "new", root / "swapped.ipynb")
            (root / "new").write_bytes(b"{}")
            os.replace(root / "new", root / "swapped.ipynb")

    thread = threading.Thread(target=swap)
    patience = time.monotonic() + 60
    thread.start()
    try:
        seen = {attempt(root) for _ in range(2000)}
        while (
            b"{}" not in seen and time.monotonic() < patience
        ):  # a busy machine may show one face for a while
            seen.add(attempt(root))
    finally:
        stop.set()
        thread.join()
    assert SECRET not in seen
    assert b"{}" in seen


def attempt(root: Path) -> bytes:
    try:
        return Folder(root).read("swapped.ipynb", LIMIT)[0]
    except Refused as refused:
        return refused.code.encode()


def test_writing_replaces_a_hard_link_and_leaves_the_other_name_alone(root: Path) -> None:
    os.link(root / "sub" / "a.ipynb", root / "b.ipynb")
    Folder(root).write("b.ipynb", b"new")
    assert (root / "b.ipynb").read_bytes() == b"new"
    assert (root / "sub" / "a.ipynb").read_bytes() == b"{}"


def test_writing_never_goes_through_a_link(root: Path) -> None:
    (root / "link.ipynb").symlink_to("../secret/a.ipynb")
    (root / "way").symlink_to("../secret")
    for path in ("link.ipynb", "way/a.ipynb", "way/new.ipynb"):
        with pytest.raises(Refused):
            Folder(root).write(path, b"changed")
    assert (root.parent / "secret" / "a.ipynb").read_bytes() == SECRET
    assert not (root.parent / "secret" / "new.ipynb").exists()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(root: Path) -> None:
    (root / "sub" / "a.ipynb").unlink()
    (root / "sub").rmdir()
    with pytest.raises(Refused):
        Folder(root).write("sub/a.ipynb", b"x")
    assert list(root.iterdir()) == []


def test_a_listing_shows_files_and_folders_and_nothing_hidden_or_special(root: Path) -> None:
    (root / ".hidden").write_bytes(b"")
    (root / "b.csv").write_bytes(b"x")
    (root / "link").symlink_to("sub")
    os.mkfifo(root / "pipe")
    assert [(e.name, e.is_folder) for e in Folder(root).listing("")] == [("b.csv", False), ("sub", True)]


def test_moving_never_replaces_and_removing_takes_no_full_folder(root: Path) -> None:
    folder = Folder(root)
    (root / "b.ipynb").write_bytes(b"b")
    with pytest.raises(Refused, match="already"):
        folder.move("b.ipynb", "sub/a.ipynb")
    folder.move("b.ipynb", "sub/b.ipynb")
    with pytest.raises(Refused, match="not empty"):
        folder.remove("sub")
    folder.remove("sub/b.ipynb")
    assert sorted(p.name for p in (root / "sub").iterdir()) == ["a.ipynb"]


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    (root / "link.ipynb").symlink_to("sub/a.ipynb")
    for path in ("sub/a.ipynb", "link.ipynb", "no/where", "sub"):
        attempt_any(root, path)
    assert len(os.listdir("/proc/self/fd")) == before


def attempt_any(root: Path, path: str) -> None:
    try:
        Folder(root).read(path, LIMIT)
    except Refused:
        return


def test_the_root_is_the_empty_path(root: Path) -> None:
    assert split("") == split("/") == []
    assert Folder(root).look("").is_folder
    with pytest.raises(Refused):
        Folder(root).remove("")
