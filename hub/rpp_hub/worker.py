"""Examines what was submitted and releases what was approved, one after the other, for as long as it runs.

It keeps no state of its own: what is to be done is read from the requests, so that killing it at any moment loses
nothing and a second life goes on.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from rpp_hub.bootstrap import Rpp, home_from, open_installation
from rpp_hub.domain.errors import ActionRefused, RppError
from rpp_hub.domain.tracing import traced

log = logging.getLogger("rpp.worker")

_PAUSE = 1.0
_LONGEST_PAUSE = 300.0


def work_once(rpp: Rpp, postponed: dict[str, float], now: float) -> int:
    """One look at what waits; answers how much was done. What fails is tried again later and later, never forgotten."""
    done = 0
    for kind, pending, do in _work(rpp):
        for name in pending():
            key = f"{kind} {name}"
            if postponed.get(key, 0.0) > now:
                continue
            try:
                with traced("work"):
                    do(name)
                postponed.pop(key, None)
                done += 1
            except ActionRefused as error:
                log.warning("%s waits: %s", key, error.code)
                postponed[key] = now + _LONGEST_PAUSE / 5
            except (RppError, OSError) as error:
                log.error("%s failed and is tried again: %s", key, error)
                postponed[key] = now + _LONGEST_PAUSE / 10
            except Exception:  # one request that cannot be examined must not keep all others waiting
                log.exception("%s failed and is tried again", key)
                postponed[key] = now + _LONGEST_PAUSE / 10
    return done


def _work(rpp: Rpp) -> tuple[tuple[str, Callable[[], tuple[str, ...]], Callable[[str], object]], ...]:
    return (
        ("step", rpp.living.due, rpp.living.do),
        ("placing of", rpp.ingress.unplaced, rpp.ingress.place),
        ("alarm of", rpp.egress.unnoted, rpp.egress.note),
        ("release of", rpp.releasing.pending, rpp.releasing.release),
        ("mail to", rpp.notices.pending, rpp.notices.send),
        ("examination of", rpp.examination.pending, rpp.examination.examine),
    )


def main() -> None:
    """Run until SIGTERM, which may come in the middle of a re-run: a second life begins that anew."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    rpp = open_installation(home_from(os.environ))
    postponed: dict[str, float] = {}
    while True:
        if not work_once(rpp, postponed, time.monotonic()):
            time.sleep(_PAUSE)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
