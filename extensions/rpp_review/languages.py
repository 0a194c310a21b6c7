"""In which languages can a notebook be written here? Python always; R where the machine has it, which a sandbox sees too."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

LIBRARIES = tuple(
    map(Path, ("/usr/local/lib/R/site-library", "/usr/lib/R/site-library", "/usr/lib/R/library"))
)
R = Path("/usr/bin/R")
R_PACKAGES = ("IRkernel", "jsonlite")
DEBIAN = "r-base-core r-cran-irkernel r-cran-jsonlite"


class Kernel(StrEnum):
    """The kernelspecs of a workspace, and no others."""

    PYTHON = "rpp"
    R = "rpp-r"


def offered() -> frozenset[str]:
    """The kernelspecs that can be started on this machine."""
    return frozenset({str(Kernel.PYTHON), *([] if r_lacks() else [str(Kernel.R)])})


def r_lacks() -> tuple[str, ...]:
    """What R notebooks need and is not there; nothing where they work."""
    lacking = [name for name in R_PACKAGES if not any((library / name).is_dir() for library in LIBRARIES)]
    return (*(() if R.exists() else ("R",)), *lacking)


def kernel_of(notebook: Mapping[str, Any]) -> Kernel:
    """Which kernel a notebook asks for; whatever is not R is Python."""
    metadata = notebook.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, Mapping) else None
    name = spec.get("name") if isinstance(spec, Mapping) else None
    return Kernel.R if name == Kernel.R else Kernel.PYTHON
