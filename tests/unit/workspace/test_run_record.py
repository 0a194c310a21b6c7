"""What ran is kept line by line, whoever is killed while it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rpp_hub.workspace.run_record import RunRecord, place_of

WRITER = """
import sys
from pathlib import Path
from rpp_hub.workspace.run_record import RunRecord
record = RunRecord(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    record.append({"kernel": "k", "number": number, "path": "x" * 3000})
    print(number, flush=True)
    number += 1
"""


def numbers(record: RunRecord) -> list[int]:
    """All that was kept, page by page."""
    found: list[int] = []
    start: int | None = 0
    while start is not None:
        page = record.page(start)
        found += [line["number"] for line in page["lines"]]
        start = page["next"]
    return found


def test_every_run_that_was_told_as_kept_is_there_after_a_kill(tmp_path: Path) -> None:
    path, kept = tmp_path / "log" / "w.runs", 0
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(path), str(kept)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(40)]
            writer.kill()
            told += [int(line) for line in writer.stdout.read().splitlines()]
        found = numbers(RunRecord(path))
        assert found == list(range(len(found)))
        assert found[-1] >= told[-1]
        kept = len(found)


def test_half_a_line_is_cut_off_and_what_follows_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "w.runs"
    RunRecord(path).append({"number": 0})
    with path.open("ab") as file:
        file.write(b'{"number": 1')
    record = RunRecord(path)
    record.append({"number": 2})
    assert numbers(record) == [0, 2]


def test_only_so_much_is_kept_and_the_newest_of_it(tmp_path: Path) -> None:
    record = RunRecord(tmp_path / "w.runs", largest=100)
    for number in range(50):
        record.append({"number": number})
    found = numbers(RunRecord(tmp_path / "w.runs"))
    assert found == list(range(found[0], 50))
    assert 0 < found[0]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 300


def test_a_link_in_its_place_is_not_written_through(tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere", tmp_path / "w.runs")
    with pytest.raises(OSError, match="symbolic"):
        RunRecord(tmp_path / "w.runs").append({"number": 0})


def test_each_workspace_has_a_place_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "a-b-c.log"
    assert place_of(log, "a-b", "c") != place_of(log, "a", "b-c")
    assert place_of(None, "a", "b") is None
    assert numbers(RunRecord(None)) == []
