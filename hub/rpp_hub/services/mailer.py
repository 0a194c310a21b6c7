"""Sends one message by SMTP, or says why it could not."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from rpp_hub.domain.errors import Unavailable
from rpp_hub.settings import Mail

Send = Callable[[str, str, str], None]  # to, subject, text

_PATIENCE = 20.0


def mailer(mail: Mail, *, trust: ssl.SSLContext | None = None) -> Send | None:
    """How mail is sent with these settings; None where none is."""
    if not mail.host:
        return None

    def send(to: str, subject: str, text: str) -> None:
        try:
            with smtplib.SMTP(mail.host, mail.port, timeout=_PATIENCE) as server:
                if mail.starttls:
                    server.starttls(context=trust or ssl.create_default_context())
                if mail.username:
                    server.login(mail.username, Path(mail.password_file).read_text(encoding="utf-8").strip())
                server.send_message(_message(mail, to, subject, text))
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(
                f"The mail server {mail.host} did not take a message ({type(error).__name__}). It is tried again later.",
                code="mail-failed",
            ) from error

    return send


def _message(mail: Mail, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=mail.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
