"""Moving an installation to another database: for operators, while nothing else runs."""

from __future__ import annotations

from collections.abc import Callable

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import require
from rpp_hub.store.database import Store
from rpp_hub.store.moving import Moved, move
from rpp_hub.store.postgres import grant, is_postgres, role_of
from rpp_hub.store.schema import prepare


def move_database(
    store: Store, actor: Actor, to: str, owner_url: str, told: Callable[[str, int], None] = lambda *_: None
) -> Moved:
    """Copy everything to another, empty database. The tables are written by their owner; `to` is what rpp.toml will name."""
    with store.read() as session:
        require(session, actor, Permission.INSTALLATION_OPERATE)
    if is_postgres(to) and not owner_url:
        raise Invalid(
            "Say who owns PostgreSQL's tables: set RPP_DATABASE_OWNER_URL to a URL of the same database.",
            code="no-owner",
        )
    prepare(to, owner_url)
    moved = move(store, actor, owner_url if is_postgres(to) else to, told)
    if is_postgres(to):
        grant(owner_url, role_of(to))
    return moved
