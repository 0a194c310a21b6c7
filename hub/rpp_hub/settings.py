"""What `rpp.toml` says."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rpp_hub.domain.errors import Invalid, Unavailable
from rpp_hub.domain.field_faults import said_of
from rpp_hub.domain.origins import Origins, fault
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.review_clock import Season, YearDay

_WINDOW = r"^\d\d-\d\d/\d\d-\d\d$"
_SEASON = r"^(\d\d-\d\d/\d\d-\d\d)?$"


def _season(text: str) -> Season:
    first, last = (date.fromisoformat(f"2024-{part}") for part in text.split("/"))
    return Season(YearDay(first.month, first.day), YearDay(last.month, last.day))


def _day_after(day: YearDay) -> YearDay:
    after = date(2024, day.month, day.day) + timedelta(days=1)
    return YearDay(after.month, after.day)


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Partnership(_Closed):
    """Who runs this installation."""

    name: str = Field(
        default="Research-practice partnership", description="Shown at the top of every page of the portal."
    )


class District(_Closed):
    """A district whose warehouse lies here; its key is the name on the command line and in applications."""

    title: str = Field(description="What people call the district.")
    aliases: tuple[str, ...] = Field(
        default=(), description="Other names of the district. No check reads them yet."
    )
    return_key: str = Field(
        default="",
        description="The district's public key, from `rpp return keygen`: what returned results are encrypted to.",
    )
    review_weeks: int = Field(
        default=8, ge=1, le=52, description="Weeks from an application to the district's final answer."
    )
    review_pause: str = Field(
        default="06-15/08-15",
        pattern=_SEASON,
        description="When the review stands still, as MM-DD/MM-DD, both days included; empty for never.",
    )
    windows: tuple[Annotated[str, Field(pattern=_WINDOW)], ...] = Field(
        default=(),
        description="When applications are taken, each as MM-DD/MM-DD; none for always. Revisions are taken always.",
    )

    @model_validator(mode="after")
    def _seasons_exist(self) -> District:
        if self.pause is not None and (_day_after(self.pause.last) == self.pause.first):
            raise ValueError("review_pause must leave days on which the review goes on")
        _ = self.seasons
        return self

    @property
    def pause(self) -> Season | None:
        """When the review's clock stands still."""
        return _season(self.review_pause) if self.review_pause else None

    @property
    def seasons(self) -> tuple[Season, ...]:
        """When applications are taken; empty for always."""
        return tuple(_season(w) for w in self.windows)


class Server(_Closed):
    """Where the public address is."""

    bind: str = Field(
        default="127.0.0.1:8000",
        pattern=r"^[0-9.:\[\]a-z]+:\d{1,5}$",
        description="Address and port of the proxy. It speaks HTTP: keep it on loopback, behind a TLS terminator.",
    )
    origin: str = Field(
        default="",
        description="The portal's public address, as a browser shows it and without a path: `https://rpp.example.org`.",
    )
    workspace_domain: str = Field(
        default="",
        description="A wildcard domain below `origin`'s host, without the star: each workspace then has an origin of its own "
        "there and is shown in a frame of the portal. Empty: workspaces share the portal's origin.",
    )

    @model_validator(mode="after")
    def _origins_fit(self) -> Server:
        if found := fault(self.origin, self.workspace_domain):
            raise ValueError(found)
        return self

    @property
    def origins(self) -> Origins | None:
        """Where workspaces have origins of their own; None where they share the portal's."""
        return Origins(self.origin, self.workspace_domain) if self.workspace_domain else None


class Appetite(_Closed):
    """The partnership's risk appetite: thresholds of the output checks. A release's manifest states them."""

    threshold: int = Field(default=10, ge=2, description="Counts below this are small cells.")
    max_rows: int = Field(default=200, ge=1, description="A table with more rows fails.")
    dominance: float = Field(
        default=0.90, gt=0, le=1, description="A total fails of which the two largest make up this share."
    )
    p_ratio: float = Field(
        default=0.10,
        ge=0,
        le=1,
        description="A total fails whose rest is less than this share of its largest.",
    )
    degrees: int = Field(
        default=10, ge=1, description="A model needs at least so many residual degrees of freedom."
    )
    leaf: int = Field(default=5, ge=1, description="A leaf of a tree needs at least so many records.")

    def told(self) -> dict[str, str]:
        """The same for what advises in a workspace: rpp.check, the hints, acro."""
        return {"RPP_APPETITE": self.model_dump_json()}


