"""Messages by e-mail, through Django's mail. The Message-ID follows from the message's id, so it never changes."""

from collections.abc import Sequence
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from dispatch.notifications.channels.port import SENT, Message, Result


class MailChannel:
    """One connection for all messages of a call."""

    def send(self, messages: Sequence[Message]) -> list[Result]:
        """Mail them one by one; when the server goes away the rest waits."""
        connection: BaseEmailBackend = get_connection()
        results: list[Result] = []
        try:
            connection.open()
            for message in messages:
                result = _send(connection, message)
                results.append(result)
        except (OSError, SMTPException) as error:
            results += [Result(False, _words(error))] * (len(messages) - len(results))
        finally:
            _close(connection)
        return results


def _send(connection: BaseEmailBackend, message: Message) -> Result:
    host = urlsplit(settings.BASE_URL).hostname or "milepost.invalid"
    headers = {"Message-ID": f"<{message.id}@{host}>", "Auto-Submitted": "auto-generated"}
    if message.language:
        headers["Content-Language"] = message.language
    mail = EmailMessage(message.subject, message.body, None, [message.address], headers=headers)
    try:
        connection.send_messages([mail])
    except BadHeaderError:
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
            raise
        return Result(False, f"the mail server answered {refusal.smtp_code}")
    return SENT


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, SMTPException):
        return


def _words(error: Exception) -> str:
    """What went wrong, without what a server says of accounts and hosts."""
    return f"the mail server is away ({type(error).__name__})"
