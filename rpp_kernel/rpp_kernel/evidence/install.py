"""Put everything in its place, once, when the kernel is started or pandas is first imported."""

from __future__ import annotations

_DONE: list[bool] = []


def install() -> None:
    """Watch pandas. A part that cannot be installed (another version of pandas) is left out; then its evidence is unknown."""
    if _DONE:
        return
    _DONE.append(True)
    from rpp_kernel.evidence import (
        watch_axes,
        watch_filters,
        watch_groups,
        watch_joins,
        watch_made,
        watch_moves,
        watch_operators,
        watch_shapes,
        watch_singles,
        watch_sources,
        watch_values,
    )

    for part in (
        watch_axes,
        watch_joins,
        watch_made,
        watch_groups,
        watch_shapes,
        watch_moves,
        watch_values,
        watch_operators,
        watch_singles,
        watch_filters,
        watch_sources,
    ):
        part.install()


def uninstall() -> None:
    """Plain pandas again (tests)."""
    from rpp_kernel.evidence.patching import undo_all

    undo_all()
    _DONE.clear()
