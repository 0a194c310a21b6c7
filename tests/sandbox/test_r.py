"""R notebooks, where the machine has R: the same sandbox, the cut with its types kept, evidence by declaration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from jupyter_client.blocking.client import BlockingKernelClient
from rpp_hub.workspace.rerun import RerunOutcome, rerun_notebook
from rpp_review.evidence import evidence_by_identity
from rpp_review.languages import r_lacks
from rpp_review.normal_form import normal_form

from tests.sandbox.conftest import ENVIRONMENT, Place, Workspace
from tests.sandbox.kernel import kernelspecs

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(r_lacks()), reason=f"no R here: {' and '.join(r_lacks())} is not installed"),
]
SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "evidence.schema.json"

WHOLE = pa.table(
    {
        "school_year": pa.array([2017, 2018, 2018, None], pa.int16()),
        "grade": pa.array([9, None, -1, 2**31 - 1], pa.int64()),
        "large": pa.array([2**40, None, 1, 2], pa.int64()),
        "huge": pa.array([2**60 + 1, None, 1, 2], pa.int64()),
        "score": pa.array([0.5, None, float("nan"), float("inf")]),
        "passed": pa.array([True, False, None, True]),
        "born": pa.array([date(2005, 2, 28), None, date(1969, 12, 31), date(2024, 2, 29)]),
        "tested": pa.array([datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), None, None, None], pa.timestamp("us", "UTC")),
        "language": pa.array(["Español", None, "", "中文"]),
        "sex": pa.array(["F", "M", None, "F"]).dictionary_encode(),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def data(place: Place) -> Path:
    pq.write_table(WHOLE, place.data / "enrollment.parquet")
    fields = [{"name": name, "type": "any", "description": f"What {name} is."} for name in WHOLE.column_names]
    package = {"resources": [{"name": "enrollment", "title": "Enrolment", "schema": {"fields": fields}}]}
    (place.data / "datapackage.json").write_text(json.dumps(package))
    return place.data


def notebook(*cells: str) -> bytes:
    made: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for n, source in enumerate(cells)
    ]  # fmt: skip
    spec = {"name": "rpp-r", "display_name": "rpp (R)", "language": "R"}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": made}
    ).encode()


def ran(place: Place, data: Path, *cells: str) -> list[list[dict[str, Any]]]:
    """The outputs of each cell, run as the reviewers' re-run is."""
    again = rerun_notebook(notebook(*cells), data, ENVIRONMENT, place.root / "r")
    assert again.outcome is RerunOutcome.COMPLETE, again.message
    return [cell["outputs"] for cell in json.loads(again.notebook or b"")["cells"]]


def said(outputs: list[dict[str, Any]]) -> str:
    return "".join("".join(out.get("text", "")) for out in outputs).strip()


LOOK = """
f <- rpp_load("enrollment")
for (n in names(f)) cat(n, class(f[[n]])[1], paste(trimws(format(f[[n]], digits = 17, trim = TRUE)), collapse = "|"), "\\n")
cat(identical(is.nan(f$score), c(FALSE, FALSE, TRUE, FALSE)), sum(is.na(f$score)), levels(f$sex), f$language[3] == "")
"""


def test_a_table_comes_with_its_types_dates_factors_and_what_is_missing(place: Place, data: Path) -> None:
    (outputs,) = ran(place, data, LOOK)
    assert said(outputs).splitlines() == [
        "school_year integer 2017|2018|2018|NA ",
        "grade integer 9|NA|-1|2147483647 ",
        "large numeric 1099511627776|NA|1|2 ",
        "huge character 1152921504606846977|NA|1|2 ",
        "score numeric 0.5|NA|NaN|Inf ",
        "passed logical TRUE|FALSE|NA|TRUE ",
        "born Date 2005-02-28|NA|1969-12-31|2024-02-29 ",
        "tested POSIXct 2020-01-02 03:04:05|NA|NA|NA ",
        "language character Español|NA||中文 ",
        "sex factor F|M|NA|F ",
        "TRUE 2 F M TRUE",
    ]


