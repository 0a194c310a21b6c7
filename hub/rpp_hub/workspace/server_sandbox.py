"""What the server sandbox is made of: no data, no network; the kernels' folder and two sockets of the supervisor."""

from __future__ import annotations

from rpp_hub.workspace import sandbox
from rpp_hub.workspace.config import INSIDE_HUB_SOCKET, SupervisorConfig
from rpp_hub.workspace.folders import server_folders
from rpp_hub.workspace.sandbox import Bind, Ceilings, Sandbox, environment_binds

JUPYTER_VARIABLES = {
    # Outside of the workspace: what a kernel leaves there must not configure the server.
    "JUPYTER_CONFIG_DIR": f"{sandbox.HOME}/.jupyter",
    "JUPYTER_DATA_DIR": f"{sandbox.HOME}/.local/share/jupyter",
    "JUPYTER_RUNTIME_DIR": f"{sandbox.HOME}/.local/share/jupyter/runtime",
    "RPP_CONTROL_SOCKET": f"{sandbox.RUN}/ctl.sock",
    "RPP_KERNEL_SOCKETS": f"{sandbox.RUN}/ipc",
}


def server_sandbox(config: SupervisorConfig, command: tuple[str, ...], *, workspace: bool) -> Sandbox:
    """`workspace` is False for a re-run: papermill needs nobody's files."""
    run_dir, limits = config.run_dir, config.limits
    binds = [
        *environment_binds(config.environment),
        Bind(run_dir / "ipc", f"{sandbox.RUN}/ipc"),
        Bind(run_dir / "ctl.sock", f"{sandbox.RUN}/ctl.sock"),
    ]
    if workspace:
        binds.extend(server_folders(config))
        binds.append(Bind(run_dir / "hub.sock", INSIDE_HUB_SOCKET))

    return Sandbox(
        command=(sandbox.PYTHON, "-I", "-m", *command),
        binds=tuple(binds),
        ceilings=Ceilings(limits.open_files, limits.file_size, limits.processes, limits.address_space),
        variables=JUPYTER_VARIABLES | _limits(config),
        directory=sandbox.WORKSPACE if workspace else sandbox.HOME,
        scratch=limits.scratch,
    )


def _limits(config: SupervisorConfig) -> dict[str, str]:
    seconds = config.limits.cell_seconds
    return {} if seconds is None else {"RPP_CELL_SECONDS": str(seconds)}
