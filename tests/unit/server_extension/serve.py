"""Run by `.workspace` python: a real Jupyter Server with the extension, or without the lock-down as a control.

serve.py ROOT PORT TOKEN (locked|plain)
"""

import os
import sys

from jupyter_server.serverapp import ServerApp
from rpp_review.server import server_config
from traitlets.config import Config


def main() -> None:
    root, port, token, mode = sys.argv[1:]
    config = server_config() if mode == "locked" else Config()
    if mode == "plain":
        config.ServerApp.jpserver_extensions = {"jupyter_server_terminals": True}
    else:
        config.ServerApp.jpserver_extensions.update({"jupyterlab": os.environ.get("RPP_TEST_LAB") == "1"})
        if "RPP_TEST_PREFIX" in os.environ:
            config.WorkspaceKernelSpecs.prefix = os.environ["RPP_TEST_PREFIX"]
        config.LabApp.app_settings_dir = os.environ.get("RPP_TEST_SETTINGS", "")
    config.ServerApp.root_dir = root
    config.ServerApp.port = int(port)
    config.ServerApp.port_retries = 0
    config.ServerApp.ip = "127.0.0.1"
    config.ServerApp.open_browser = False
    config.ServerApp.allow_root = True
    config.ServerApp.log_level = "WARN"
    config.ServerApp.reraise_server_extension_failures = True
    config.IdentityProvider.token = token
    ServerApp.launch_instance(argv=[], config=config)


if __name__ == "__main__":
    main()
