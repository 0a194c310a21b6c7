"""A real PostgreSQL of the tests' own: a cluster in a temporary folder, on a UNIX socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from rpp_hub.store.database import migrate
from rpp_hub.store.postgres import grant

OWNER, APP = "rpp_owner", "rpp"
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=120")


def tools() -> Path | None:
    """Where initdb and postgres are: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    named = shutil.which("initdb")
    return found[0].parent if found else Path(named).parent if named else None


def cannot() -> str:
    """Why PostgreSQL cannot be started here; empty when it can."""
    if os.getuid() == 0:
        return "PostgreSQL never runs as root: `make test` runs the tests under an account of their own"
    if tools() is None:
        return "PostgreSQL is not installed: apt-get install postgresql (scripts/set-up --for-tests does)"
    return ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; `owner` makes and migrates tables, `app` is what portal, hub and worker use."""

    sockets: Path
    numbers: Iterator[int]

    def url(self, database: str, role: str) -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """As the superuser."""
        with psycopg.connect(
            dbname=database, host=str(self.sockets), user="postgres", autocommit=True
        ) as session:
            session.execute(statement.encode())

    def empty_database(self) -> Database:
        """A database without tables, the owner role's."""
        return self._made("template1")

    def database(self) -> Database:
        """A database with the newest schema and the grants, copied from one made once."""
        return self._made("newest")

    def _made(self, template: str) -> Database:
        name = f"d{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        return Database(self, name)


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the cluster."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.name, APP)

    @property
    def owner_url(self) -> str:
        return self.cluster.url(self.name, OWNER)

    def run(self, statement: str) -> None:
        """As the superuser: what somebody with the machine in hand can do."""
        self.cluster.run(statement, self.name)

    def drop(self) -> None:
        self.cluster.run(f"DROP DATABASE {self.name} WITH (FORCE)")


@contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """A server of its own; without further settings quick rather than safe from power cuts."""
    found = tools()
    if found is None:
        raise RuntimeError(cannot())
    folder = Path(tempfile.mkdtemp(prefix="rpp-pg-"))
    data = folder / "data"
    subprocess.run(
        [
            found / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ],
        check=True,
        capture_output=True,
    )
    options = [part for setting in settings or _QUICK for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [found / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *options],
            stdout=log,
            stderr=log,
        )
    try:
        made = Cluster(folder, count())
        _wait(made, server, folder / "log")
        _prepare(made)
        yield made
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(made: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            made.run("SELECT 1")
            return
        except psycopg.OperationalError:
            if server.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not answer:\n{log.read_text()}")


def _prepare(made: Cluster) -> None:
    made.run(f"CREATE ROLE {OWNER} LOGIN")
    made.run(f"CREATE ROLE {APP} LOGIN")
    made.run(f"CREATE DATABASE newest OWNER {OWNER}")
    migrate(made.url("newest", OWNER))
    grant(made.url("newest", OWNER), APP)
