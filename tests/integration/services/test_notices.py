"""Mail about what is due, over a real SMTP server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from rpp_hub.domain.dues import Clocks
from rpp_hub.domain.errors import Invalid, Unavailable
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.dues import Dues
from rpp_hub.services.mailer import mailer
from rpp_hub.services.notices import Letterhead, Notices
from rpp_hub.settings import Mail, read_settings

from tests.factories import NOW, World, actor
from tests.harness import free_port

TODAY = NOW.date()


class PostOffice:
    """Takes every message, unless the address is among those it refuses."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, EmailMessage]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append((envelope.rcpt_tos[0], message))
        return "250 OK"


@pytest.fixture
def office() -> Iterator[tuple[PostOffice, Mail]]:
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield office, Mail(host="127.0.0.1", port=controller.port, starttls=False, sender="rpp@example.org")
    controller.stop()


class Day:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def post(world: World, mail: Mail, clock: Day) -> Notices:
    return Notices(
        world.store,
        Dues(world.store, Clocks(), {}, lambda _district: None, clock),
        mailer(mail),
        clock,
        Letterhead("Bayview", "https://rpp.example.org/"),
    )


def deliver(notices: Notices) -> list[str]:
    written = []
    for person in notices.pending():
        notices.send(person)
        written.append(person)
    return written


def test_people_are_written_to_before_a_condition_ends_once_at_each_stage(
    world: World, office: tuple[PostOffice, Mail]
) -> None:
    kept, mail = office
    clock = Day()
    world.people.set_email(actor("rosa"), "rosa", "rosa@example.org")
    world.people.set_email(actor("dirk"), "dirk", "dirk@example.org")
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY + timedelta(days=20))
    notices = post(world, mail, clock)
    assert deliver(notices) == ["dirk", "rosa"]
    to, message = kept.messages[1]
    assert (to, message["Subject"]) == ("rosa@example.org", "Bayview: 1 due")
    text = message.get_content()
    assert "Human-subjects training of rosa ends on 14 December 2026. Upload a new certificate." in text
    assert "https://rpp.example.org/services/rpp/due" in text
    for days, expected in ((1, []), (13, ["dirk", "rosa"]), (16, []), (21, ["dirk", "rosa"]), (40, [])):
        clock.now = NOW + timedelta(days=days)
        assert deliver(notices) == expected, days
    assert "LATE" in kept.messages[-1][1].get_content()
    acts = [e.act for e in world.auditing.events(actor("ada"), AuditFilter())]
    assert acts.count("person:notify") == 6


def test_a_second_life_writes_to_nobody_again(world: World, office: tuple[PostOffice, Mail]) -> None:
    world.people.set_email(actor("rosa"), "rosa", "rosa@example.org")
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY)
    assert deliver(post(world, office[1], Day())) == ["rosa"]
    assert deliver(post(world, office[1], Day())) == []


def test_who_has_no_address_or_a_closed_account_is_not_written_to(
    world: World, office: tuple[PostOffice, Mail]
) -> None:
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY)
    assert deliver(post(world, office[1], Day())) == []
    world.people.set_email(actor("rosa"), "rosa", "rosa@example.org")
    world.people.set_active(actor("dora"), "rosa", active=False)
    assert deliver(post(world, office[1], Day())) == []


def test_one_address_that_is_refused_keeps_no_other_waiting_and_is_tried_again(
    world: World, office: tuple[PostOffice, Mail]
) -> None:
    kept, mail = office
    for name in ("rosa", "dirk"):
        world.people.set_email(actor(name), name, f"{name}@example.org")
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY)
    kept.refused = {"dirk@example.org"}
    notices = post(world, mail, Day())
    with pytest.raises(Unavailable) as caught:
        notices.send(notices.pending()[0])
    assert caught.value.code == "mail-failed"
    notices.send("rosa")
    assert notices.pending() == ("dirk",)
    kept.refused = set()
    assert deliver(notices) == ["dirk"]


def test_nothing_is_sent_where_no_server_is_named(world: World) -> None:
    world.people.set_email(actor("rosa"), "rosa", "rosa@example.org")
    world.people.certify(actor("dora"), "rosa", training_ends=TODAY)
    assert mailer(Mail()) is None
    assert post(world, Mail(), Day()).pending() == ()


def test_a_server_without_encryption_gets_nothing_where_encryption_is_asked_for(
    world: World, office: tuple[PostOffice, Mail]
) -> None:
    send = mailer(office[1].model_copy(update={"starttls": True}))
    assert send is not None
    with pytest.raises(Unavailable):
        send("rosa@example.org", "subject", "text")
    assert office[0].messages == []
    control = mailer(office[1])
    assert control is not None
    control("rosa@example.org", "subject", "text")
    assert len(office[0].messages) == 1


@pytest.mark.parametrize(
    "text",
    ['host = "x"', 'host = "x"\nsender = "a@b"\nusername = "u"',
     'host = "x"\nsender = "a@b"\nusername = "u"\npassword_file = "p"\nstarttls = false'],
)  # fmt: skip
def test_settings_that_would_send_nothing_or_a_password_in_the_open_are_refused(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "rpp.toml").write_text(f"[mail]\n{text}\n")
    with pytest.raises(Invalid):
        read_settings(tmp_path / "rpp.toml")


@pytest.mark.parametrize("address", ["no", "a@b\nBcc: x@y", "<a@b>", "a b@c", "a@", "@b"])
def test_what_is_no_address_is_not_kept(world: World, address: str) -> None:
    with pytest.raises(Invalid):
        world.people.set_email(actor("rosa"), "rosa", address)
