"""How fast is the data side beside the plain way? Ten million rows of attendance of 60,000 generated students.

`cut` is everything that `rpp cut build` does before its scan: choosing, drawing codes, joining, sorting, writing.
"""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from rpp_hub.cuts.plan import Agreed, agree
from rpp_hub.cuts.scan import scan_tables
from rpp_hub.cuts.scramble import identifiers, select_population, write_tables
from rpp_hub.domain.application import application_from
from rpp_hub.vault import Vault, create_vault
from rpp_hub.warehouse.build import build_masters
from rpp_hub.warehouse.check import check_district
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table, Type, codebook_json
from rpp_hub.warehouse.engine import engine
from rpp_hub.warehouse.masters import Masters, open_masters
from rpp_hub.warehouse.progress import silent
from rpp_hub.warehouse.receive import receive_drop
from rpp_hub.warehouse.tables import count_facts

Pairs = list[tuple[float, float]]
ROWS, STUDENTS = 10_000_000, 60_000
_COLUMNS = ("student_id", "school_year", "attendance_date", "status", "minutes")
_TABLE = Table(
    "attendance",
    (
        Field("student_id", identifier=Identifier.DIRECT, unit="student"),
        Field("school_year", Type.INTEGER),
        Field("attendance_date", Type.DATE),
        Field("status"),
        Field("minutes", Type.INTEGER),
    ),
)


@dataclass(frozen=True, slots=True)
class District:
    """Generated masters and a vault to cut them with."""

    folder: Path
    masters: Masters
    vault: Vault


def attendance(rows: int) -> str:
    """The rows in SQL: every student has as many, on different days of different years."""
    return f"""SELECT (10000000 + (i % {STUDENTS}) * 137)::VARCHAR AS student_id,
        (2019 + (i // {STUDENTS}) * {STUDENTS} * 6 // {rows})::INTEGER AS school_year,
        DATE '2018-09-01' + ((i // {STUDENTS}) * {STUDENTS} * 2000 // {rows})::INTEGER AS attendance_date,
        ['present', 'present', 'present', 'excused', 'unexcused', 'tardy'][1 + (hash(i) % 6)::INTEGER] AS status,
        (hash(i + 7) % 400)::BIGINT AS minutes FROM range({rows}) t(i)"""


