"""The cuts that the notebooks read: one of the synthetic district, made as every cut is, and the sample district's tables."""

from __future__ import annotations

import json
from pathlib import Path

from rpp_hub.synthetic import write_district

from tests.bench.kernels import SAMPLE, make_sample
from tests.factories import actor
from tests.integration.data.conftest import approve, make_home

STUDENTS = 1500


def make_district(folder: Path, students: int = STUDENTS) -> Path:
    """A district received, built, and cut for a project that asked for all that may be shared."""
    files = folder / "received"
    files.mkdir(parents=True)
    write_district(files, students=students)
    rpp, dora = make_home(folder / "home"), actor("dora")
    for path in sorted(files.iterdir()):
        rpp.warehousing.receive(dora, path, "bayview")
    rpp.warehousing.build(dora, "bayview")
    approve(rpp, "gaps", json.dumps(_application(rpp)))
    cut: Path = rpp.cutting.build(dora, "gaps").path
    return next(path.parent for path in sorted(cut.rglob("student_tests.parquet")))


def _application(rpp: object) -> dict[str, object]:
    warehousing = rpp.warehousing  # type: ignore[attr-defined]
    tables = {
        table: {"fields": [{"name": field, "rationale": "needed"} for field in fields]}
        for table, fields in warehousing.shareable_fields("bayview").items()
    }
    return {
        "project": "gaps", "title": "Gaps in attendance", "district": "bayview", "sponsor": "paula",
        "questions": ["How large are the gaps?"], "irb": {"number": "1", "ends": "2030-01-01"},
        "agreement": {"ends": "2030-01-01"}, "tables": tables, "years": list(warehousing.years("bayview")),
        "members": [{"person": "rosa", "role": "lead"}],
    }  # fmt: skip


def make_cuts(folder: Path) -> dict[str, Path]:
    """Both, by the name that a notebook gives; without the sample where that is not here."""
    found = {"district": make_district(folder / "district")}
    if SAMPLE.exists():
        make_sample(folder / "sample")
        found["sample"] = folder / "sample"
    return found