class Review(_Closed):
    """How outputs are reviewed."""

    reviewers: int = Field(
        default=2,
        ge=1,
        le=5,
        description="How many must finish, blind to one another, before anything is decided.",
    )
    rerun_timeout: int = Field(default=3600, ge=10, description="Seconds that a re-run may take.")


class Login(_Closed):
    """How people log in: local accounts, or an OpenID Connect provider through oauthenticator."""

    kind: Literal["local", "oidc"] = Field(
        default="local", description="`local`: passwords kept here; `oidc`: a provider."
    )
    preset: Literal["", "cilogon", "google", "entra"] = Field(
        default="", description="A provider whose endpoints are known: `cilogon`, `google` or `entra`."
    )
    title: str = Field(default="your organisation", description="What the log-in button calls the provider.")
    client_id: str = Field(default="", description="This installation's name at the provider.")
    client_secret_file: str = Field(default="", description="File that holds the client's secret; mode 0600.")
    tenant: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.-]*$",
        description="With `entra`: the directory's id or domain; never `common`, which lets everybody in.",
    )
    hosted_domain: str = Field(
        default="", description="With `google`: the only Workspace domain whose accounts may log in."
    )
    issuer: str = Field(
        default="", description="Without a preset: the provider's issuer, exactly as it writes it."
    )
    authorize_url: str = Field(default="", description="Without a preset: the authorization endpoint.")
    token_url: str = Field(default="", description="Without a preset: the token endpoint.")
    userdata_url: str = Field(default="", description="Without a preset: the userinfo endpoint.")
    jwks_url: str = Field(default="", description="Without a preset: where the provider's keys are.")
    logout_url: str = Field(
        default="",
        description="Without a preset: the end-session endpoint; logging out ends the session there, too.",
    )
    multi_factor: tuple[Role, ...] = Field(
        default=(),
        description="Roles whose holders must log in with two factors, as the provider states them.",
    )
    multi_factor_acr: tuple[str, ...] = Field(
        default=(), description="Values of the claim `acr` that mean two factors, besides the preset's."
    )
    multi_factor_amr: tuple[str, ...] = Field(
        default=("mfa",), description="Values of the claim `amr` that mean two factors."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Login:
        if self.kind != "oidc":
            return self
        endpoints = ("issuer", "authorize_url", "token_url", "userdata_url", "jwks_url")
        needed = ("client_id", "client_secret_file", *(() if self.preset else endpoints))
        missing = [name for name in needed if not getattr(self, name)]
        if self.preset == "entra" and self.tenant in ("", "common", "organizations", "consumers"):
            missing.append("tenant (one directory, not all of them)")
        if missing:
            raise ValueError(f'kind = "oidc" needs {", ".join(missing)} as well')
        if self.preset == "google" and self.multi_factor:
            raise ValueError(
                "Google never states how many factors a log-in had, so multi_factor would lock everybody out. "
                "Require two factors in the Workspace's own settings, and leave multi_factor empty"
            )
        return self


class Workspace(_Closed):
    """Limits of a workspace."""

    memory: int = Field(
        default=8192,
        ge=512,
        description="MiB of memory that a workspace or a re-run may take; where the machine has no control groups, each of "
        "its processes (`rpp doctor` says which).",
    )
    cpus: float = Field(
        default=0.0, ge=0.0, description="Processors that a workspace may keep busy; 0 is no limit."
    )
    processes: int = Field(
        default=2048, ge=64, description="Processes and threads that a workspace may have."
    )
    open_files: int = Field(default=4096, ge=256, description="Files that each process may have open.")
    disk: int = Field(
        default=10_240,
        ge=16,
        description="MiB that a workspace's files may take. At that point a notebook's code can write no more; notebooks "
        "are still saved.",
    )
    cell_seconds: int = Field(
        default=0,
        ge=0,
        description="Seconds that one cell may run before it is interrupted, and its kernel ended if that does not help; "
        "0 is no limit.",
    )
    loopback_projects: tuple[str, ...] = Field(
        default=(),
        description="Projects whose kernels get a loopback of their own (127.0.0.1, connected to nothing else) beside UNIX "
        "sockets, for dask and joblib.",
    )
    idle_minutes: int = Field(
        default=120,
        ge=0,
        description="Minutes without work after which a workspace is saved and closed, with a warning ten minutes before; 0: never.",
    )
    warm: int = Field(
        default=1,
        ge=0,
        le=20,
        description="Warm workspaces that wait for the next people, about 300 MiB each; 0: workspaces start cold.",
    )
    gate_interval: int = Field(
        default=30,
        ge=1,
        le=60,
        description="Seconds between two looks at the gate; a lost condition closes the workspace.",
    )


class Egress(_Closed):
    """How much may go to one person's browser in one project and day. Static files of JupyterLab do not count."""

    budget: int = Field(
        default=250, ge=1, description="Megabytes a day; then the workspace is paused and an alarm raised."
    )
    slow_from: int = Field(
        default=60,
        ge=1,
        le=100,
        description="Per cent of the budget from which on everything is slowed down.",
    )
    slow_rate: int = Field(
        default=250,
        ge=1,
        description="Kilobytes a second that then pass, over all connections of a workspace.",
    )
    projects: dict[str, int] = Field(
        default={}, description="Another budget for a project: its name, and megabytes a day."
    )


class Clocks(_Closed):
    """How many days each step may take, and how long before an end people are told."""

    notice: int = Field(
        default=30, ge=1, le=365, description="Days before an end on which people are told of it."
    )
    transfer: int = Field(default=30, ge=1, le=365, description="From a project's approval to its first cut.")
    review: int = Field(
        default=5, ge=1, le=365, description="From an examination to the reviewers' decision."
    )
    paper: int = Field(
        default=5, ge=1, le=365, description="From an upload of a certificate to its confirmation."
    )
    signature: int = Field(
        default=14, ge=1, le=365, description="From the writing of an agreement to its signatures."
    )
    destruction: int = Field(
        default=7, ge=1, le=365, description="From a project's end to the destruction of its data."
    )
    confirmation: int = Field(
        default=14, ge=1, le=365, description="From a destruction to the district's confirmation of it."
    )


class Mail(_Closed):
    """Who carries mail about what is due. Without a host, notices stand on the pages alone."""

    host: str = Field(default="", description="The SMTP server; empty sends no mail.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    starttls: bool = Field(
        default=True, description="Whether the connection is encrypted before anything is said."
    )
    sender: str = Field(default="", description="The address that mail comes from.")
    username: str = Field(default="", description="For servers that ask for one.")
    password_file: str = Field(default="", description="File that holds the password; mode 0600.")
    portal: str = Field(
        default="",
        description="The portal's public address, for the link in a mail: `https://rpp.example.org`.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Mail:
        if self.host and not self.sender:
            raise ValueError("a host needs a sender as well")
        if self.username and not self.password_file:
            raise ValueError("a username needs a password_file as well")
        if self.username and not self.starttls:
            raise ValueError("a password is sent over starttls only")
        return self


class Settings(_Closed):
    """Everything in rpp.toml. Read once, in bootstrap."""

    partnership: Partnership = Partnership()
    districts: dict[str, District] = {}
    server: Server = Server()
    appetite: Appetite = Appetite()
    review: Review = Review()
    login: Login = Login()
    workspace: Workspace = Workspace()
    egress: Egress = Egress()
    clocks: Clocks = Clocks()
    mail: Mail = Mail()
    database_url: str = Field(
        default="",
        description="PostgreSQL instead of the embedded SQLite: `postgresql+psycopg://rpp@/rpp?host=%2Frun%2Fpostgresql`. The role may not own the tables; migrations run as the owner, whom RPP_DATABASE_OWNER_URL names.",
    )
    environment: str = Field(
        default="", description="The workspaces' Python environment; else `.workspace` beside the hub's own."
    )


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
        faults = said_of(error.errors(), "the settings")
        raise Invalid(
            f"{path} cannot be used. {'; '.join(faults)}.", code="bad-settings", faults=faults
        ) from None