def make_district(folder: Path, rows: int) -> District:
    """Masters as a build leaves them: sorted, compressed."""
    masters = folder / "masters"
    (masters / "attendance").mkdir(parents=True)
    with engine(folder / "spill") as con:
        target = masters / "attendance" / "part-0.parquet"
        con.execute(
            f"COPY ({attendance(rows)} ORDER BY ALL) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
    (masters / "datapackage.json").write_bytes(codebook_json(Codebook("Generated", (_TABLE,))))
    (masters / "manifest.json").write_text(json.dumps({"sha256": "0" * 64, "tables": {"attendance": rows}}))
    return District(folder, open_masters(masters), create_vault(folder / "vault"))


def asked(district: District, project: str) -> Agreed:
    """A project that is granted all of it."""
    fields = [{"name": name, "rationale": "needed"} for name in _COLUMNS]
    application = application_from(
        {
            "project": project, "title": "Bench", "district": "generated", "sponsor": "paula", "questions": ["How fast is it?"],
            "irb": {"number": "1", "ends": "2030-01-01"}, "agreement": {"ends": "2030-01-01"},
            "tables": {"attendance": {"fields": fields}}, "years": [2019, 2024],
            "members": [{"person": "rosa", "role": "lead"}],
        }
    )  # fmt: skip
    return agree(application, district.masters.codebook)


@contextmanager
def cut(district: District, project: str) -> Iterator[tuple[float, Callable[[], float]]]:
    """Make a cut; how long it took, and a function that scans it and says how long that took."""
    agreed = asked(district, project)
    data = district.folder / project
    data.mkdir()
    with engine(district.folder / "spill") as con:
        start = time.perf_counter()
        selection = select_population(con, district.masters, agreed)
        wanted = identifiers(selection)
        crosswalk = district.vault.crosswalks.extend(project, wanted)
        write_tables(selection, crosswalk, wanted, data, silent)
        took = time.perf_counter() - start

        def scanned() -> float:
            start = time.perf_counter()
            leaks = scan_tables(con, district.masters, agreed, crosswalk, data)
            if leaks:
                raise ValueError(f"the generated cut leaks: {leaks}")
            return time.perf_counter() - start

        yield took, scanned
    for path in data.iterdir():
        path.unlink()


def plain_copy(district: District) -> float:
    """DuckDB's copy of the same rows and columns, compressed alike."""
    target, names = district.folder / "copy.parquet", ", ".join(_COLUMNS)
    with duckdb.connect() as con:
        start = time.perf_counter()
        con.execute(
            f"COPY (SELECT {names} FROM {district.masters.sql('attendance')}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return time.perf_counter() - start


def with_pandas(district: District, *, unique: bool) -> float:
    """How it is done by hand: read, a keyed hash of each identifier (or each different one), sort, write."""
    key = os.urandom(32)
    start = time.perf_counter()
    frame = pd.read_parquet(district.masters.tables["attendance"], columns=list(_COLUMNS))
    column = frame["student_id"].astype(object)
    if unique:
        frame["student_id"] = column.map({value: _hashed(key, value) for value in column.unique()})
    else:
        frame["student_id"] = [_hashed(key, value) for value in column]
    frame = frame.sort_values("student_id", kind="stable")
    frame.to_parquet(district.folder / "pandas.parquet", compression="zstd", index=False)
    return time.perf_counter() - start


def _hashed(key: bytes, value: str) -> str:
    return hmac.digest(key, value.encode(), "sha256").hex()[:16]


def measure_cuts(wanted: set[str], pairs: int = 5) -> dict[str, Pairs]:
    """Each wanted comparison of a cut, pair after pair; the first pair of the fast ones warms up."""
    found: dict[str, Pairs] = {}
    with tempfile.TemporaryDirectory() as folder:
        district = make_district(Path(folder), ROWS)
        if wanted & {"cut_10m", "scan_10m"}:
            fast = [_cut_copy_and_scan(district, f"project-{n}") for n in range(pairs + 1)][1:]
            found["cut_10m"] = [(made, copied) for made, copied, _ in fast]
            found["scan_10m"] = [(scanned, made) for made, _, scanned in fast]
        for name, unique, times in (("cut_10m_vs_pandas", False, 1), ("cut_10m_vs_pandas_unique", True, 3)):
            if name in wanted:
                found[name] = [_cut_and_pandas(district, f"{name}-{n}", unique) for n in range(times)]
    return {name: pairs for name, pairs in found.items() if name in wanted}


def _cut_copy_and_scan(district: District, project: str) -> tuple[float, float, float]:
    copied = plain_copy(district)
    with cut(district, project) as (made, scan):
        return made, copied, scan()


def _cut_and_pandas(district: District, name: str, unique: bool) -> tuple[float, float]:
    with cut(district, name.replace("_", "-")) as (made, _):
        pass
    return made, with_pandas(district, unique=unique)


def measure_warehouse(wanted: set[str], pairs: int = 2) -> dict[str, Pairs]:
    """Checking and building the same rows as a CSV file, beside reading that file with DuckDB."""
    with tempfile.TemporaryDirectory() as folder:
        district = Path(folder) / "generated"
        sent = Path(folder) / "202406_attendance"
        sent.mkdir()
        file = sent / "attendance.csv"
        with duckdb.connect() as con:
            con.execute(f"COPY ({attendance(ROWS)}) TO '{file}' (FORMAT csv, HEADER)")
        drop = receive_drop(sent, district / "received", sent.name, {})
        count_facts(district, drop, silent)  # as receiving does
        check = lambda: check_district(district, "Generated", [drop.name])  # noqa: E731
        build = lambda: build_masters(district, "Generated", [drop.name])  # noqa: E731
        work = {"check_10m": check, "build_10m": build}
        return {
            name: [(_timed(act), _timed(lambda: _read(file))) for _ in range(pairs)]
            for name, act in work.items()
            if name in wanted
        }


def _read(file: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE rows AS FROM read_csv('{file}')")


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure_large_cut() -> tuple[tuple[float, float], int]:
    """A hundred million rows in a process of its own: (cut, plain copy) in seconds, and the most memory the cut took."""
    with tempfile.TemporaryDirectory() as folder:
        district = make_district(Path(folder), 10 * ROWS)
        copied = plain_copy(district)
        answer = _own_process("large", folder)
    return (answer["seconds"], copied), int(answer["peak"])


def measure_large_crosswalk() -> int:
    """The most memory that codes for six million students took, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return int(_own_process("crosswalk", folder)["peak"])


def _own_process(what: str, folder: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.data", what, folder], check=True, stdout=subprocess.PIPE
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _peak() -> int:
    """The most memory this process itself ever held. Not ru_maxrss, which begins with the parent's."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def _main(what: str, folder: Path) -> None:
    seconds = 0.0
    if what == "large":
        district = District(folder, open_masters(folder / "masters"), create_vault(folder / "large"))
        with cut(district, "large-project") as (seconds, _):
            pass
    else:
        students = pa.array(np.arange(10_000_000, 16_000_000)).cast(pa.string())
        create_vault(folder / "vault").crosswalks.extend("state", {"student": students})
    print(json.dumps({"seconds": seconds, "peak": _peak()}))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
