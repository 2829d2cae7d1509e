"""The part of the device's page that shows its certificates, and what the device was denied."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.certificates.forms import CertificateForm
from tracker.certificates.models import DeviceCertificate
from tracker.certificates.selectors import certificates_of, denied_lately, state_of
from tracker.devices.models import Device

SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """A certificate and its state, for the list."""

    row: DeviceCertificate
    state: str


def card(device: Device, *, now: datetime, may_manage: bool) -> dict[str, Any]:
    """The facts for `certificates/card.html`."""
    return {
        "rows": [Shown(row, state_of(row, now=now)) for row in certificates_of(device)[:SHOWN]],
        "may_manage": may_manage,
        "denied": denied_lately(device, today=now.date()),
        "form": CertificateForm(),
    }
