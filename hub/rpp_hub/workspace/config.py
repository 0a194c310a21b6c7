"""What a supervisor is told when it starts: one closed JSON document on its standard input."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints
from urllib.parse import quote

MEBIBYTE = 1024 * 1024
LARGEST_FILE = 8 * 1024 * MEBIBYTE
INSIDE_HUB_SOCKET = "/run/rpp/hub.sock"
SECRET_NAMES = frozenset(
    {"JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTERHUB_CRYPT_KEY", "CONFIGPROXY_AUTH_TOKEN"}
)
T = TypeVar("T")
_BASE_URL = re.compile(r"/([A-Za-z0-9._~%@-]+/)*")


class Purpose(StrEnum):
    """What the server sandbox runs."""

    WORKSPACE = "workspace"  # a Jupyter Server for a person's browser
    RERUN = "rerun"  # papermill, once, for the reviewers
    WAITING = "waiting"  # the same as a workspace, warm and nobody's yet


class InvalidConfig(ValueError):
    """The configuration cannot be understood; the message says which part."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a workspace may take. Sizes are bytes, times are seconds, None is no limit.

    `memory`, `processes` and `cpus` are of all its processes together where the machine has the means for it, else of
    each sandbox or process. `address_space` follows from `memory` where it is not given.
    """

    kernels: int = 8
    memory: int | None = None
    cpus: float | None = None
    disk: int | None = None
    disk_reserve: int = 512 * MEBIBYTE
    cell_seconds: float | None = None
    kernel_start: float = 60.0
    spare: float = 60.0  # how long a kernel waits beside one at work
    processes: int = 512
    open_files: int = 4096
    file_size: int = LARGEST_FILE
    address_space: int | None = None
    shared_memory: int = 512 * MEBIBYTE
    scratch: int = 1024 * MEBIBYTE
    request_body: int = 50 * MEBIBYTE
    submission_body: int = 80 * MEBIBYTE
    websocket_message: int = 16 * MEBIBYTE
    stop_grace: float = 8.0
    idle_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RerunOrder:
    """The one notebook a re-run executes, how long it may take, and where its result goes.

    Both descriptors are inherited by the supervisor and handed on into the sandbox.
    """

    notebook: int
    result: int
    seconds: float = 1800.0
    cell_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """Where the bytes to the browser are counted, and how many may pass in a day. Sizes are bytes."""

    folder: Path
    total: int
    slow_from: int
    slow_rate: int
    raised_day: str = ""
    raised_total: int = 0


@dataclass(frozen=True, slots=True)
class Framing:
    """A workspace with an origin of its own, shown in a frame of the portal's and nowhere else."""

    own: str  # both are origins: scheme, host and port
    portal: str
    page: str  # the portal's page that holds the frame

    @property
    def host(self) -> str:
        return self.own.partition("://")[2]


@dataclass(frozen=True, slots=True)
class Secrets:
    """What nobody in a kernel may learn. Never logged, never in an environment, never on a command line."""

    api_token: str = field(default="", repr=False)
    capability: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SupervisorConfig:
    """One workspace, or one re-run."""

    run_dir: Path
    environment: Path
    workspace: Path
    data: Path | None = None
    shared: Path | None = None  # the project's folder, in every member's workspace
    ingress: Path | None = None  # what was let in for the project, read-only
    reading: bool = False  # opened to read notebooks once more: nothing is written, nothing runs
    purpose: Purpose = Purpose.WORKSPACE
    person: str = ""
    project: str = ""
    base_url: str = "/"
    server_environment: dict[str, str] = field(default_factory=dict)
    hub_socket: Path | None = None
    hub_api_path: str = "/hub/api"
    portal_socket: Path | None = None
    log: Path | None = None
    kernel_environment: dict[str, str] = field(default_factory=dict)
    warm_kernel: bool = True
    loopback: bool = False
    rerun: RerunOrder | None = None
    egress: Allowance | None = None
    framing: Framing | None = None  # None: the workspace shares the portal's origin
    notices: dict[str, str] = field(
        default_factory=dict
    )  # what the person is told from the start, by a name of ours
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if _BASE_URL.fullmatch(self.base_url) is None:
            raise InvalidConfig(f"base_url must be a path that begins and ends with '/': {self.base_url!r}")
        if self.purpose is Purpose.WAITING and (
            self.person or self.project or self.data or self.server_environment
        ):
            raise InvalidConfig(
                "What waits belongs to nobody: it has no person, project, data or environment."
            )
        if (self.purpose is Purpose.RERUN) != (self.rerun is not None):
            raise InvalidConfig("A re-run names its notebook in 'rerun'; a workspace has no 'rerun'.")
        leaked = SECRET_NAMES & (self.server_environment.keys() | self.kernel_environment.keys())
        if leaked:
            raise InvalidConfig(
                f"Secrets go into Secrets, not into an environment: {', '.join(sorted(leaked))}"
            )


