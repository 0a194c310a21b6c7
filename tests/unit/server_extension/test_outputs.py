"""The panel shows each item in short, with the hints that belong to it."""

from __future__ import annotations

import hashlib
import json

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from rpp_review.checks import Appetite
from rpp_review.server.outputs import TABLE_ROWS, TEXT_LINES, review

from tests.unit.server_extension.conftest import TINY_PNG


def notebook(**outputs: nbformat.NotebookNode) -> bytes:
    cells = [new_code_cell("1", id=name, outputs=[output]) for name, output in outputs.items()]
    written: str = nbformat.writes(new_notebook(cells=cells))
    return written.encode()


def html_table(rows: int, value: int = 250) -> nbformat.NotebookNode:
    body = "".join(f"<tr><th>{2000 + n}</th><td>{value}</td></tr>" for n in range(rows))
    html = f"<table><thead><tr><th></th><th>students</th></tr></thead><tbody>{body}</tbody></table>"
    return new_output("execute_result", {"text/html": html, "text/plain": "x"}, execution_count=1)


def text(words: str) -> nbformat.NotebookNode:
    return new_output("stream", name="stdout", text=words)


def test_each_output_is_shown_in_short_beside_the_hash_of_the_file() -> None:
    figure = new_output("display_data", {"image/png": TINY_PNG})
    saved = notebook(counts=html_table(30), figure=figure, number=text("250 students\n"))
    shown = review("a.ipynb", saved, Appetite())
    assert shown["sha256"] == hashlib.sha256(saved).hexdigest()
    previews = {output["identity"]: output["preview"] for output in shown["outputs"]}
    assert previews["counts:0"]["rows"] == 30
    assert len(previews["counts:0"]["body"]) == TABLE_ROWS
    assert previews["counts:0"]["more"]
    assert previews["figure:0"]["image"].startswith("data:image/png;base64,")
    assert previews["number:0"]["text"].startswith("250 students")
    assert shown["source"]["identity"] == "source"
    json.dumps(shown)


def test_a_small_cell_is_hinted_at_beside_its_table_and_not_elsewhere() -> None:
    shown = review(
        "a.ipynb", notebook(small=html_table(3, value=4), large=html_table(3)), Appetite(threshold=10)
    )
    findings = {output["identity"]: output["findings"] for output in shown["outputs"]}
    assert any(finding["outcome"] in ("review", "fail") for finding in findings["small:0"])
    assert not any(finding["outcome"] == "fail" for finding in findings["large:0"])


def test_the_project_s_own_threshold_is_used() -> None:
    saved = notebook(table=html_table(3, value=15))
    strict, mild = review("a", saved, Appetite(threshold=20)), review("a", saved, Appetite(threshold=10))
    assert len(strict["outputs"][0]["findings"]) > len(mild["outputs"][0]["findings"])


def test_a_long_text_is_cut_and_says_so() -> None:
    shown = review("a", notebook(long=text("line\n" * 1000)), Appetite())
    preview = shown["outputs"][0]["preview"]
    assert preview["more"]
    assert len(preview["text"].splitlines()) == TEXT_LINES


def test_what_will_be_left_out_is_said() -> None:
    chart = new_output("display_data", {"application/vnd.plotly.v1+json": {"data": []}})
    shown = review("a", notebook(chart=chart), Appetite())
    assert shown["outputs"] == []
    assert any(left["identity"] == "chart:0" for left in shown["dropped"])


def test_the_hints_read_what_the_kernel_says_is_behind_an_output() -> None:
    evidence = {
        "version": 1, "shown": "table", "status": "exact", "unit": "student", "functions": ["mean"],
        "units": {"student": [[40], [7], [30]]},
    }  # fmt: skip
    shown = html_table(3)
    shown["metadata"] = {"rpp_evidence": evidence}
    found = review("a.ipynb", notebook(few=shown), Appetite())["outputs"][0]["findings"]
    assert "1 of 3 values stands for fewer than 10 students." in {f["summary"] for f in found}
