"""What would a reviewer find in this notebook now? The same checks as at the hub, on the notebook as it was last saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rpp.folder import CutError, tables
from rpp.loading import columns

if TYPE_CHECKING:
    import pandas

SESSION = "JPY_SESSION_NAME"  # set by ipykernel and our provisioner: the notebook's path


def check(notebook: str | Path | None = None) -> pandas.DataFrame:
    """Findings for each output: how grave, what, where and how to mend it. Empty when a reviewer would find nothing.

    The hub runs the notebook again before anybody reviews it; its findings count, these are a look ahead.
    """
    import pandas
    from rpp_review.checks import Outcome, Surroundings, appetite_told, run_checks
    from rpp_review.evidence import evidence_by_identity
    from rpp_review.normal_form import InvalidNotebook, normal_form

    path = _notebook(notebook)
    try:
        content = path.read_bytes()
        form = normal_form(content)
    except OSError:
        raise CutError(f"The notebook {path} cannot be read. Save it first (Ctrl-S).") from None
    except InvalidNotebook as error:
        raise CutError(f"The notebook {path.name} cannot be checked. {error.message}") from None
    surroundings = Surroundings(columns={table: tuple(columns(table)) for table in tables()})
    appetite = appetite_told(os.environ.get("RPP_APPETITE", ""))
    titles = {item.identity: item.title for item in form.items}
    rows = [
        {
            "output": titles.get(found.identity, found.identity), "outcome": str(found.outcome), "what": found.summary,
            "where": found.where, "mend": found.remedy,
        }
        for found in run_checks(form, appetite, surroundings, evidence_by_identity(content))
        if found.outcome is not Outcome.PASS
    ]  # fmt: skip
    return pandas.DataFrame(rows, columns=["output", "outcome", "what", "where", "mend"])


def _notebook(given: str | Path | None) -> Path:
    name = given or os.environ.get(SESSION)
    if not name:
        raise CutError('Name the notebook: rpp.check("analysis.ipynb").')
    path = Path(name)
    for candidate in (path, Path.cwd() / path.name):
        if candidate.is_file():
            return candidate
    raise CutError(
        f'There is no notebook {path.name} here. Save it first, or name it: rpp.check("analysis.ipynb").'
    )
