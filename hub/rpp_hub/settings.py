"""What `rpp.toml` says, and where an installation keeps things on disk."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rpp_hub.domain.errors import Invalid, Unavailable


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Partnership(_Closed):
    """Who runs this installation."""

    name: str = "Research-practice partnership"


class District(_Closed):
    """A district whose warehouse lies here. Aliases are names that must not appear in outputs."""

    title: str
    aliases: tuple[str, ...] = ()


class Server(_Closed):
    """Where the public address is."""

    bind: Annotated[str, Field(pattern=r"^[0-9.:\[\]a-z]+:\d{1,5}$")] = "127.0.0.1:8000"


class Appetite(_Closed):
    """The partnership's risk appetite: thresholds of the output checks."""

    threshold: Annotated[int, Field(ge=2)] = 10
    max_rows: Annotated[int, Field(ge=1)] = 200


class Review(_Closed):
    """How outputs are reviewed."""

    reviewers: Annotated[int, Field(ge=1, le=5)] = 2
    rerun_timeout: Annotated[int, Field(ge=10)] = 3600


class Login(_Closed):
    """How people log in: local accounts, or an OpenID Connect provider through oauthenticator."""

    kind: Literal["local", "oidc"] = "local"
    issuer: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    authorize_url: str = ""
    token_url: str = ""
    userdata_url: str = ""
    username_claim: str = "preferred_username"
    logout_url: str = ""


class Workspace(_Closed):
    """Limits of a workspace."""

    gate_interval: Annotated[int, Field(ge=1, le=60)] = 30  # seconds between looks at the gate


class Settings(_Closed):
    """Everything in rpp.toml. Read once, in bootstrap."""

    partnership: Partnership = Partnership()
    districts: dict[str, District] = {}
    server: Server = Server()
    appetite: Appetite = Appetite()
    review: Review = Review()
    login: Login = Login()
    workspace: Workspace = Workspace()
    database_url: str = ""
    environment: str = ""


def read_settings(path: Path) -> Settings:
    """Settings from a TOML file. Raises Unavailable if there is none, Invalid for an unknown or impossible key."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unavailable(
            f"There is no installation here: {path} does not exist. Make one with `rpp init`, or name it with RPP_HOME.",
            code="no-installation",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not valid TOML: {error}.", code="bad-settings") from None
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Invalid(f"{path} cannot be used. {faults}.", code="bad-settings") from None


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation on disk; every path of ours is named here and nowhere else."""

    home: Path

    @property
    def config_path(self) -> Path:
        return self.home / "rpp.toml"

    @property
    def hub_dir(self) -> Path:
        return self.home / "hub"

    @property
    def config_d(self) -> Path:
        return self.home / "config.d"

    @property
    def database_path(self) -> Path:
        return self.hub_dir / "rpp.sqlite"

    @property
    def vault_dir(self) -> Path:
        return self.home / "vault"

    @property
    def requests_dir(self) -> Path:
        return self.home / "requests"

    @property
    def releases_dir(self) -> Path:
        return self.home / "releases"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def anchors_path(self) -> Path:
        """Heads of the audit chain, kept outside the database."""
        return self.home / "audit-anchors.jsonl"

    def warehouse_dir(self, district: str) -> Path:
        return self.home / "warehouse" / district

    def cuts_dir(self, project: str) -> Path:
        return self.home / "cuts" / project

    def workspace_dir(self, project: str, person: str) -> Path:
        return self.home / "workspaces" / project / "members" / person

    @property
    def run_dir(self) -> Path:
        """Sockets: a short, all lower-case path (JupyterHub lower-cases socket paths; AF_UNIX allows 107 bytes)."""
        mark = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:10]
        return Path(os.environ.get("RPP_RUN_DIR") or f"/tmp/rpp-{os.getuid()}-{mark}")  # noqa: S108 - ensure_run_dir checks it


def ensure_run_dir(installation: Installation) -> Path:
    """The run folder, private to this account. Raises Unavailable if somebody else made it."""
    folder = installation.run_dir
    if not re.fullmatch(r"[/a-z0-9._-]{1,70}", str(folder)):
        raise Unavailable(
            f"The run folder {folder} must be short and all lower-case. Set RPP_RUN_DIR to another.", code="bad-run-dir"
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid() or info.st_mode & 0o077:
        raise Unavailable(
            f"The run folder {folder} is not a private folder of this account. Remove it, or set RPP_RUN_DIR to another.",
            code="bad-run-dir",
        )
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Write a secret so that nobody else can read it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
