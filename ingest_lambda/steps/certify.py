"""Whose is a report that came by MQTT? The device's certificate said its public id; the register says the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingest_lambda.report import Channel, Envelope
from ingest_lambda.steps.known import KEYS_STALE_US, CertifiedDevice, Known
from ingest_lambda.steps.store import Store

_PUBLIC_ID = re.compile(r"dev_([0-9a-f]{32})")


def is_certified(envelope: Envelope) -> bool:
    """Whether the sender is known by its certificate: no key, no environment, only the device's public id."""
    return envelope.environment_id == 0 and envelope.channel == Channel.MQTT.value


def certified_devices(
    envelopes: Iterable[Envelope], store: Store, known: Known, now_us: int
) -> dict[str, CertifiedDevice]:
    """The senders among `envelopes` that are registered, by public id. Like keys, a certificate counts as in force
    for two seconds after it was asked for."""
    wanted: dict[str, str] = {}
    for envelope in envelopes:
        if is_certified(envelope) and (match := _PUBLIC_ID.fullmatch(envelope.device)):
            wanted[match[1]] = envelope.device
    if not wanted:
        return {}
    if strangers := [uid for uid in wanted if uid not in known.certified]:
        for uid, (environment_id, external_id) in store.certified_devices(strangers).items():
            known.learn_certified(uid, CertifiedDevice(environment_id, external_id, False, 0))
    found = {uid: known.certified[uid] for uid in wanted if uid in known.certified}
    stale = [uid for uid, device in found.items() if now_us - device.asked_us > KEYS_STALE_US]
    if stale:
        in_force = store.certificates_in_force([(found[uid].environment_id, uid) for uid in stale], now_us)
        for uid in stale:
            found[uid] = found[uid]._replace(in_force=uid in in_force, asked_us=now_us)
            known.learn_certified(uid, found[uid])
    return {wanted[uid]: device for uid, device in found.items()}
