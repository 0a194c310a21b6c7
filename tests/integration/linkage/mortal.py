"""The acts of linking, returning and the vault, for processes that die of them: see tests/integration/data/mortal.py."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.actor import Actor, Via
from rpp_hub.linkage.columns import By
from rpp_hub.services.linking import Survey
from rpp_hub.services.returning import Wanted

from tests.integration.data import mortal

OTTO = Actor("otto", Via.CLI)
Told = Callable[[str, int, int], None]


def _link(rpp: Rpp, file: str, told: Told) -> object:
    return rpp.linking.link(mortal.DORA, "absence", Survey(Path(file), By.NAME), told)


def _say(rpp: Rpp, said: str, _told: Told) -> object:
    name, pair = json.loads(said)
    return rpp.linking.decide(mortal.DORA, "absence", name, pair, accept=True)


def _finish(rpp: Rpp, name: str, told: Told) -> object:
    return rpp.linking.finish(mortal.DORA, "absence", name, told)


def _give_back(rpp: Rpp, files: str, told: Told) -> object:
    file, passphrase = json.loads(files)
    out = rpp.installation.home / "out" / "risk.sealed"
    return rpp.returning.give_back(
        mortal.DORA, "absence", Wanted(Path(file), out, passphrase=passphrase), told
    )


def _rotate(rpp: Rpp, key: str, _told: Told) -> object:
    return rpp.vaulting.rotate(OTTO, Path(key))


def _destroy(rpp: Rpp, project: str, _told: Told) -> object:
    return rpp.vaulting.destroy(mortal.DORA, project, "over")


mortal.ACTS.update(
    link=_link, say=_say, finish=_finish, give_back=_give_back, rotate=_rotate, destroy=_destroy
)
mortal.WORDS.add("say")

if __name__ == "__main__":
    mortal.main()
