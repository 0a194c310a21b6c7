"""A file that was sent is read by its path and lies on no disk, whatever becomes of who reads it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from rpp_hub.web.in_memory import in_memory
from rpp_hub.web.multipart import Upload

SECRET = b"Joan Smith,2010-03-04\n"


@pytest.fixture
def moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is written for a moment lies."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("mindset.csv", "mindset.csv"),
        ("../../etc/mindset.csv", "mindset.csv"),
        ("C:\\data\\mindset.csv", "mindset.csv"),
        ("..", "file"),
        ("", "file"),
        ("a\0b.csv", "ab.csv"),
    ],
)
def test_a_file_is_read_under_its_own_name_and_gone_afterwards(moment: Path, sent: str, name: str) -> None:
    with in_memory(Upload(sent, SECRET)) as path:
        assert path.name == name
        assert path.read_bytes() == SECRET
        assert path.parent.parent == moment
    assert list(moment.iterdir()) == []


def test_who_is_killed_meanwhile_leaves_nothing_of_it_on_the_disk(moment: Path) -> None:
    here, there = multiprocessing.Pipe()
    reader = multiprocessing.get_context("spawn").Process(target=_read_for_ever, args=(there, str(moment)))
    reader.start()
    assert here.recv() == SECRET
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    reader.join()
    left = [path for path in moment.rglob("*") if path.is_symlink() or path.is_file()]
    assert [path.name for path in left] == ["mindset.csv"]
    assert not left[0].exists(), "the link leads somewhere"


def _read_for_ever(there: Connection, moment: str) -> None:
    tempfile.tempdir = moment
    with in_memory(Upload("mindset.csv", SECRET)) as path:
        there.send(path.read_bytes())
        signal.pause()
