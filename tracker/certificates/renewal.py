"""Renews what the broker beside us reads, long before it runs out; elsewhere there is nothing to renew."""

from datetime import datetime

from cryptography import x509
from django.conf import settings

from tracker.certificates.authority import broker_names
from tracker.certificates.broker_files import SERVER, renew
from tracker.certificates.services import authority_files


def renew_broker(*, now: datetime) -> list[str]:
    """What was written, by file name; the broker's keeper sees the new files and lets the broker read them."""
    server = settings.BROKER_DIR / SERVER
    if not server.is_file():
        return []
    names = broker_names(x509.load_pem_x509_certificate(server.read_bytes()))
    ours = settings.CA_CERT == settings.STATE_DIR / "ca" / "ca.pem"
    return renew(authority_files(), settings.BROKER_DIR, names, now=now, ours=ours)