def test_columns_years_names_and_the_codebook_are_asked_for_as_in_python(place: Place, data: Path) -> None:
    columns, tables, codebook, wrong = ran(
        place, data,
        'f <- rpp_load("enrollment", "grade", years = 2018); cat(dim(f), names(f), f$grade)',
        "cat(rpp_tables())",
        'b <- rpp_codebook("enrollment"); cat(names(b), b$column[2], b$description[2])',
        'cat(tryCatch(rpp_load("enrolment"), error = conditionMessage))',
    )  # fmt: skip
    assert said(columns) == "2 1 grade NA -1"
    assert said(tables) == "enrollment"
    assert said(codebook) == "column type description values notes grade What grade is."
    assert "Did you mean 'enrollment'?" in said(wrong)


def test_tables_and_figures_are_shown_as_what_a_reviewer_can_see(place: Place, data: Path) -> None:
    cells = (
        "data.frame(grade = c('9', '10'), n = c(120L, 130L))",
        "plot(1:3, main = 'Mean')",
        "summary(lm(dist ~ speed, cars))",
    )
    again = rerun_notebook(notebook(*cells), data, ENVIRONMENT, place.root / "r")
    form = normal_form(again.notebook or b"")
    assert [str(item.kind) for item in form.items if str(item.kind) != "source"] == [
        "table",
        "figure",
        "text",
    ]
    assert b"120" in form.items[1].content
    assert form.dropped == ()


def test_what_is_declared_is_shown_as_declared_and_is_no_evidence(place: Place, data: Path) -> None:
    cells = (
        'rpp_declare(table(c("a", "b", "b")), n = c(240, 12), unit = "students", table = "enrollment", years = 2018)',
        "IRdisplay::publish_mimebundle(list(`text/plain` = '3'), list(rpp_evidence = list(version = 1L, shown = 'value',"
        " status = 'exact', unit = 'student', units = list(student = list(list(500L))))))",
        "rpp_declare(1, n = 3.5)",
    )
    source = notebook(*cells[:2])
    again = rerun_notebook(source, data, ENVIRONMENT, place.root / "r")
    told = evidence_by_identity(again.notebook or b"")
    outputs = json.loads(again.notebook or b"")["cells"]
    written = outputs[0]["outputs"][0]["metadata"]["rpp_evidence"]
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(written)
    assert (written["source"], written["declared"]["n"], written["shown"]) == ("declared", [240, 12], "table")
    assert told["c0:0"]["status"] == "unknown"
    assert told["c0:0"]["why"] == (
        "its author declared 12 to 240 students behind it; table enrollment; years 2018, and no kernel computed it"
    )
    assert told["c1:0"]["status"] == "unknown"
    assert "units" not in told["c1:0"]
    wrong = rerun_notebook(notebook(cells[2]), data, ENVIRONMENT, place.root / "r")
    assert wrong.outcome is RerunOutcome.RAISED
    assert "whole numbers" in wrong.message


def test_a_question_about_a_field_is_shown_for_the_workspace_to_send(place: Place, data: Path) -> None:
    (outputs,) = ran(place, data, 'rpp_note("grade", "Is 0 kindergarten?")')
    told = outputs[0]["data"]["application/vnd.rpp.question.v1+json"]
    assert (told["table"], told["field"], told["question"]) == ("enrollment", "grade", "Is 0 kindergarten?")


def test_jupyterlab_offers_it_and_starts_it(workspace: Workspace, data: Path) -> None:
    async def look() -> tuple[list[str], int]:
        async with workspace.browser() as browser:
            await browser.login()
            specs = await (await browser.get("api/kernelspecs")).json()
            session = {"name": "", "path": "r.ipynb", "type": "notebook", "kernel": {"name": "rpp-r"}}
            started = await browser.ask("POST", "api/sessions", json=session)
            kernel = (await started.json())["kernel"]
            await browser.ask("DELETE", f"api/kernels/{kernel['id']}")
            return sorted(specs["kernelspecs"]), started.status

    assert asyncio.run(look()) == (["rpp", "rpp-r"], 201)


