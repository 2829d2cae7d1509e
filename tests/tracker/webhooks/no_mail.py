"""A mail server that is away."""

from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Refuses every connection."""

    def send_messages(self, email_messages):
        raise ConnectionRefusedError("no mail today")
