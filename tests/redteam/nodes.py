"""Which tests are there? Told from their source, since one wrong name would keep pytest from running any."""

from __future__ import annotations

import ast
import functools

from tests.harness import CHECKOUT

TESTS = CHECKOUT / "tests"


def exists(name: str) -> bool:
    """`name` is `module::function`, below `tests/`."""
    module, _, function = name.partition("::")
    return function in _functions(module)


def node(name: str) -> str:
    """As pytest takes it."""
    module, _, function = name.partition("::")
    return f"{TESTS / module}.py::{function}"


@functools.cache
def _functions(module: str) -> frozenset[str]:
    path = TESTS / f"{module}.py"
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))
