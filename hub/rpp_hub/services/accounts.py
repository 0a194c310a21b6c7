"""Accounts at OpenID providers: seen when somebody logs in, linked to a person by a data manager, and by nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import require, rights_of
from rpp_hub.store.database import Store
from rpp_hub.store.model_accounts import Account
from rpp_hub.store.models import Person
from rpp_hub.store.paging import read_rows_by_pair

_MOST_UNLINKED = 200
_HUB = system(Via.HUB)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says this is: issuer and subject together, and what people call them."""

    issuer: str
    subject: str
    email: str = ""
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as data managers see it."""

    name: str
    issuer: str
    subject: str
    email: str
    display_name: str
    first_seen: datetime
    person: str | None
    linked_by: str | None
    linked_at: datetime | None
    two_factors: bool


_ACCOUNT = Account.__table__.c
_LINE: Select[*tuple[Any, ...]] = select(
    _ACCOUNT.id, _ACCOUNT.issuer, _ACCOUNT.subject, _ACCOUNT.email, _ACCOUNT.display_name, _ACCOUNT.first_seen, _ACCOUNT.person,
    _ACCOUNT.linked_by, _ACCOUNT.linked_at, _ACCOUNT.two_factors,
)  # fmt: skip
_WAITING = _LINE.where(_ACCOUNT.person.is_(None)).order_by(_ACCOUNT.id)
_LINKED = _LINE.where(_ACCOUNT.person.is_not(None))


def _line(row: Row[Any]) -> AccountView:
    return AccountView(
        name=f"a{row.id:04d}",
        issuer=row.issuer,
        subject=row.subject,
        email=row.email,
        display_name=row.display_name,
        first_seen=row.first_seen,
        person=row.person,
        linked_by=row.linked_by,
        linked_at=row.linked_at,
        two_factors=row.two_factors,
    )


class Accounts:
    """The register of accounts at providers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self, identity: Identity) -> AccountView | None:
        """The account behind a log-in, remembered from its first on; None where too many are waiting already."""
        _check(identity)
        with self._store.read() as session:
            row = _find(session, identity)
            if row is not None:
                return _view(row)
            if _waiting(session) >= _MOST_UNLINKED:
                return None
        with self._store.act(_HUB, "account:seen", "account") as act:
            row = _find(act.session, identity) or _added(act.session, identity)
            act.detail["account"] = row.name
            return _view(row)

    def logged_in(self, account: str, *, two_factors: bool) -> None:
        """Note a log-in, and how many factors it had."""
        with self._store.act(_HUB, "account:login", f"account:{account}") as act:
            row = _get(act.session, account)
            row.two_factors = two_factors
            act.detail.update(person=row.person, two_factors=two_factors)

    def factors(self, person: str) -> tuple[frozenset[Role], bool]:
        """A person's roles, RESEARCHER among them, and whether their latest log-in had two factors."""
        with self._store.read() as session:
            rights = rights_of(session, person)
            rows = session.scalars(select(Account.two_factors).where(Account.person == person)).all()
            roles = rights.roles | ({Role.RESEARCHER} if rights.projects else set())
            return frozenset(roles), bool(rows) and all(rows)

    def link(self, actor: Actor, account: str, person: str) -> AccountView:
        """Say that this account is this person. Raises ActionRefused while it is somebody else."""
        with self._store.act(actor, "account:link", f"account:{account}") as act:
            require(act.session, actor, Permission.ACCOUNT_LINK)
            return _linked(act.session, _get(act.session, account), person, actor)

    def link_identity(self, actor: Actor, identity: Identity, person: str) -> AccountView:
        """The same before the account was ever seen: for the first person of an installation."""
        _check(identity)
        with self._store.act(actor, "account:link", f"person:{person}") as act:
            require(act.session, actor, Permission.ACCOUNT_LINK)
            row = _find(act.session, identity) or _added(act.session, identity)
            act.detail["account"] = row.name
            return _linked(act.session, row, person, actor)

    def unlink(self, actor: Actor, account: str) -> AccountView:
        """This account is nobody here any more; whoever uses it is asked to log in anew."""
        with self._store.act(actor, "account:unlink", f"account:{account}") as act:
            require(act.session, actor, Permission.ACCOUNT_LINK)
            row = _get(act.session, account)
            act.detail["person"] = row.person
            row.person = row.linked_by = row.linked_at = None
            return _view(row)

    def waiting(self, actor: Actor) -> tuple[AccountView, ...]:
        """Those that are nobody here yet, the oldest first; more than a bounded number never wait."""
        with self._store.read() as session:
            require(session, actor, Permission.ACCOUNT_LINK)
            return tuple(map(_line, session.execute(_WAITING)))

    def linked(self, actor: Actor, at: PageAt) -> Page[AccountView]:
        """A page of those that are somebody's, by person."""
        with self._store.read() as session:
            require(session, actor, Permission.ACCOUNT_LINK)
            return read_rows_by_pair(session, _LINKED, _ACCOUNT.person, _ACCOUNT.id, at).map(_line)

    def list(self, actor: Actor) -> tuple[AccountView, ...]:
        """All accounts: those that wait for a person first, then by person."""
        with self._store.read() as session:
            require(session, actor, Permission.ACCOUNT_LINK)
            rows = session.scalars(select(Account).order_by(Account.id))
            return tuple(sorted(map(_view, rows), key=lambda a: (a.person is not None, a.person or "")))


def _check(identity: Identity) -> None:
    if not 0 < len(identity.subject) <= 255 or not 0 < len(identity.issuer) <= 255:
        raise Invalid(
            "An account is an issuer and a subject, each of 255 characters at most.", code="bad-account"
        )


def _find(session: Session, identity: Identity) -> Account | None:
    query = select(Account).where(Account.issuer == identity.issuer, Account.subject == identity.subject)
    return session.scalars(query).one_or_none()


def _waiting(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Account).where(Account.person.is_(None))).one()


def _added(session: Session, identity: Identity) -> Account:
    row = Account(
        issuer=identity.issuer,
        subject=identity.subject,
        email=printable(identity.email, 200),
        display_name=printable(identity.display_name, 100),
        first_seen=datetime.now(UTC),
        two_factors=False,
    )
    session.add(row)
    session.flush()
    return row


def _get(session: Session, name: str) -> Account:
    number = name[1:]
    if name.startswith("a") and number.isascii() and number.isdigit() and len(number) <= 9:
        row = session.get(Account, int(number))
        if row is not None and row.name == name:
            return row
    raise NotFound(f"There is no account {printable(name)!r} here.", code="no-such-account")


def _linked(session: Session, row: Account, person: str, actor: Actor) -> AccountView:
    if row.person is not None and row.person != person:
        raise ActionRefused(
            (
                Refusal(
                    "account-taken",
                    f"{row.name} is linked to {row.person}. Unlink it first, if that was wrong.",
                ),
            )
        )
    if session.get(Person, person) is None:
        raise Invalid(
            f"There is nobody called {printable(person)!r} here. Add them with `rpp person add` first.",
            code="no-such-person",
        )
    row.person, row.linked_by, row.linked_at = person, actor.name, datetime.now(UTC)
    session.flush()
    return _view(row)


def _view(row: Account) -> AccountView:
    return AccountView(
        name=row.name,
        issuer=row.issuer,
        subject=row.subject,
        email=row.email,
        display_name=row.display_name,
        first_seen=row.first_seen,
        person=row.person,
        linked_by=row.linked_by,
        linked_at=row.linked_at,
        two_factors=row.two_factors,
    )
