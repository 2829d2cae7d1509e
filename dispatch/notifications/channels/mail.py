"""Messages by e-mail, through Django's mail. The Message-ID follows from the message's id, so it never changes."""

from collections.abc import Iterator, Sequence
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from dispatch.notifications.channels.port import SENT, Message, Result

AWAY = "the mail server is away"


class MailChannel:
    """One connection for all messages of a call."""

    def send(self, messages: Sequence[Message]) -> Iterator[Result]:
        """Mail them one by one; when the server goes away the rest waits."""
        connection: BaseEmailBackend = get_connection()
        try:
            away = _opened(connection)
            for message in messages:
                result = away or _send(connection, message)
                if result.problem.startswith(AWAY):
                    away = result
                yield result
        finally:
            _close(connection)


def _opened(connection: BaseEmailBackend) -> Result | None:
    """None where the server is there."""
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        return _gone(error)
    return None


def _send(connection: BaseEmailBackend, message: Message) -> Result:
    host = urlsplit(settings.BASE_URL).hostname or "milepost.invalid"
    headers = {"Message-ID": f"<{message.id}@{host}>", "Auto-Submitted": "auto-generated"}
    if message.language:
        headers["Content-Language"] = message.language
    mail = EmailMessage(message.subject, message.body, None, [message.address], headers=headers)
    try:
        connection.send_messages([mail])
    except (BadHeaderError, ValueError):  # the latter for what no mail can hold, such as half a character
        return Result(False, "its subject or address cannot stand in a mail", final=True)
    except SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        return Result(
            False,
            f"the address was refused ({codes[0] if codes else '?'})",
            final=all(c >= 500 for c in codes),
        )
    except SMTPResponseException as refusal:
        if refusal.smtp_code == 421:  # the server is leaving: the connection is of no use any more
            return _gone(refusal)
        return Result(False, f"the mail server answered {refusal.smtp_code}")
    except (OSError, SMTPException) as error:
        return _gone(error)
    return SENT


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, SMTPException):
        return


def _gone(error: Exception) -> Result:
    """What went wrong, without what a server says of accounts and hosts."""
    return Result(False, f"{AWAY} ({type(error).__name__})")