def to_json(config: SupervisorConfig, secrets: Secrets) -> str:
    """The document for the supervisor's standard input, on one line."""
    document = {"config": dataclasses.asdict(config), "secrets": dataclasses.asdict(secrets)}
    return json.dumps(document, default=str, separators=(",", ":")) + "\n"


_A_PERSONS = frozenset(
    "purpose person project workspace data shared ingress base_url server_environment hub_socket portal_socket log egress framing notices".split()
)


def making(config: SupervisorConfig, environment_version: str) -> str:
    """How this workspace's sandboxes are made, whoever's they are: what waits can become what is made alike."""
    alike = {
        name: value
        for name, value in dataclasses.asdict(config).items()
        if name not in _A_PERSONS | {"run_dir"}
    }
    told = json.dumps([alike, environment_version], default=str, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def from_document(config: object, secrets: object) -> tuple[SupervisorConfig, Secrets]:
    """The same two parts where they come as one."""
    return _decode(SupervisorConfig, config, "config"), _decode(Secrets, secrets, "secrets")


def from_json(text: str) -> tuple[SupervisorConfig, Secrets]:
    """Refuses an unknown key, a missing one and a value of the wrong kind."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidConfig(f"The configuration is not JSON: {error}") from None
    if not isinstance(document, dict) or document.keys() != {"config", "secrets"}:
        raise InvalidConfig("The configuration is an object with exactly 'config' and 'secrets'.")
    return from_document(document["config"], document["secrets"])


def server_environment(
    spawner_environment: Mapping[str, str],
    hub_api_path: str,
    base_url: str,
    framing: Framing | None = None,
) -> dict[str, str]:
    """What the single-user server needs of `Spawner.get_env()`, with addresses as they are in the sandbox.

    The token stays behind: it goes into `Secrets.api_token`.
    """
    kept = {
        name: value
        for name, value in spawner_environment.items()
        if name.startswith("JUPYTERHUB_") and name not in SECRET_NAMES
    }
    api_url = f"http+unix://{quote(INSIDE_HUB_SOCKET, safe='')}{hub_api_path}"
    user = quote(spawner_environment.get("JUPYTERHUB_USER", ""), safe="@~")
    return kept | {
        "JUPYTERHUB_API_URL": api_url,
        "JUPYTERHUB_ACTIVITY_URL": f"{api_url}/users/{user}/activity",
        # The port must be 8888: any other is "mutually exclusive" with a socket (jupyter_server).
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:8888{base_url}",
        "JUPYTERHUB_SERVICE_PREFIX": base_url,
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        **({} if framing is None else _own_origin(framing, base_url)),
    }


def _own_origin(framing: Framing, base_url: str) -> dict[str, str]:
    """The log-in goes to the hub's host and comes back to this one; its cookie can be set by no other host."""
    own = f"{framing.own}{base_url}"
    return {
        "JUPYTERHUB_HOST": framing.portal,
        "JUPYTERHUB_PUBLIC_URL": own,
        "JUPYTERHUB_PUBLIC_HUB_URL": f"{framing.portal}/hub/",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{own}oauth_callback",
        "JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED": "1",
        # browsers take `localhost` for as safe as TLS; the server sees HTTP there, as it does behind a TLS terminator
        "JUPYTERHUB_COOKIE_OPTIONS": '{"secure": true}',
    }


def _decode(cls: type[T], value: object, where: str) -> T:
    if not isinstance(value, dict):
        raise InvalidConfig(f"{where} is an object.")
    hints = get_type_hints(cls)
    unknown = value.keys() - hints.keys()
    if unknown:
        raise InvalidConfig(f"{where} has no {', '.join(sorted(unknown))}.")
    try:
        return cls(**{name: _convert(hints[name], part, f"{where}.{name}") for name, part in value.items()})
    except TypeError as error:
        raise InvalidConfig(f"{where} is not complete: {error}") from None


def _convert(hint: Any, value: object, where: str) -> object:
    if get_origin(hint) is types.UnionType:
        (wanted,) = (option for option in get_args(hint) if option is not types.NoneType)
        return None if value is None else _convert(wanted, value, where)
    if dataclasses.is_dataclass(hint):
        return _decode(cast("type[object]", hint), value, where)
    if get_origin(hint) is dict:
        return _text_table(value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = str if hint in (Path, Purpose) else hint
    if type(value) is not plain:
        raise InvalidConfig(f"{where} is of the wrong kind: {plain.__name__} is wanted.")
    try:
        return hint(value)
    except ValueError:
        raise InvalidConfig(f"{where} cannot be {value!r}.") from None


def _text_table(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(text, str) for pair in value.items() for text in pair
    ):
        raise InvalidConfig(f"{where} is a table of text.")
    return dict(value)
