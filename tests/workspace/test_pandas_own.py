"""pandas' own tests of what is watched: not one more fails with the instrumentation than without.

Every frame they make is passed off as coming from the cut, so that each watched method has something to note.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

TESTS = Path(pandas.__file__).parent / "tests"
WHAT = (
    "reshape/test_crosstab.py", "reshape/test_pivot.py", "frame/methods/test_describe.py",
    "series/methods/test_describe.py", "groupby/methods",
)  # fmt: skip
PLUGIN = """
import pandas as pd
from rpp_kernel.evidence.install import install
from rpp_kernel.evidence.origin import ORIGIN
from rpp_kernel.evidence.watch_sources import give_source

install()
original = pd.DataFrame.__init__


def init(self, *args, **kwargs):
    original(self, *args, **kwargs)
    if len(self.index) and ORIGIN not in self.index.__dict__:
        give_source(self, "years", len(self.index))


pd.DataFrame.__init__ = init
"""
# They ask for a zone's offset in a way that the zone files of some systems do not answer; they fail without us as well.
NOT_OURS = re.compile(r"dateutil/")


@pytest.mark.skipif(not TESTS.is_dir(), reason="this build of pandas comes without its own tests")
def test_pandas_own_tests_pass_with_the_instrumentation(tmp_path: Path) -> None:
    (tmp_path / "watched_plugin.py").write_text(PLUGIN, encoding="utf-8")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import pytest; "
        "sys.exit(pytest.main(['-p', 'watched_plugin', '-p', 'no:cacheprovider', '-q', '-W', 'ignore', '--tb=line', "
        "'-o', 'addopts=', *sys.argv[2:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *(str(TESTS / one) for one in WHAT)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert not [line for line in failed if not NOT_OURS.search(line)], "\n".join(failed)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout[-2000:] + done.stderr[-2000:]
    assert int(passed[1]) > 4000
