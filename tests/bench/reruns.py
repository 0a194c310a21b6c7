"""The re-run of a notebook in its two sandboxes, beside plain papermill with a plain ipykernel."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from rpp_hub.bootstrap import environment_from
from rpp_hub.installation import Installation, ensure_run_dir
from rpp_hub.resources import resource
from rpp_hub.settings import Settings
from rpp_hub.workspace.rerun import RerunOutcome, rerun_notebook

from tests.harness import remove

_PAIRS = 5
_TABLE = """
import json, pathlib, sys
import numpy as np, pandas as pd
folder = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(1)
n = 200_000
pd.DataFrame({"student_id": pd.Series(rng.integers(0, 30_000, n)).map(lambda k: f"S-{k:09d}-0"), "school_year": rng.integers(2019, 2025, n),
              "grade_level": rng.integers(1, 13, n), "days_absent": rng.integers(0, 40, n)}
             ).to_parquet(folder / "classifications.parquet", index=False)
fields = [{"name": "student_id", "type": "string"}] + [{"name": n, "type": "integer"} for n in
          ("school_year", "grade_level", "days_absent")]
(folder / "datapackage.json").write_text(json.dumps({"name": "bench", "resources": [
    {"name": "classifications", "path": "classifications.parquet", "schema": {"fields": fields}}]}))
"""


def measure() -> list[tuple[float, float]]:
    """Pairs of (ours, plain papermill), in seconds, for the starter notebook on 200,000 rows."""
    folder = Path(tempfile.mkdtemp(prefix="rpp-bench-"))
    try:
        environment = environment_from({}, Settings())
        data = folder / "data"
        data.mkdir()
        subprocess.run([environment / "bin" / "python", "-c", _TABLE, str(data)], check=True)
        run_dir = ensure_run_dir(Installation(folder / "instance"))
        notebook = resource("notebooks/starter.ipynb")
        pairs = [
            (_ours(notebook, data, environment, run_dir), _plain(notebook, data, environment, folder))
            for _ in range(_PAIRS + 1)
        ]
        return pairs[1:]
    finally:
        remove(folder)


def _ours(notebook: Path, data: Path, environment: Path, run_dir: Path) -> float:
    began = time.perf_counter()
    outcome = rerun_notebook(notebook.read_bytes(), cut_data=data, environment=environment, run_dir=run_dir)
    assert outcome.outcome is RerunOutcome.COMPLETE, outcome.message
    return time.perf_counter() - began


def _plain(notebook: Path, data: Path, environment: Path, folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        [
            environment / "bin" / "python",
            "-m",
            "papermill",
            str(notebook),
            str(folder / "out.ipynb"),
            "-k",
            "python3",
            "--no-progress-bar",
        ],
        check=True,
        capture_output=True,
        env={"RPP_DATA": str(data), "PATH": f"{environment / 'bin'}:/usr/bin:/bin", "HOME": str(folder)},
    )
    return time.perf_counter() - began
