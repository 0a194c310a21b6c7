"""What strangers write into the logs of a running installation, and what is never in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.e2e.over_http import visiting
from tests.harness import Running

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

PROJECT = "attendance-gaps"


def logs(site: Running) -> dict[Path, str]:
    return {path: path.read_text(errors="replace") for path in (site.home / "logs").rglob("*.log*")}


def log_in(site: Running, name: str) -> requests.Response:
    browser = requests.Session()
    browser.get(f"{site.url}/hub/login", timeout=30)
    form = {"username": name, "password": "wrong", "_xsrf": browser.cookies.get("_xsrf", path="/hub/")}
    return browser.post(f"{site.url}/hub/login", data=form, timeout=60, allow_redirects=False)


def test_a_name_of_a_megabyte_leaves_a_short_line(site: Running) -> None:
    before = sum(len(text) for text in logs(site).values())
    answer = log_in(site, "a" * 1_000_000)
    assert answer.status_code in (400, 403, 413)
    assert sum(len(text) for text in logs(site).values()) - before < 50_000


def test_no_name_or_address_forges_a_line_or_colours_a_terminal(site: Running) -> None:
    mark = "forged-by-a-stranger"
    log_in(site, f"bob\n[I 2026-01-01 00:00:00.000 JupyterHub] {mark} logged in")
    log_in(site, f"bob\x1b[2J{mark}")
    requests.get(f"{site.url}/hub/%0a[I%202026]%20{mark}", timeout=30)
    requests.get(f"{site.url}/services/rpp/%1b[2J%0a{mark}", timeout=30)
    lines = [line for text in logs(site).values() for line in text.split("\n") if mark in line]
    assert not [
        line for line in lines if "\x1b" in line or line.startswith(("[I 2026-01-01 00:00:00.000", mark))
    ]


def test_no_secret_of_anybody_is_in_the_logs(site: Running) -> None:
    with visiting(site, "rosa") as rosa:
        rosa.open_workspace(PROJECT)
        paths = ("/", "/hub/", "/services/rpp/", f"/user/rosa/{PROJECT}/")
        held = {name: value for path in paths for name, value in rosa.cookies(path).items()}
        rosa.close_workspace(PROJECT)
    secrets = {path.read_text().strip() for path in (site.home / "hub").glob("*.token")}
    secrets |= {site.passwords["rosa"]}
    assert len(secrets) >= 3
    # The name of a session, by which the hub ends all that belongs to it; it lets nobody in.
    cookies = {v for name, v in held.items() if len(v) > 20 and name != "jupyterhub-session-id"}
    assert cookies
    written = "".join(logs(site).values())
    assert written
    for secret in secrets | cookies:
        assert secret not in written, [line for line in written.splitlines() if secret in line][:3]
    assert not re.search(r"Authorization: (?!\[secret\])\S+", written)
