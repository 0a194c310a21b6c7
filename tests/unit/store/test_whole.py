"""One file, whole or as it was: whoever is killed, and whoever writes the same one at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from rpp_hub.whole import write_whole, written

KILLED = """
import os, signal, sys
from pathlib import Path
from rpp_hub.whole import written
with written(Path(sys.argv[1]), b"half"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_writer_changes_nothing_and_the_next_one_removes_what_it_left(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_whole(path, b"before")
    for _ in range(2):
        subprocess.run((sys.executable, "-c", KILLED, str(path)), check=False)
    assert path.read_bytes() == b"before"
    assert len(names(tmp_path)) == 2
    write_whole(path, b"after")
    assert (names(tmp_path), path.read_bytes()) == (["a.key"], b"after")


def test_what_a_living_writer_is_at_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    with written(path, b"first") as fresh:
        write_whole(path, b"second")
        assert fresh.read_bytes() == b"first"
        fresh.replace(path)
    assert (names(tmp_path), path.read_bytes()) == (["a.key"], b"first")


def test_of_many_writers_at_once_one_is_the_last(tmp_path: Path) -> None:
    path, each = tmp_path / "a.key", [bytes([n]) * 5_000 for n in range(60)]
    with ThreadPool(12) as pool:
        pool.map(lambda content: write_whole(path, content), each)
    assert path.read_bytes() in each
    assert names(tmp_path) == ["a.key"]


def test_nothing_is_left_of_a_write_that_fails(tmp_path: Path) -> None:
    (tmp_path / "a" / "in-its-place").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "a", b"content")
    assert names(tmp_path) == ["a"]


def test_nobody_else_reads_it_unless_that_was_asked(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_whole(tmp_path / "new" / "private", b"")
        write_whole(tmp_path / "new" / "open", b"", mode=0o644)
    finally:
        os.umask(before)
    modes = [(tmp_path / "new" / name).stat().st_mode & 0o777 for name in ("", "private", "open")]
    assert modes == [0o700, 0o600, 0o644]


def test_a_name_as_long_as_names_may_be_is_written_too(tmp_path: Path) -> None:
    write_whole(tmp_path / ("é" * 127), b"content")
    assert len(names(tmp_path)) == 1
