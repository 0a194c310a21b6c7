"""How a submitted notebook runs again for the reviewers: papermill, in a sandbox without data, top to bottom.

`python -I -m rpp_kernel.rerun --notebook FD --result FD --cell-seconds N`. The result is one line of JSON and then the
notebook's bytes; nothing touches a file that anybody else sees.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

# A grammar that jsonschema builds at import, for a check nobody asks for: more than a second.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

PYTHON, R = "rpp", "rpp-r"
WORKSPACE = "/workspace"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`complete`, or `raised` with the cell that stopped it, or `failed` where the kernel or the notebook broke."""

    outcome: str
    message: str = ""
    cell: str = ""


def main() -> None:
    """Always writes a result, unless it is killed."""
    parser = argparse.ArgumentParser(prog="rpp_kernel.rerun", allow_abbrev=False)
    parser.add_argument("--notebook", type=int, required=True)
    parser.add_argument("--result", type=int, required=True)
    parser.add_argument("--cell-seconds", type=float, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        with os.fdopen(given.notebook, "rb") as reader:
            source.write_bytes(reader.read())
        outcome = execute(source, target, given.cell_seconds)
        result, cell = cleaned(target) if target.exists() else (b"", "")
    outcome = replace(outcome, cell=cell)
    with os.fdopen(given.result, "wb") as writer:
        writer.write(json.dumps(asdict(outcome)).encode() + b"\n" + result)


def execute(source: Path, target: Path, cell_seconds: float) -> Outcome:
    """One run. Cells that raise end it, as they would for a person who presses Run All."""
    warnings.simplefilter("ignore")
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            kernel_name=kernel_of(source),
            cwd=WORKSPACE,
            progress_bar=False,
            log_output=False,
            start_timeout=60,
            execution_timeout=int(cell_seconds),
            autosave_cell_every=0,
            request_save_on_cell_execute=False,
        )
    except PapermillExecutionError as error:
        return Outcome("raised", f"{error.ename}: {error.evalue}"[:2000])
    except CellTimeoutError:
        return Outcome("failed", f"A cell took longer than {int(cell_seconds)} seconds.")
    except DeadKernelError:
        return Outcome("failed", "The kernel died; perhaps it ran out of memory.")
    except Exception as error:
        return Outcome("failed", f"{type(error).__name__}: {error}"[:2000])
    return Outcome("complete")


def kernel_of(source: Path) -> str:
    """R where the notebook asks for it, else Python."""
    try:
        name = json.loads(source.read_bytes())["metadata"]["kernelspec"]["name"]
    except (ValueError, KeyError, TypeError):
        return PYTHON
    return R if name == R else PYTHON


def cleaned(target: Path) -> tuple[bytes, str]:
    """The notebook without papermill's notes (paths, times, environment, marks), and the id of the cell that failed."""
    notebook: dict[str, Any] = json.loads(target.read_bytes())
    notebook["metadata"].pop("papermill", None)
    cells = [cell for cell in notebook["cells"] if not _is_added(cell)]
    failed = ""
    for cell in cells:
        notes = cell["metadata"].pop("papermill", {})
        cell["metadata"].pop("execution", None)
        failed = failed or (str(cell.get("id", "")) if notes.get("exception") is True else "")
    notebook["cells"] = cells
    return json.dumps(notebook, ensure_ascii=False).encode("utf-8", "surrogatepass"), failed


def _is_added(cell: dict[str, Any]) -> bool:
    tags = cell["metadata"].get("tags", [])
    return any(tag in tags for tag in ("papermill-error-cell-tag", "injected-parameters"))


if __name__ == "__main__":
    main()
