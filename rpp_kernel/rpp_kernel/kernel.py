"""What does a researcher's code run in? An IPython kernel that takes nothing from the person's own folders.

Configuration, start-up files, profiles and history of IPython lie under HOME, where code of yesterday could have
planted them to run in today's session, or in the re-run for the reviewers. So none of them is read.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets import Type
from traitlets.config import Config

from rpp_kernel.evidence.shell import install
from rpp_kernel.no_installing import refuse_installing

# The debugger wants TCP, which a kernel sandbox does not have, and its import costs a tenth of a second. ipykernel looks
# for it when the first kernel is made.
sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]

VERSION = "0.1.0"
BANNER = "The tables of this project's cut: import rpp; rpp.tables()"
FONTS = Path("share", "rpp", "matplotlib")


class RppKernel(IPythonKernel):
    """IPython, under our name."""

    implementation = "rpp"
    implementation_version = VERSION
    banner = BANNER

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        install(self.shell)
        refuse_installing(self.shell)


class RppKernelApp(IPKernelApp):
    """Starts `RppKernel` on a connection file; reads no configuration file at all."""

    kernel_class: type = Type(
        RppKernel, klass="ipykernel.kernelbase.Kernel", help="The kernel class to start."
    )  # type: ignore[assignment]

    def load_config_file(self, *arguments: Any, **options: Any) -> None:
        """None: what a person may plant is not configuration."""

    def init_path(self) -> None:
        """The notebook's own folder can be imported from, but shadows no package."""
        if "" not in sys.path:
            sys.path.append("")


def kernel_config(scratch: Path) -> Config:
    """Settings that hold whatever lies in HOME; `scratch` takes what IPython insists on writing."""
    config = Config()
    config.BaseIPythonApplication.ipython_dir = str(scratch)
    config.ProfileDir.location = str(scratch / "profile")
    config.BaseIPythonApplication.auto_create = True
    config.InteractiveShellApp.exec_PYTHONSTARTUP = False
    config.HistoryManager.enabled = False
    return config


def prepare_matplotlib(scratch: Path, prefix: Path = Path(sys.prefix)) -> None:
    """Give matplotlib a folder it may write, with the font list made when the environment was built.

    Searching the machine for fonts would cost a second in each fresh sandbox. The backend must be chosen before a warm
    kernel imports matplotlib, which reads it once: otherwise no figure is ever shown.
    """
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    if "MPLCONFIGDIR" in os.environ:
        return
    folder = scratch / "matplotlib"
    folder.mkdir(exist_ok=True)
    for fonts in sorted((prefix / FONTS).glob("fontlist-*.json")):
        shutil.copyfile(fonts, folder / fonts.name)
    os.environ["MPLCONFIGDIR"] = str(folder)


def main(arguments: list[str] | None = None) -> None:
    """Run a kernel until it is told to stop."""
    with tempfile.TemporaryDirectory(prefix="rpp-kernel-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        os.environ["IPYTHONDIR"] = folder  # asked for by parts of IPython that no setting reaches
        prepare_matplotlib(scratch)
        RppKernelApp.launch_instance(argv=arguments, config=kernel_config(scratch))
