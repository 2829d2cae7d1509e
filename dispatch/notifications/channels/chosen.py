"""Which channel serves which messages, by the settings."""

from django.conf import settings

from dispatch.notifications.channels.files import FileChannel
from dispatch.notifications.channels.gateway import GatewayChannel
from dispatch.notifications.channels.mail import MailChannel
from dispatch.notifications.channels.port import Channel
from tracker.tenants.models import Environment


def channel_for(name: str, environment: Environment) -> Channel:
    """Mail always goes out; what rings or costs money does so from live environments alone."""
    if name == "mail":
        return MailChannel()
    url, token = {
        "sms": (settings.SMS_URL, settings.SMS_TOKEN),
        "push": (settings.PUSH_URL, settings.PUSH_TOKEN),
    }[name]
    if not url or environment.kind != Environment.Kind.LIVE:
        return FileChannel(settings.MESSAGES_DIR)
    return GatewayChannel(url, token, allow_private=settings.GATEWAYS_ALLOW_PRIVATE)
