"""The evidence in an IPython shell: each output's metadata, a cell's printed text, and pandas watched once it is there."""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from rpp_kernel.evidence.schema import KEY, MEDIA_TYPE, Shown

WATCHED = {
    "pandas": "rpp_kernel.evidence.install",
    "matplotlib.pyplot": "rpp_kernel.evidence.figures",
    "statsmodels.base.model": "rpp_kernel.evidence.models",
    "sklearn.base": "rpp_kernel.evidence.learners",
    "seaborn": "rpp_kernel.evidence.charts",
    "plotly.express": "rpp_kernel.evidence.charts",
    "altair": "rpp_kernel.evidence.charts",
    "acro": "rpp_kernel.evidence.acros",
}


def install(shell: Any) -> None:
    """Into a shell that is about to run its first cell."""
    from rpp_kernel.evidence.told import NAMES, TOLD, Formatted, watch_print

    watch_imports()
    vars(builtins).update(NAMES)  # not into the researcher's names, which %reset empties
    shell.ast_transformers.append(Formatted())
    watch_print()
    _watch_format(shell.display_formatter)
    _watch_publish(shell.display_pub)
    shell.events.register("pre_run_cell", lambda *_: TOLD.clear())
    shell.events.register("post_run_cell", lambda *_: _tell(shell))


def _watch_format(formatter: Any) -> None:
    original = formatter.format

    def format(obj: Any, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: A001
        data, metadata = original(obj, include=include, exclude=exclude)
        try:
            if "pandas" in sys.modules and data:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    data, metadata = _with_evidence(obj, data, metadata)
        except Exception:  # noqa: S110 - never worth an exception in somebody's cell
            pass
        return data, metadata

    formatter.format = format


def _watch_publish(publisher: Any) -> None:
    """Libraries that publish an output by themselves say beforehand what is behind it."""
    original = publisher.publish

    def publish(data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> Any:
        charts = sys.modules.get("rpp_kernel.evidence.charts")
        evidence = charts.SHOWING.evidence if charts is not None else None
        if evidence is not None:
            metadata = {**(metadata or {}), KEY: evidence}
        return original(data, metadata, *args, **kwargs)

    publisher.publish = publish


def _with_evidence(
    obj: Any, data: dict[str, Any], metadata: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    from rpp_kernel.evidence.describe import describe
    from rpp_kernel.evidence.display import evidence_for, is_frame, records_allowed, summary

    evidence = evidence_for(obj)
    if evidence is None:
        return data, metadata
    if is_frame(obj) and evidence["shown"] == str(Shown.RECORDS) and len(obj) > records_allowed():
        evidence = {**describe(obj), "records": 0, "summarised": len(obj)}
        data = {**data, **summary(obj, evidence)}
    return data, {**metadata, KEY: evidence}


def _tell(shell: Any) -> None:
    """At a cell's end: what was printed in it. An output of its own, since a stream has no metadata; it shows nothing."""
    from rpp_kernel.evidence.told import TOLD

    try:
        evidence = TOLD.evidence() if "pandas" in sys.modules else None
        if evidence is not None:
            shell.display_pub.publish({MEDIA_TYPE: evidence}, {})
    except Exception:  # noqa: S110 - never worth an exception in somebody's cell
        pass
    TOLD.clear()


# --- watching what is imported ------------------------------------------------------------------------------------------


def watch_imports() -> None:
    """Install each part right after its library was imported; those that are there, now."""
    for name, part in WATCHED.items():
        if name in sys.modules:
            _install(part)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _install(part: str) -> None:
    try:
        # First and whole: else pandas is watched while a part that needs it is half there.
        importlib.import_module("pandas")
        importlib.import_module(part).install()
    except Exception:  # noqa: S110 - its evidence will be unknown
        pass


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself; lets the loader of a watched library say when it is done."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in WATCHED:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                _after_loading(spec.loader, WATCHED[fullname])
                return spec
        return None


def _after_loading(loader: Any, part: str) -> None:
    original = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        original(module)
        _install(part)

    loader.exec_module = exec_module
