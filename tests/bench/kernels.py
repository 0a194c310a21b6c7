"""Our kernel beside a plain ipykernel of the same environment: starting, empty cells, groupbys of ten million records, a
notebook of two hundred cells. Both are started in the same way, without a sandbox, and asked the same by the same client.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from tests.harness import CHECKOUT
from tests.unit.kernel.conftest import Running, kernel

FIGURES = (
    "kernel_start", "empty_cell", "groupby_10m_hidden", "groupby_10m_shown", "groupby_10m_memory", "notebook_200_cells",
)  # fmt: skip
ROWS, STUDENTS = 10_000_000, 60_000
SAMPLE = CHECKOUT.parent / "shared" / "data" / "sdp_college_going"
Pairs = list[tuple[float, float]]

_GROUPED = 'df.groupby(["school_year", "school"])["minutes"].mean()'


@contextmanager
def both(data: Path) -> Iterator[tuple[Running, Running]]:
    """Ours and a plain one, on the same data."""
    with ExitStack() as stack:
        yield (_started(stack, data, ours=True), _started(stack, data, ours=False))


def _started(stack: ExitStack, data: Path, *, ours: bool) -> Running:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
    return stack.enter_context(kernel(home, ours=ours, home=home, RPP_DATA=str(data)))


def cell(running: Running, code: str) -> float:
    """How long a cell takes, from its being sent to its last message."""
    start = time.perf_counter()
    running.client.execute_interactive(code, timeout=300, output_hook=_ignore)
    return time.perf_counter() - start


def _ignore(message: dict[str, object]) -> None:
    if message["msg_type"] == "error":
        raise ValueError(f"a cell of the benchmark failed: {message['content']}")


def measure(wanted: set[str]) -> dict[str, Pairs]:
    """The wanted comparisons, each pair one after the other."""
    found: dict[str, Pairs] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        if "kernel_start" in wanted:
            found["kernel_start"] = [(_start(data, ours=True), _start(data, ours=False)) for _ in range(8)][
                1:
            ]
        if "empty_cell" in wanted:
            found["empty_cell"] = _empty_cells(data)
        if wanted & {"groupby_10m_hidden", "groupby_10m_shown", "groupby_10m_memory"}:
            make_attendance(data)
            found.update(_groupbys(data))
        if "notebook_200_cells" in wanted and SAMPLE.exists():
            sample = data / "sample"
            make_sample(sample)
            found["notebook_200_cells"] = [
                (_notebook(sample, ours=True), _notebook(sample, ours=False)) for _ in range(4)
            ][1:]
    return {name: pairs for name, pairs in found.items() if name in wanted}


def _start(data: Path, *, ours: bool) -> float:
    with ExitStack() as stack:
        start = time.perf_counter()
        running = _started(stack, data, ours=ours)
        cell(running, "pass")
        return time.perf_counter() - start


def _empty_cells(data: Path, cells: int = 100) -> Pairs:
    with both(data) as (ours, theirs):
        for running in (ours, theirs):
            cell(running, "import pandas")
        blocks = [[sum(cell(one, "pass") for _ in range(cells)) for one in (ours, theirs)] for _ in range(8)]
    return [(first, second) for first, second in blocks[1:]]


def _groupbys(data: Path) -> dict[str, Pairs]:
    """Hidden, shown, and the most memory that a kernel held: each in kernels that have read the same columns."""
    read = f'import pandas as pd; df = pd.read_parquet("{data}/attendance.parquet", columns=["school_year", "school", "status", "minutes"])'
    hidden, shown, memory = [], [], []
    for _ in range(2):
        with both(data) as pair:
            for one in pair:
                cell(one, read)
            # The first rounds are the memory allocator's: in both kernels they take longer, and not equally long.
            rounds = [[cell(one, f"kept = {_GROUPED}") for one in pair] for _ in range(9)]
            hidden += [(first, second) for first, second in rounds[4:]]
            rounds = [[cell(one, _GROUPED) for one in pair] for _ in range(5)]
            shown += [(first, second) for first, second in rounds[1:]]
            memory.append((_most_memory(pair[0]), _most_memory(pair[1])))
    return {"groupby_10m_hidden": hidden, "groupby_10m_shown": shown, "groupby_10m_memory": memory}


def _most_memory(running: Running) -> float:
    """The most that the process held, in bytes (VmHWM)."""
    printed, _ = running.run('print(open("/proc/self/status").read())')
    found = re.search(r"VmHWM:\s+(\d+) kB", printed)
    if found is None:
        raise ValueError("the kernel's memory cannot be read")
    return float(found[1]) * 1024


def make_attendance(folder: Path) -> None:
    """Ten million records of 60,000 students as a cut has them: in the order of codes."""
    sql = f"""SELECT 'S-' || lpad(((i % {STUDENTS}) * 137)::VARCHAR, 9, '0') || '-X' AS student_id,
        (2019 + (i // {STUDENTS}) * {STUDENTS} * 6 // {ROWS})::BIGINT AS school_year, (hash(i + 3) % 133)::BIGINT AS school,
        ['present', 'excused', 'unexcused', 'tardy'][1 + (hash(i) % 4)::INTEGER] AS status,
        (hash(i + 7) % 400)::DOUBLE AS minutes FROM range({ROWS}) t(i) ORDER BY 1"""
    with duckdb.connect() as con:
        con.execute(f"COPY ({sql}) TO '{folder}/attendance.parquet' (FORMAT parquet, COMPRESSION zstd)")
    _codebook(folder, {"attendance": "student_id"})


def make_sample(folder: Path) -> None:
    """The sample district's tables as a cut; its student number is a code already."""
    folder.mkdir()
    tables = {"classifications": "Student_Classifications_Raw", "demographics": "Student_Demographics_Raw"}
    with duckdb.connect() as con:
        for name, file in tables.items():
            con.execute(
                f"COPY (SELECT * REPLACE (sid::VARCHAR AS sid) FROM read_csv('{SAMPLE}/{file}.csv') ORDER BY sid) TO '{folder}/{name}.parquet' (FORMAT parquet)"
            )
    _codebook(folder, dict.fromkeys(tables, "sid"))


def _codebook(folder: Path, units: dict[str, str]) -> None:
    resources = [
        {"name": table, "schema": {"fields": [{"name": column, "rpp": {"unit": "student"}}]}}
        for table, column in units.items()
    ]
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}), encoding="utf-8")


