"""`make fuzz MINUTES=…`: feed the targets what a coverage-guided fuzzer makes of their seeds; one JSON object at the end.

Each input's first byte chooses the target. What broke a property is written into the folder and printed; a second run
takes up the corpus where the first left it.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ.get("TMPDIR", "/tmp")) / f"rpp-fuzz-corpus-{os.getuid()}"
LONGEST = 4096


def main() -> int:
    """Runs the fuzzer in a process of its own, since a crash ends it."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if given.inside:
        return fuzz(rest)
    try:
        import atheris  # noqa: F401 - looked for, used in the other process
    except ImportError:
        print("atheris is not installed: python -m pip install -r requirements/fuzz.txt", file=sys.stderr)
        return 2
    corpus = given.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    write_seeds(corpus)
    command = (
        sys.executable, "-m", "tests.fuzz", "--inside", "--", f"-max_total_time={int(given.minutes * 60)}", f"-max_len={LONGEST}",
        f"-artifact_prefix={given.folder}/", "-print_final_stats=1", "-timeout=60", "-rss_limit_mb=4096", str(corpus),
    )  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    runs = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
    print(done.stderr[-4000:] if done.returncode else "", file=sys.stderr, end="")
    report = {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "inputs": int(runs[-1]) if runs else None,
        "corpus": sum(1 for _ in corpus.iterdir()),
        "broken": done.returncode != 0,
    }
    print(json.dumps(report), flush=True)
    return 1 if done.returncode else 0


def write_seeds(corpus: Path) -> None:
    from tests.fuzz.targets import SEEDS

    for number, (name, seeds) in enumerate(SEEDS.items()):
        for index, seed in enumerate(seeds):
            (corpus / f"seed-{name}-{index}").write_bytes(bytes([number]) + seed)


def fuzz(arguments: list[str]) -> int:
    """Does not return: libFuzzer ends the process."""
    import atheris

    # of each request that is none, aiohttp would tell a traceback: a gigabyte an hour
    logging.getLogger("aiohttp").addHandler(logging.NullHandler())
    logging.getLogger("aiohttp").propagate = False
    with atheris.instrument_imports(include=["rpp_hub.workspace"]):
        from tests.fuzz.targets import SEEDS, targets
    with targets() as known:
        order = [known[name] for name in SEEDS]

        def one(data: bytes) -> None:
            if data:
                order[data[0] % len(order)](data[1:])

        atheris.Setup([sys.argv[0], *[word for word in arguments if word != "--"]], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
