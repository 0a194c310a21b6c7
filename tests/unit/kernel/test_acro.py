"""What acro makes is read as evidence, also as its own records keep it; what it prints of itself is not guessed at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from rpp_review.checks.recounted import Verdict

from tests.unit.kernel.conftest import kernel
from tests.unit.kernel.rerunning import SETS, examined, run_cells

MADE = """
import contextlib, io
import acro, rpp
frame = rpp.load("enrollment", columns=["student", "school_year", "race"])
with contextlib.redirect_stderr(io.StringIO()):
    session = acro.ACRO(suppress=False)
    table = session.crosstab(frame["school_year"], frame["race"])
record = next(iter(session.results.results.values()))
"""


def test_a_table_of_acro_is_counted_again_also_out_of_its_record(cut: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(cut / "enrollment.parquet", data)
    fields = [{"name": "student", "rpp": {"unit": "student"}}]
    package = {"resources": [{"name": "enrollment", "schema": {"fields": fields}}]}
    (data / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    with kernel(tmp_path, ours=True, home=tmp_path, RPP_DATA=str(data), **SETS) as running:
        book = run_cells(running, [MADE, "table", "record.output[0]", "print(record)"])
    found = examined(book, data)
    verdicts = {identity: one.verdict for identity, one in found.recounts.items()}
    assert [verdicts[one] for one in ("c1:0", "c2:0")] == [Verdict.RECOUNTED] * 2
    assert found.told["c3:0"]["status"] == "unknown"