def cells_of_a_notebook(folder: Path) -> list[str]:
    """Two hundred cells as an analyst of absence writes them."""
    first = [
        "import pandas as pd\nimport numpy as np\nimport matplotlib.pyplot as plt",
        f"classes = pd.read_parquet('{folder}/classifications.parquet')\npeople = pd.read_parquet('{folder}/demographics.parquet')",
        "people = people.drop_duplicates('sid')\ndata = classes.merge(people[['sid', 'male', 'race_ethnicity']], on='sid', how='left')",
        "data['rate'] = data['total_days_absent'] / data['total_days_enrolled'].where(data['total_days_enrolled'] > 0)",
        "data['often'] = data['rate'] > 0.1\ndata.shape",
    ]
    round_ = [
        "part = data[data['grade_level'] == {grade}]",
        "part.groupby('race_ethnicity')['rate'].mean()",
        "part.groupby(['male', 'iep'])['rate'].agg(['mean', 'count'])",
        "pd.crosstab(part['race_ethnicity'], part['often'], normalize='index').round(3)",
        "table = part.pivot_table(values='rate', index='race_ethnicity', columns='male', aggfunc='mean')\ntable.round(2)",
        "gap = part.loc[part['iep'] == 1, 'rate'].mean() - part.loc[part['iep'] == 0, 'rate'].mean()\nprint(f'grade {grade}: {{gap:.3f}}')",
        "part['rate'].describe()",
        "part['school_year'].value_counts().sort_index()",
        "share = part.groupby('school_year')['often'].mean() * 100\nshare.round(1)",
        "trend = data[data['grade_level'] <= {grade}].groupby('school_year')['total_days_absent'].sum()\ntrend.diff().head()",
        "wide = part.groupby(['school_year', 'ell'])['rate'].median().unstack()\nwide",
        "band = pd.cut(part['rate'], [0, 0.05, 0.1, 0.2, 1], include_lowest=True)\nband.value_counts().sort_index()",
        "np.round(part[['total_days_absent', 'days_suspended_out_of_school']].corr(), 2)",
        "fig, ax = plt.subplots()\npart.groupby('school_year')['rate'].mean().plot(ax=ax)\nax.set_title('Absence, grade {grade}')",
        "plt.close('all')",
    ]
    every = first + [line.format(grade=grade) for grade in range(13) for line in round_]
    return every[:200]


def _notebook(folder: Path, *, ours: bool) -> float:
    with ExitStack() as stack:
        start = time.perf_counter()
        running = _started(stack, folder, ours=ours)
        for code in cells_of_a_notebook(folder):
            cell(running, code)
        return time.perf_counter() - start
