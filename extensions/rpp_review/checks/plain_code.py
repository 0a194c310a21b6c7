"""Does a notebook's code do anything that an analysis need not, by which it could change what its own kernel says of it?

A list of what may be done, not of what may not: packages of analyses, no name that begins with an underscore, no attribute set on
what is not a frame, nothing that makes code of text. What is not on it is said to the reviewer; it is no fault by itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

PACKAGES = frozenset(
    "rpp pandas numpy scipy statsmodels sklearn linearmodels pyfixest matplotlib seaborn plotly altair acro duckdb pyarrow polars "
    "math cmath statistics random datetime calendar time decimal fractions itertools functools collections operator re string json "
    "textwrap typing dataclasses enum pathlib warnings logging os.path csv io IPython.display tqdm patsy great_tables tabulate "
    "__future__ abc copy numbers contextlib hashlib uuid".split()
)
# Ways out of these packages' own names, or into the memory and code of others.
CALLS = frozenset(
    "exec eval compile __import__ getattr setattr delattr vars globals locals breakpoint open input memoryview".split()
)
NAMES = frozenset(
    "sys os gc ctypes ctypeslib inspect importlib builtins modules pickle cloudpickle joblib marshal dill shelve code codeop types weakref "
    "threading multiprocessing subprocess socket signal faulthandler tracemalloc atexit get_ipython import_module import_optional_dependency "
    "read_pickle to_pickle memmap fromfile as_strided lib core register_cell_magic run_cell ast_transformers events display_pub "
    "display_formatter publish update_display publish_display_data f2py distutils testing compat util settrace setprofile".split()
)
SETTABLE = frozenset(
    "columns index name names attrs options dtype width height title precision max_rows max_columns float_format".split()
)
DATA_LIBRARIES = frozenset(
    ("core", "util", "compat", "testing", "lib", "code", "types", "events")
)  # ordinary words as a frame's columns
MAGICS = re.compile(
    r"^\s*%(?:matplotlib\s+\w+|config\s+InlineBackend\.\w+\s*=.*|%?time(?:it)?\b|%capture.*|precision\s+\d+)\s*"
)
OWN_METHODS = frozenset(("__init__", "__post_init__", "__call__"))
_REACHING = re.compile(
    r"@\w+\s*\."
)  # an expression for pandas' eval that takes hold of an object's attributes
MOST_TOLD = 6


def unusual(sources: Iterable[str]) -> tuple[str, ...]:
    """What the cells do beyond what analyses do, each in a few words; nothing for a plain notebook."""
    found: dict[str, None] = {}
    for number, source in enumerate(sources, start=1):
        for words in _of_cell(source):
            found.setdefault(f"{words} (cell {number})" if not _has(found, words) else "", None)
    found.pop("", None)
    told = tuple(found)
    return told if len(told) <= MOST_TOLD else (*told[:MOST_TOLD], f"and {len(told) - MOST_TOLD} more")


def _has(found: Iterable[str], words: str) -> bool:
    return any(one.startswith(f"{words} (") for one in found)


def _of_cell(source: str) -> Iterator[str]:
    lines = [MAGICS.sub("", line) for line in source.split("\n")]
    if any(
        re.match(r"\s*[%!?]", line) or re.search(r"=\s*[%!]", line) or line.rstrip().endswith("?")
        for line in lines
    ):
        yield "it gives the kernel a command"
        lines = [line for line in lines if not re.match(r"\s*[%!?]", line)]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield "it cannot be read as Python"
        return
    for node in ast.walk(tree):
        yield from _of_node(node)


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"it imports {one.name}" for one in node.names if not _is_known(one.name))
    elif isinstance(node, ast.ImportFrom):
        module = node.module or "."
        if node.level or not _is_known(module):
            yield f"it imports {module}"
        yield from (
            f"it imports {one.name}" for one in node.names if one.name in NAMES or one.name.startswith("_")
        )
    elif isinstance(node, ast.Attribute):
        yield from _of_attribute(node)
    elif isinstance(node, ast.Name):
        if node.id.startswith("__"):
            yield f"it uses {node.id}"
        elif node.id in CALLS or node.id in ("get_ipython", "__builtins__"):
            yield f"it calls {node.id}"
        elif isinstance(node.ctx, ast.Store) and node.id == "print":
            yield "it gives print another meaning"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        if "__" in text or "rpp_kernel" in text or _REACHING.search(text):
            yield "a text in it names an inner part of Python"
    elif (
        isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name.startswith("_")
        and node.name not in OWN_METHODS
    ):
        yield f"it defines {node.name}"
    elif (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and _is_mapping_of_names(node.value)
    ):
        yield "it changes a module's own names"


def _of_attribute(node: ast.Attribute) -> Iterator[str]:
    if node.attr.startswith("_"):
        yield f"it uses {node.attr}"
    elif node.attr in NAMES and not (node.attr in DATA_LIBRARIES and not _begins_with_module(node)):
        yield f"it uses {node.attr}"
    if isinstance(node.ctx, ast.Store | ast.Del) and node.attr not in SETTABLE and not _is_own(node):
        yield f"it sets an attribute ({node.attr})"


def _begins_with_module(node: ast.Attribute) -> bool:
    inner: ast.expr = node.value
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(inner, ast.Name) and inner.id in (
        "pd",
        "np",
        "pandas",
        "numpy",
        "scipy",
        "plt",
        "matplotlib",
        "sns",
        "px",
        "alt",
        "sm",
        "smf",
        "rpp",
    )


def _is_own(node: ast.Attribute) -> bool:
    """`self.x = …` in somebody's own class, and pandas' options."""
    inner: ast.expr = node.value
    while isinstance(inner, ast.Attribute):
        if inner.attr == "options":
            return True
        inner = inner.value
    return isinstance(inner, ast.Name) and inner.id == "self"


def _is_mapping_of_names(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("modules", "environ")


def _is_known(module: str) -> bool:
    if module == "os.path":
        return True
    top, *rest = module.split(".")
    return (top in PACKAGES or module in PACKAGES) and not any(
        part.startswith("_") or part in NAMES for part in rest
    )