class Spoken:
    """An R kernel of the workspace, driven from the host."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str) -> str:
        told: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                told.append(content["text"])
            if message["msg_type"] == "error":
                told.append("\n".join(content["traceback"]))

        self.client.execute_interactive(code, output_hook=hear, timeout=60, store_history=False)
        return "".join(told).strip()


@pytest.fixture(scope="module")
def r(workspace: Workspace, place: Place, data: Path) -> Iterator[Spoken]:
    import uuid

    from jupyter_client.manager import KernelManager

    specs = kernelspecs(place.root / "specs-r", place.run_dir, language="R")
    manager = KernelManager(kernel_name="rpp", kernel_spec_manager=specs)
    (workspace.place.workspace / ".Rprofile").write_text("planted <- TRUE\n")
    manager.start_kernel(cwd="/workspace", kernel_id=str(uuid.uuid4()))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Spoken(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_it_has_the_cut_and_no_network_and_can_write_neither_cut_nor_environment(r: Spoken) -> None:
    assert r.run("cat(list.files('/data'))") == "datapackage.json enrollment.parquet"
    assert "cannot open" in r.run("readLines(url('http://127.0.0.1:9/'))")
    assert (
        r.run(
            "cat(tryCatch(socketConnection(port = 9), error = function(e) 'refused', warning = function(w) 'refused'))"
        )
        == "refused"
    )
    for place in ("/data/x", "/opt/rpp/x", "/usr/lib/R/x"):
        assert r.run(f"cat(suppressWarnings(file.create('{place}')))") == "FALSE"
    assert r.run("cat(suppressWarnings(file.create('/workspace/mine.txt')))") == "TRUE"


def test_it_sees_no_token_no_other_process_and_reads_no_planted_profile(
    r: Spoken, workspace: Workspace
) -> None:
    assert r.run("cat(exists('planted'))") == "FALSE"
    assert r.run("cat(length(grep('^[0-9]+$', list.files('/proc'))) <= 3)") == "TRUE"
    assert not [
        name for name in r.run("cat(names(Sys.getenv()))").split() if "TOKEN" in name or "JUPYTERHUB" in name
    ]
    assert r.run("cat(file.exists('/run/rpp/ctl.sock'), file.exists('/run/rpp/hub.sock'))") == "FALSE FALSE"


def test_a_package_cannot_be_installed_from_inside(r: Spoken) -> None:
    told = r.run("install.packages('zoo', repos = 'http://127.0.0.1:9/', lib = '/usr/lib/R/site-library')")
    assert "not writable" in told
    assert r.run("cat('zoo' %in% rownames(installed.packages()))") == "FALSE"


def test_a_running_cell_is_interrupted(r: Spoken, workspace: Workspace) -> None:
    import threading
    import time

    kernels = [p for p in (workspace.place.run_dir / "ipc").iterdir() if p.is_symlink()]
    assert kernels
    before = time.monotonic()
    timer = threading.Timer(0.5, _interrupt, (workspace, kernels[-1].name))
    timer.start()
    r.run("Sys.sleep(50)")
    assert time.monotonic() - before < 40
    assert r.run("cat('alive')") == "alive"


def _interrupt(workspace: Workspace, kernel: str) -> None:
    import signal
    import socket

    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(workspace.place.run_dir / "ctl.sock"))
        asked.sendall(
            json.dumps({"do": "signal", "kernel": kernel, "signal": int(signal.SIGINT)}).encode() + b"\n"
        )
        assert json.loads(asked.makefile().readline()) == {"sent": True}
