"""What does `%pip install` do in a workspace? It says how a package is had, since nothing can be installed from inside."""

from __future__ import annotations

from typing import Any

INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")
SENTENCE = (
    "Nothing can be installed from inside a workspace: its environment is one locked, read-only version for everybody, and "
    "there is no network. rpp.packages() shows what is there. Ask for another package in the portal, under Environment: the "
    "operator adds it to a new version, which your next workspace opens in."
)


def refuse_installing(shell: Any) -> None:
    """IPython's own magics would only fail, after a while and in many lines."""
    for name in INSTALLERS:
        shell.register_magic_function(_say, magic_kind="line", magic_name=name)


def _say(line: str) -> None:
    print(SENTENCE)
