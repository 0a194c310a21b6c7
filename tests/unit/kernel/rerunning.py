"""A notebook run in a kernel as the hub's re-run does, and all that is found out about its outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpp_hub.recount.recounting import recount
from rpp_review.checks import Appetite, Finding, Outcome, Surroundings, run_checks
from rpp_review.checks.behind import without_evidence
from rpp_review.checks.plain_code import unusual
from rpp_review.checks.recounted import Recount, Verdict, examine_recounts
from rpp_review.evidence import Evidence, evidence_by_identity
from rpp_review.items import Kind, NormalForm
from rpp_review.normal_form import normal_form

from tests.unit.kernel.conftest import Running

SETS = {"RPP_EVIDENCE_SETS": "1"}


@dataclass(frozen=True, slots=True)
class Examined:
    """What the examination says of a notebook's outputs."""

    form: NormalForm
    told: dict[str, Evidence]
    recounts: dict[str, Recount]
    alone: tuple[Finding, ...]  # without the controls of this module: what the kernel's own evidence leads to
    findings: tuple[Finding, ...]

    def stopped(self, identity: str) -> list[Finding]:
        """What a reviewer must look at or is told to refuse of an output."""
        return [f for f in self.findings if f.identity == identity and f.outcome is not Outcome.PASS]


def run_cells(running: Running, sources: list[str]) -> bytes:
    """The notebook with its outputs."""
    cells = [_cell(running, number, source) for number, source in enumerate(sources)]
    metadata = {"kernelspec": {"name": "rpp", "display_name": "rpp"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


def _cell(running: Running, number: int, source: str) -> dict[str, Any]:
    outputs: list[dict[str, Any]] = []

    def take(message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            outputs.append({"output_type": kind, "name": content["name"], "text": content["text"]})
        elif kind in ("display_data", "execute_result"):
            more = {"execution_count": 1} if kind == "execute_result" else {}
            outputs.append(
                {"output_type": kind, "data": content["data"], "metadata": content["metadata"], **more}
            )
        elif kind == "error":
            raise AssertionError("\n".join(content["traceback"]))

    running.client.execute_interactive(source, timeout=60, output_hook=take)
    return {
        "cell_type": "code", "id": f"c{number}", "metadata": {}, "execution_count": 1, "source": source, "outputs": outputs,
    }  # fmt: skip


def examined(notebook: bytes, cut: Path) -> Examined:
    """As the hub's examination does it, where the notebook is its own re-run."""
    form, told = normal_form(notebook), evidence_by_identity(notebook)
    recounts = recount(form, told, cut)
    outputs = [item for item in form.items if item.kind is not Kind.SOURCE]
    sources = [cell["source"] for cell in json.loads(notebook)["cells"]]
    alone = run_checks(NormalForm(tuple(outputs)), Appetite(), Surroundings(), told, told)
    controls = (*without_evidence(outputs, told), *examine_recounts(recounts, unusual(sources)))
    return Examined(form, told, recounts, alone, (*alone, *controls))


def recounted(output: dict[str, Any], cut: Path) -> Recount:
    """What came of counting a single displayed output again."""
    shown = {"output_type": "display_data", "data": output["data"], "metadata": output["metadata"]}
    cell = {
        "cell_type": "code", "id": "c", "metadata": {}, "execution_count": 1, "source": "", "outputs": [shown],
    }  # fmt: skip
    notebook = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    found = recount(normal_form(notebook), evidence_by_identity(notebook), cut)
    return found.get("c:0", Recount(Verdict.KERNEL, "it is dropped"))
