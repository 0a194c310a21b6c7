"""Which kernels can be started? Ours alone, from this environment alone.

`allowed_kernelspecs` only shortens the list: a POST that names `python3` starts it all the same, and it would run
beside the hub's token. A kernelspec of the same name in a person's own folders must not win over ours either.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from traitlets import Unicode

from rpp_review.languages import offered


class WorkspaceKernelSpecs(KernelSpecManager):
    """Knows Python's, and R's where the machine has R."""

    prefix = Unicode(sys.prefix, help="The environment in whose share/jupyter/kernels the kernel lies.").tag(
        config=True
    )

    def _kernel_dirs_default(self) -> list[str]:
        return [str(Path(self.prefix, "share", "jupyter", "kernels"))]

    def find_kernel_specs(self) -> dict[str, str]:
        found: dict[str, str] = super().find_kernel_specs()
        return {name: folder for name, folder in found.items() if name in offered()}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name not in offered():
            raise NoSuchKernel(kernel_name)
        return super().get_kernel_spec(kernel_name)
