"""A small cut, pandas watched, and DuckDB to count by itself what is behind each cell."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 students in up to three years, and who they are; some values are missing."""
    import pandas

    folder = tmp_path_factory.mktemp("cut")
    chance = random.Random(11)
    codes = [f"S-{''.join(chance.choices(SYMBOLS, k=9))}-{chance.choice(SYMBOLS)}" for _ in range(120)]
    rows = [
        (
            code,
            year,
            chance.choice("NSEW"),
            chance.randint(0, 3),
            chance.choice([None, *range(0, 40)]),
            chance.randint(100, 180),
        )
        for code in codes
        for year in (2018, 2019, 2020)
        if chance.random() < 0.8
    ]
    names = ["student_id", "school_year", "school", "grade", "absent", "enrolled"]
    pandas.DataFrame(rows, columns=names).to_parquet(folder / "years.parquet", index=False)
    who = [
        (code, chance.choice("FMX" if chance.random() < 0.1 else "FM"), chance.choice(["a", "b", "c", None]))
        for code in codes[:110]
    ]
    pandas.DataFrame(who, columns=["student_id", "sex", "race"]).to_parquet(
        folder / "people.parquet", index=False
    )
    unit = {"name": "student_id", "rpp": {"unit": "student"}}
    resources = [{"name": name, "schema": {"fields": [unit]}} for name in ("years", "people")]
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}), encoding="utf-8")
    return folder


@pytest.fixture
def watched(cut: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """pandas with the kernel's instrumentation, and the cut in its place."""
    from rpp_kernel.evidence import units
    from rpp_kernel.evidence.install import install

    monkeypatch.setenv("RPP_DATA", str(cut))
    units.forget()
    install()
    yield cut
    units.forget()
