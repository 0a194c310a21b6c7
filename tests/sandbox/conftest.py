"""One supervisor a module, started as the spawner starts it; skipped with the reason where no sandbox can be made."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rpp_hub.workspace import client, doctor
from rpp_hub.workspace.capability import mint
from rpp_hub.workspace.config import MEBIBYTE, Limits, Secrets, SupervisorConfig, server_environment
from rpp_hub.workspace.environment import STAMP

from tests.sandbox.browser import Browser
from tests.sandbox.small_hub import ACCESS, SERVER_TOKEN, SmallHub

ENVIRONMENT = Path(__file__).parents[2] / ".workspace"
BASE = "/user/alice/gaps/"
CAPABILITY_SECRET = b"a secret of the installation that is long"


@pytest.fixture(scope="session", autouse=True)
def _sandboxes_work() -> None:
    problems = doctor.probe()
    if problems:
        pytest.skip(f"no sandbox here: {problems[0].sentence}")
    if not (ENVIRONMENT / STAMP).exists():
        pytest.skip("the workspace's environment is not there: make setup")


@dataclass(frozen=True)
class Place:
    """Folders of one project's workspace, and of another's that must stay out of sight."""

    root: Path
    environment: Path = ENVIRONMENT

    @property
    def run_dir(self) -> Path:
        return self.root / "w" / "0a1b2c3d"

    @property
    def workspace(self) -> Path:
        return self.root / "workspaces" / "gaps" / "alice"

    @property
    def data(self) -> Path:
        return self.root / "cuts" / "gaps" / "c0001" / "data"

    @property
    def others(self) -> dict[str, Path]:
        names = {
            "the other project's cut": "cuts/other/c0001/data/secret.parquet",
            "the other project's workspace": "workspaces/other/bob/secret.ipynb",
            "the warehouse": "warehouse/district/masters/secret.parquet",
            "the vault": "vault/secret.key",
            "the requests": "requests/sha256/secret",
            "the releases": "releases/secret.zip",
            "the hub's state": "hub/secret.sqlite",
        }
        return {name: self.root / path for name, path in names.items()}

    def fill(self) -> None:
        for folder in (self.workspace, self.data):
            folder.mkdir(parents=True)
        (self.data / "enrollment.parquet").write_bytes(b"PAR1")
        for path in self.others.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("SECRET")


def config_for(place: Place, hub: SmallHub, **changes: object) -> SupervisorConfig:
    spawner = {
        "JUPYTERHUB_USER": "alice",
        "JUPYTERHUB_SERVER_NAME": "gaps",
        "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-alice-gaps",
        "JUPYTERHUB_HOST": "",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{BASE}oauth_callback",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": f'["{ACCESS}"]',
        "JUPYTERHUB_OAUTH_SCOPES": f'["{ACCESS}"]',
        "JUPYTERHUB_API_TOKEN": SERVER_TOKEN,
        "SECRET_OF_THE_HUB": "not for a sandbox",
    }
    plain: dict[str, object] = {
        "run_dir": place.run_dir,
        "environment": place.environment,
        "workspace": place.workspace,
        "data": place.data,
        "person": "alice",
        "project": "gaps",
        "base_url": BASE,
        "server_environment": server_environment(spawner, "/hub/api", BASE),
        "hub_socket": hub.hub_socket,
        "portal_socket": hub.portal_socket,
        "log": place.root / "log" / "workspace.log",
        "limits": Limits(
            stop_grace=4.0, shared_memory=32 * MEBIBYTE, scratch=64 * MEBIBYTE, processes=200, open_files=512
        ),
    }
    return SupervisorConfig(**{**plain, **changes})  # type: ignore[arg-type]


def secrets_for() -> Secrets:
    capability = mint(CAPABILITY_SECRET, "alice", "gaps", datetime.now(UTC) + timedelta(days=1))
    return Secrets(api_token=SERVER_TOKEN, capability=capability)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    root = Path(tempfile.gettempdir()) / f"rpp-{secrets.token_hex(3)}"
    root.mkdir(mode=0o700)
    made = Place(root)
    made.fill()
    yield made
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def hub(place: Place) -> Iterator[SmallHub]:
    small = SmallHub(place.root)
    yield small
    small.close()


@dataclass(frozen=True)
class Workspace:
    """A running one."""

    place: Place
    hub: SmallHub
    pid: int

    def browser(self) -> Browser:
        return Browser(self.place.run_dir / "in.sock", BASE)


@pytest.fixture(scope="module")
def workspace(place: Place, hub: SmallHub) -> Iterator[Workspace]:
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    yield Workspace(place, hub, pid)
    asyncio.run(client.stop(place.run_dir, "the test is over"))


@pytest.fixture
def second(hub: SmallHub) -> Iterator[Place]:
    """A workspace a test may end as it likes."""
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    yield place
    asyncio.run(client.stop(place.run_dir, "the test is over"))
