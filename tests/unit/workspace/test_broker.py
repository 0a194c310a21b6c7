"""What the one process that root runs takes, and what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.workspace.broker import (
    ACCOUNTS,
    FIRST,
    Grounds,
    Refused,
    account_of,
    check_key,
    number_of,
    parse,
)


@pytest.fixture
def grounds(tmp_path: Path) -> Grounds:
    (tmp_path / "home" / "workspaces").mkdir(parents=True)
    (tmp_path / "runs" / "w").mkdir(parents=True)
    return Grounds(os.getuid(), os.getgid(), tmp_path / "home", tmp_path / "runs", tmp_path / "table.json")


@pytest.fixture
def opened(grounds: Grounds) -> Iterator[list[int]]:
    """Two descriptors for the process, and one of a folder of ours."""
    found = [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
    found.append(os.open(grounds.home / "workspaces", os.O_RDONLY))
    yield found
    for one in found:
        os.close(one)


def request(path: Path | str, writable: object = True, **more: Any) -> dict[str, Any]:
    return {"do": "start", "key": "gaps/alice", "folders": [[str(path), writable]], **more}


def test_a_start_in_order_is_understood(grounds: Grounds, opened: list[int]) -> None:
    path = grounds.home / "workspaces"
    start = parse(request(path), opened, grounds)
    assert (start.key, start.folders) == ("gaps/alice", ((path, True, opened[2]),))


@pytest.mark.parametrize(
    "path", ["/usr", "/etc", "/", "relative", "{home}/../other", "{home}", "/tmp/elsewhere"]
)
def test_a_place_outside_of_the_installation_is_refused(
    grounds: Grounds, opened: list[int], path: str
) -> None:
    with pytest.raises(Refused, match="not a place"):
        parse(request(path.format(home=grounds.home)), opened, grounds)


def test_a_folder_of_somebody_else_and_what_is_no_folder_are_refused(
    grounds: Grounds, opened: list[int]
) -> None:
    for other in ("/usr", os.devnull):
        descriptor = os.open(other, os.O_RDONLY)
        if os.getuid() != 0 or other == os.devnull:
            with pytest.raises(Refused, match="not a folder of the installation's account"):
                parse(request(grounds.home / "x"), [*opened[:2], descriptor], grounds)
        os.close(descriptor)


def test_the_run_folder_of_the_whole_is_for_reading_only(grounds: Grounds, opened: list[int]) -> None:
    with pytest.raises(Refused, match="not written to"):
        parse(request(grounds.runs), opened, grounds)
    assert parse(request(grounds.runs, False), opened, grounds).folders[0][1] is False


@pytest.mark.parametrize(
    "changed",
    [
        {"command": ["/bin/sh"]},
        {"key": "../x"},
        {"key": "a/b/c"},
        {"key": 5},
        {"folders": []},
        {"folders": "x"},
        {"folders": [["/x"]]},
        {"folders": [["/x", 1]]},
        {"folders": [["/x", True], ["/y", True]]},
    ],
)
def test_whatever_else_is_asked_for_is_refused(
    grounds: Grounds, opened: list[int], changed: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        parse(request(grounds.home / "workspaces", **changed), opened, grounds)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_request_is_a_start_or_refused(asked: object) -> None:
    grounds = Grounds(1, 1, Path("/a"), Path("/b"), Path("/c"))
    with pytest.raises(Refused):
        parse(asked, [], grounds)


def test_a_workspace_keeps_its_account_and_no_two_share_one(grounds: Grounds) -> None:
    first, second = number_of("gaps/alice", grounds), number_of("gaps/bob", grounds)
    assert first != second
    assert number_of("gaps/alice", grounds) == first
    assert FIRST <= min(first, second)


def test_a_range_that_is_used_up_is_said(grounds: Grounds) -> None:
    grounds.table.write_text(json.dumps({"a/b": FIRST + ACCOUNTS - 1}))
    with pytest.raises(Refused, match="used up"):
        number_of("gaps/alice", grounds)


@pytest.mark.parametrize("pid", [0, 1, -1, True, "1", None, os.getpid()])
def test_only_processes_of_workspaces_are_ended(pid: object) -> None:
    with pytest.raises(Refused):
        account_of(pid)


@pytest.mark.parametrize("key", ["", "alice", "Gaps/Alice", "gaps/alice/x", "gaps/..\n"])
def test_a_key_is_a_project_and_a_person(key: str) -> None:
    with pytest.raises(Refused):
        check_key(key)
