"""What cannot be understood gets a sentence that says what to do, and leaves nothing half done."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.over_http import Kernel, Visitor, Workspace, visiting
from tests.factories import cell, notebook, printed
from tests.harness import Running

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

OWN = "attendance-gaps"
APPLICATION = """\
project: never-kept
title: Never kept
district: bayview
sponsor: paula
questions: ["Does any of this stay?"]
irb: {{number: IRB-2026-099, ends: 2031-06-30}}
agreement: {{ends: 2031-12-31}}
tables:
  student_classifications:
    fields: [{{name: {field}, rationale: The outcome, need: critical}}]
years: [2019, 2030]
members: [{{person: rosa, role: lead}}, {{person: {member}, role: member}}]
{more}
"""
GOOD = {"field": "grade_level", "member": "remy", "more": ""}

# How a kernel makes each file; a whole of 200 MB or 100,000 levels does not have to be sent here.
BROKEN = {
    "cut off": "b'{\"cells\": ['",
    "empty": "b''",
    "not JSON": "b'once upon a time'",
    "not text": "bytes(range(128, 256)) * 100",
    "another kind of JSON": "b'[1, 2, 3]'",
    "a number in place of cells": 'b\'{"cells": 7, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\'',
    "nested 100,000 deep": "b'[' * 100_000 + b']' * 100_000",
    "nested deep in an output": (
        'b\'{"cells": [{"cell_type": "code", "id": "a", "metadata": \' + b\'{"a":\' * 5000 + b\'{}\' + b\'}\' * 5000 + '
        'b\', "source": "", "outputs": [], "execution_count": 1}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\''
    ),
    "a key twice": 'b\'{"cells": [], "cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\'',
    "a number beyond all bounds": 'b\'{"cells": [], "metadata": {"n": \' + b"9" * 10_000 + b\'}, "nbformat": 4, "nbformat_minor": 5}\'',
    "200 MB": 'b\'{"cells": [], "metadata": {"x": "\' + b"x" * 200_000_000 + b\'"}, "nbformat": 4, "nbformat_minor": 5}\'',
}  # fmt: skip


@pytest.fixture(scope="module")
def rosa(site: Running) -> Iterator[Visitor]:
    with visiting(site, "rosa") as visitor:
        yield visitor


@pytest.fixture(scope="module")
def workspace(rosa: Visitor) -> Iterator[Workspace]:
    yield rosa.open_workspace(OWN)
    rosa.close_workspace(OWN)


@pytest.fixture(scope="module")
def kernel(workspace: Workspace) -> Iterator[Kernel]:
    with workspace.kernel() as started:
        yield started


@pytest.fixture(scope="module")
def dora(site: Running) -> Iterator[Visitor]:
    with visiting(site, "dora") as visitor:
        yield visitor


@pytest.fixture
def untouched(site: Running, rosa: Visitor, dora: Visitor) -> Iterator[None]:
    """Afterwards there is no request, no project, no drop and no kept byte that was not there before."""
    before = _kept(site, rosa, dora)
    yield
    assert _kept(site, rosa, dora) == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("what", BROKEN)
def test_a_notebook_that_cannot_be_reviewed_is_refused_in_a_sentence(
    workspace: Workspace, kernel: Kernel, what: str
) -> None:
    made = kernel.run(
        f"import hashlib, os\nf = {BROKEN[what]}\nopen('/workspace/bad.ipynb', 'wb').write(f) and None\nprint(hashlib.sha256(f).hexdigest())"
    )
    try:
        listed = workspace.ask("GET", "rpp/outputs?path=bad.ipynb")
        sent = workspace.submit("bad.ipynb", made.splitlines()[-1], ["a:0"])
    finally:
        kernel.run("import os; os.unlink('/workspace/bad.ipynb')")
    for answer in (listed, sent):
        _is_sentence(answer.status, answer.json()["error"])


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"outputs": []}, 422),
        ({"outputs": ["a:0", "no-such:7"]}, 422),
        ({"context": "short"}, 422),
        ({"controls": "invisible \u202e characters in it"}, 422),
        ({"path": "../../etc/passwd.ipynb"}, 404),
        ({"path": "/workspace/good.ipynb/../../x.ipynb"}, 404),
        ({"path": "absent.ipynb"}, 404),
        ({"sha256": "0" * 64}, 409),
        ({"replaces": "r9999"}, 404),
        ({"more": 1}, 422),
        ({"outputs": "a:0"}, 422),
        ({"context": "x" * 300_000}, 413),
    ],
)
def test_a_submission_that_does_not_hold_together_is_refused_in_a_sentence(
    workspace: Workspace, site: Running, change: dict[str, Any], status: int
) -> None:
    content = notebook(cell("print('n = 120')", [printed("n = 120\n")]))
    (site.home / "workspaces" / OWN / "members" / "rosa" / "good.ipynb").write_bytes(content)
    given = {
        "name": "good.ipynb",
        "sha256": hashlib.sha256(content).hexdigest(),
        "outputs": ["a:0"],
        **change,
    }
    answer = workspace.submit(**given)
    assert answer.status == status, answer.text
    _is_sentence(answer.status, answer.json()["error"])


@pytest.mark.usefixtures("untouched")
def test_what_is_not_json_is_refused_in_a_sentence(workspace: Workspace) -> None:
    for body in (b"", b"{", b"[" * 100_000, b"\xff\xfe"):
        answer = workspace.ask("POST", "rpp/requests", data=body)
        _is_sentence(answer.status, answer.json()["error"])


# --- applications

APPLICATIONS = [
    ({"field": "grade_levle"}, "latin", "grade_level", 2),
    ({"member": "rosie"}, "utf-8", "no account", 2),
    ({"more": "budget: 100"}, "utf-8", "budget", 2),
    ({"more": "members: [{person: rosa, role: lead}]"}, "utf-8", "twice", 2),
    ({"more": "&a [*a]"}, "utf-8", "", 2),
    ({"more": "title: Für später"}, "latin-1", "UTF-8", 2),
    ({"more": "\0"}, "utf-8", "", 2),
]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("change", "encoding", "said", "code"), APPLICATIONS)
def test_an_application_that_cannot_be_used_is_refused_by_command_and_by_page(
    site: Running, rosa: Visitor, tmp_path: Path, change: dict[str, str], encoding: str, said: str, code: int
) -> None:
    content = APPLICATION.format(**GOOD | change).encode(encoding)
    file = tmp_path / "application.yaml"
    file.write_bytes(content)
    refused = site.rpp("project", "apply", str(file), actor="rosa", expect=code)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    form = aiohttp.FormData()
    form.add_field("csrf", rosa.ask("GET", "/services/rpp/api/me").json()["csrf"])
    form.add_field("file", content, filename="application.yaml", content_type="text/plain")
    page = rosa.ask("POST", "/services/rpp/projects/upload", data=form, headers={"Origin": site.url})
    assert 400 <= page.status < 500
    assert "Nothing was kept." in page.text
    assert said in page.text


@pytest.mark.usefixtures("untouched")
def test_somebody_else_cannot_apply_in_a_researchers_name(site: Running, tmp_path: Path) -> None:
    file = tmp_path / "application.yaml"
    file.write_text(APPLICATION.format(**GOOD))
    assert "rpp:" in site.rpp("project", "apply", str(file), actor="remy", expect=3).stderr


# --- drops


@pytest.mark.usefixtures("untouched")
def test_a_second_receive_of_the_same_drop_is_refused(site: Running, tmp_path: Path) -> None:
    received = next(
        p for p in (site.home / "warehouse" / "bayview" / "received").iterdir() if p.name.endswith("_staff")
    )
    again = tmp_path / "again"
    again.mkdir()
    for file in received.glob("*.csv"):
        shutil.copyfile(file, again / file.name)
    for name in (received.name, "203012_staff"):
        refused = site.rpp(
            "warehouse", "receive", str(again), "--district", "bayview", "--as", name, actor="dora", expect=3
        )
        assert received.name in refused.stderr
        assert refused.stderr.rstrip().endswith("]")
        assert "Traceback" not in refused.stderr


@pytest.mark.usefixtures("untouched")
def test_a_drop_with_one_bad_file_is_not_kept_at_all(site: Running, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("student_id,n\n1,2\n")
    (tmp_path / "bad.csv").write_bytes(b"student_id,n\n1,2\n1,2,3,4,5\n2,\0\n")
    refused = site.rpp(
        "warehouse",
        "receive",
        str(tmp_path),
        "--district",
        "bayview",
        "--as",
        "203011_staff",
        actor="dora",
        expect=2,
    )
    assert "bad.csv" in refused.stderr


def _kept(site: Running, rosa: Visitor, dora: Visitor) -> dict[str, Any]:
    return {
        "requests": [r["name"] for r in rosa.ask("GET", "/services/rpp/api/requests").json()],
        "projects": [p["name"] for p in dora.ask("GET", "/services/rpp/api/projects").json()],
        "drops": sorted(p.name for p in (site.home / "warehouse" / "bayview" / "received").iterdir()),
        "kept": sorted(p.name for p in (site.home / "requests").rglob("*")),
    }


def _is_sentence(status: int, error: dict[str, Any]) -> None:
    assert 400 <= status < 500
    assert error["code"]
    assert error["message"].rstrip()[-1] in ".?"
    assert " " in error["message"]
    for inside in ("Traceback", "Error(", "/workspace", "/tmp"):
        assert inside not in error["message"]
