"""JupyterHub's settings for an installation: sockets instead of ports, roles that start from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from rpp_hub.bootstrap import Rpp
from rpp_hub.installation import ensure_run_dir
from rpp_hub.jupyter.login import LocalAuthenticator
from rpp_hub.jupyter.openid import OpenIdAuthenticator
from rpp_hub.jupyter.providers import authenticator_config, provider_of, rules_of
from rpp_hub.jupyter.proxy import SocketProxy
from rpp_hub.jupyter.spawner import RppSpawner

SERVICE = "rpp"


def socket_url(path: Path) -> str:
    """http+unix://%2Ftmp%2F….sock"""
    return f"http+unix://{quote(str(path), safe='')}"


def bound(cls: type, rpp: Rpp, **more: object) -> type:
    """The class with the installation it serves. JupyterHub copies configuration values deeply, but not classes."""
    return type(cls.__name__, (cls,), {"rpp": rpp, "__module__": cls.__module__, **more})


def configure(c: Any, rpp: Rpp) -> None:
    """Set everything; append nothing."""
    run_dir = ensure_run_dir(rpp.installation)
    _hub(c, rpp, run_dir)
    _proxy(c, rpp, run_dir)
    _login(c, rpp)
    _spawner(c, rpp)
    _service_and_roles(c, rpp, run_dir)


def _hub(c: Any, rpp: Rpp, run_dir: Path) -> None:
    hub = rpp.installation.hub_dir
    c.JupyterHub.bind_url = f"http://{rpp.settings.server.bind}"
    c.JupyterHub.hub_bind_url = c.JupyterHub.hub_connect_url = socket_url(run_dir / "hub.sock")
    c.JupyterHub.db_url = f"sqlite:///{hub / 'hub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(hub / "cookie-secret")
    c.JupyterHub.cleanup_servers = False  # a restart of the hub ends nobody's work
    c.JupyterHub.cleanup_proxy = False
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = 0
    c.JupyterHub.default_url = "/services/rpp/"
    c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
    c.JupyterHub.oauth_token_expires_in = 12 * 3600
    c.JupyterHub.shutdown_on_logout = False
    c.JupyterHub.init_spawners_timeout = 1
    c.JupyterHub.last_activity_interval = 120
    # a name that no other host can set, where the workspaces' hosts are not the hub's; `/` is the portal's and the hub's alone
    c.JupyterHub.cookie_host_prefix_enabled = rpp.settings.server.origins is not None


def _proxy(c: Any, rpp: Rpp, run_dir: Path) -> None:
    portal = socket_url(run_dir / "portal.sock")
    served = {"origins": rpp.settings.server.origins, "portal_target": portal}
    c.JupyterHub.proxy_class = bound(SocketProxy, rpp, **served)
    c.ConfigurableHTTPProxy.api_url = socket_url(run_dir / "proxy-api.sock")
    c.ConfigurableHTTPProxy.auth_token = (
        (rpp.installation.hub_dir / "proxy.token").read_text(encoding="ascii").strip()
    )
    # a service's own URL may not be a socket (JupyterHub 6.1), a route may
    c.ConfigurableHTTPProxy.extra_routes = {f"/services/{SERVICE}/": portal}
    c.ConfigurableHTTPProxy.should_start = False  # `rpp up` does, so that the hub can restart without it


def _login(c: Any, rpp: Rpp) -> None:
    login = rpp.settings.login
    if login.kind == "oidc":
        found = {"provider": provider_of(login), "rules": rules_of(login)}
        c.JupyterHub.authenticator_class = bound(OpenIdAuthenticator, rpp, **found)
        c.OpenIdAuthenticator.client_secret = (
            Path(login.client_secret_file).read_text(encoding="utf-8").strip()
        )
        for name, value in authenticator_config(login).items():
            setattr(c.OpenIdAuthenticator, name, value)
        return
    c.JupyterHub.authenticator_class = bound(LocalAuthenticator, rpp)
    c.Authenticator.any_allow_config = True  # check_allowed asks our own register


def _spawner(c: Any, rpp: Rpp) -> None:
    c.JupyterHub.spawner_class = bound(RppSpawner, rpp)
    c.Spawner.poll_interval = rpp.settings.workspace.gate_interval
    c.Spawner.start_timeout = 60
    c.Spawner.http_timeout = 60
    c.Spawner.disable_user_config = True
    c.Spawner.default_url = "/lab"
    c.Spawner.consecutive_failure_limit = 0
    c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server"]


def _service_and_roles(c: Any, rpp: Rpp, run_dir: Path) -> None:
    token = (rpp.installation.hub_dir / "portal-api.token").read_text(encoding="ascii").strip()
    c.JupyterHub.services = [
        {
            "name": SERVICE,
            "api_token": token,
            "oauth_client_id": f"service-{SERVICE}",
            "oauth_redirect_uri": f"/services/{SERVICE}/oauth_callback",
            "oauth_no_confirm": True,
            "display": False,
        }
    ]
    c.JupyterHub.load_roles = [
        # People see themselves and reach their servers and the portal; they mint no tokens and start no servers.
        {
            "name": "user",
            "scopes": [
                "read:users!user", "users:activity!user", "read:servers!user", "access:servers!user",
                f"access:services!service={SERVICE}",
            ],
        },
        {"name": "portal", "scopes": ["admin:servers", "list:users", "read:users"], "services": [SERVICE]},
    ]  # fmt: skip
