"""How is the Jupyter Server of a workspace set up? One function, so that the launcher and the tests start the same."""

from __future__ import annotations

from traitlets.config import Config

from rpp_review.languages import Kernel, offered

BODY_LIMIT = 50_000_000

# One path-less layer inside; the relay outside binds the same policy to the workspace's own path.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "form-action 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "sandbox allow-same-origin allow-scripts allow-forms allow-modals",
    )
)
# Found in the environment's configuration, but not wanted: each would open a way in or out.
UNWANTED_EXTENSIONS = ("jupyter_lsp", "jupyter_server_terminals", "nbclassic", "notebook", "notebook_shim")


def server_config() -> Config:
    """Everything but the root folder, the socket and the token, which are the launcher's."""
    config = Config()
    _lock_server(config)
    _lock_kernels(config)
    _lock_lab(config)
    return config


def _lock_server(config: Config) -> None:
    server = config.ServerApp
    server.jpserver_extensions = {"rpp_review.server": True, **dict.fromkeys(UNWANTED_EXTENSIONS, False)}
    server.authorizer_class = "rpp_review.server.authorizer.WorkspaceAuthorizer"
    server.contents_manager_class = "rpp_review.server.contents.WorkspaceContents"
    server.allow_unauthenticated_access = False
    server.terminals_enabled = False
    server.max_body_size = server.max_buffer_size = BODY_LIMIT
    server.tornado_settings = {"headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY}}
    config.ContentsManager.allow_hidden = False


def _lock_kernels(config: Config) -> None:
    config.ServerApp.kernel_spec_manager_class = "rpp_review.server.kernels.WorkspaceKernelSpecs"
    config.ServerApp.kernel_manager_class = "rpp_review.server.runs.RecordedKernels"
    config.ServerApp.kernel_websocket_connection_class = "rpp_review.server.runs.RecordedConnection"
    config.KernelSpecManager.allowed_kernelspecs = set(offered())
    config.KernelSpecManager.ensure_native_kernel = False
    config.MultiKernelManager.default_kernel_name = str(Kernel.PYTHON)


def _lock_lab(config: Config) -> None:
    config.LabApp.extension_manager = "readonly"
    config.LabApp.news_url = None
    config.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
