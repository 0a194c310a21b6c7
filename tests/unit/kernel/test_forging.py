"""Code that forges what its own kernel says of an output, in the re-run as well: it gains nothing, in each of many ways.

The table is of four students, and each attack makes the kernel say that it is of hundreds. The control shows that the attack
works: the kernel's evidence alone leads to no finding. Then the trusted side counts again, or says that it could not and that the
code does what analyses need not.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from rpp_review.checks import Finding, Outcome
from rpp_review.checks.plain_code import unusual
from rpp_review.checks.recounted import Recount, Verdict

from tests.unit.kernel.conftest import CHECKOUT, kernel
from tests.unit.kernel.rerunning import SETS, Examined, examined, run_cells
from tests.workspace.books import notebooks

START = """
import pandas as pd
rows = pd.read_parquet("CUT/enrollment.parquet")
few = rows[rows["race"] == "other"]
many = rows[rows["race"] == "white"].groupby("race")["grade"].mean().to_frame()
table = few.groupby("race")["grade"].mean().to_frame()
many
"""
SHOW = "table"
SET = "inner._number, inner._share = (lambda found: 300), (lambda found: None)"
# A module of the kernel's is found under a name that is put together, so that no list of words in a source helps.
FIND = "inner = [m for n, m in list(__import__('sys').modules.items()) if n.endswith('evidence.' + '{name}')][0]\n"
INNER = f"import sys; inner = sys.modules['rpp_' + 'kernel.evidence.describe']; {SET}"

FORGERIES = {
    "through all modules": FIND.format(name="describe") + SET,
    "through importlib": f"import importlib\ninner = importlib.import_module('rpp_' + 'kernel.evi' + 'dence.describe')\n{SET}",
    "through a function's own names": (
        "inner = get_ipython().display_formatter.format.__globals__['sys'].modules['rpp_' + 'kernel.evidence.describe']\n" + SET
    ),
    "through the garbage collector": (
        "import gc, types\n"
        "for one in gc.get_objects():\n"
        "    if isinstance(one, types.FunctionType) and (one.__module__ or '').endswith('evidence.describe'):\n"
        "        if one.__qualname__ == '_number': one.__code__ = (lambda found: 300).__code__\n"
        "        if one.__qualname__ == '_share': one.__code__ = (lambda found: None).__code__"
    ),
    "through the class of what is counted": FIND.format(name="counting")
    + "plain = inner.Stats.__init__\n"
    + "def made(self, units, rows, one, two): plain(self, units * 0 + 300, rows, one * float('nan'), two * float('nan'))\n"
    + "inner.Stats.__init__ = made",
    "through code in a text": "exec(__import__('base64').b64decode('PACKED'))",
    "through a pickle": (
        "import pickle\n"
        "class Carried:\n"
        f"    def __reduce__(self): return exec, ({INNER!r},)\n"
        "_ = pickle.loads(pickle.dumps(Carried()))"
    ),
    "through ctypes": (
        "import ctypes, sys\n"
        "inner = ctypes.py_object(sys.modules['rpp_' + 'kernel.evidence.describe'])\n"
        "_ = ctypes.pythonapi.PyObject_SetAttrString(inner, b'_number', ctypes.py_object(lambda found: 300))\n"
        "_ = ctypes.pythonapi.PyObject_SetAttrString(inner, b'_share', ctypes.py_object(lambda found: None))"
    ),
    "through another cut": (
        "import os, tempfile, pathlib\n"
        "place, whole = pathlib.Path(tempfile.mkdtemp()), pathlib.Path('CUT')\n"
        "_ = (place / 'datapackage.json').write_bytes((whole / 'datapackage.json').read_bytes())\n"
        "other = pd.concat([few] * 20); other['student'] = [f'S-{i:09d}-0' for i in range(len(other))]\n"
        "other.to_parquet(place / 'enrollment.parquet', index=False)\n"
        "os.environ['RPP_DATA'] = str(place)\n"
        "[m for n, m in list(__import__('sys').modules.items()) if n.endswith('evidence.' + 'units')][0].forget()\n"
        "table = pd.read_parquet(place / 'enrollment.parquet').groupby('race')['grade'].mean().to_frame()"
    ),
    "through the reader of the units' column": (
        "import pyarrow, pyarrow.parquet as reader\n"
        "plain = reader.read_table\n"
        "def read(path, columns=None, **more):\n"
        "    found = plain(path, columns=columns, **more)\n"
        "    if columns != ['student']: return found\n"
        "    made = [f'S-{i:09d}-0' for i in range(found.num_rows)]\n"
        "    return pyarrow.table({'student': pyarrow.array(made).dictionary_encode()})\n"
        "reader.read_table = read\n"
        "[m for n, m in list(__import__('sys').modules.items()) if n.endswith('evidence.' + 'units')][0].forget()"
    ),
    "through the rows that an index remembers": (
        "for axis, other in ((table.index, many.index), (table.columns, many.columns)):\n"
        "    for name in list(vars(other)):\n"
        "        if 'rpp' in name: vars(axis)[name] = vars(other)[name]"
    ),
    "through numbers written over": (
        "array = many['grade'].to_numpy(); array.flags.writeable = True\n"
        "array[:] = table['grade'].to_numpy()\n"
        "table = many"
    ),
    "through the shell's formatter": (
        "plain = get_ipython().display_formatter.format\n"
        "def format(shown, *more, **named):\n"
        "    return (plain(shown, *more, **named)[0], plain(many)[1])\n"
        "get_ipython().display_formatter.format = format"
    ),
    "through a display of its own": (
        "evidence = get_ipython().display_formatter.format(many)[1]\n"
        "get_ipython().display_formatter.format = lambda shown, *more, **named: ({'text/html': shown.to_html()}, evidence)"
    ),
    "by saying nothing": (
        "formatter = get_ipython().display_formatter\n"
        "formatter.format = type(formatter).format.__get__(formatter)"
    ),
    "by leaving out the witness": (
        FIND.format(name="exact") + "inner.write = lambda *more: None\n" + FIND.format(name="describe") + SET
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def cut(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a codebook that says who its rows are about."""
    folder = tmp_path_factory.mktemp("units")
    for path in cut.glob("*.parquet"):
        (folder / path.name).write_bytes(path.read_bytes())
    field = {"name": "student", "rpp": {"unit": "student"}}
    package = {"resources": [{"name": "enrollment", "schema": {"fields": [field]}}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder


def run(cut: Path, folder: Path, forgery: str) -> Examined:
    """The notebook with a forgery between table and display."""
    packed = base64.b64encode(INNER.encode()).decode()
    cells = [START, forgery.replace("PACKED", packed), SHOW]
    with kernel(folder, ours=True, home=folder, RPP_DATA=str(cut), **SETS) as running:
        return examined(run_cells(running, [cell.replace("CUT", str(cut)) for cell in cells]), cut)


def _fails(findings: tuple[Finding, ...]) -> list[str]:
    return [
        f.summary
        for f in findings
        if f.identity == "c2:0" and f.check == "behind" and f.outcome is Outcome.FAIL
    ]


def test_an_honest_notebook_is_counted_again_and_the_small_group_is_found(cut: Path, tmp_path: Path) -> None:
    found = run(cut, tmp_path, "1")
    assert found.recounts["c2:0"] == Recount(Verdict.RECOUNTED, "", ("race = other",))
    assert _fails(found.alone) == ["The value stands for fewer than 10 students."]


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_forgery_gains_nothing(name: str, cut: Path, tmp_path: Path) -> None:
    found = run(cut, tmp_path, FORGERIES[name])
    assert _fails(found.alone) == [], "the control: what the kernel says leads to no finding"
    assert [f for f in found.stopped("c2:0") if f not in found.alone], found.recounts


@pytest.mark.parametrize("name", list(FORGERIES))
def test_what_a_forgery_does_is_said_to_be_unusual(name: str) -> None:
    assert unusual([FORGERIES[name]])


def test_notebooks_as_researchers_write_them_are_not_unusual() -> None:
    found = {book.name: unusual(cell.code for cell in book.cells) for book in notebooks()}
    assert {name: told for name, told in found.items() if told} == {}


def test_the_starter_is_not_unusual() -> None:
    starter = json.loads((CHECKOUT / "notebooks" / "starter.ipynb").read_bytes())
    assert unusual("".join(c["source"]) for c in starter["cells"] if c["cell_type"] == "code") == ()
