"""One MQTT message as envelopes. Who sent it says the topic, which the broker lets nobody else write to.

`devices/{id}/positions` and `owntracks/{id}/{any}`, where {id} is the public id in the device's certificate. Any wire
form is read on either; a device named inside the message counts for nothing beside the certificate.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ingest_lambda.correlation import new_request_id, trace_context
from ingest_lambda.enclosing import enclose_all
from ingest_lambda.formats import DeviceReports, native
from ingest_lambda.formats.catalogue import Understood, not_understood, understand
from ingest_lambda.formats.taking_apart import take_apart
from ingest_lambda.keys import Kind, Mode, VerifiedKey
from ingest_lambda.problems import Problem, body_too_large
from ingest_lambda.report import Channel, Envelope

TOPICS = ("devices/+/positions", "owntracks/+/+", "owntracks/+/+/+")
# The certificate says which device it is and the database which environment that is in: no key, no environment here.
BY_CERTIFICATE = VerifiedKey(Kind.PUBLISHABLE, Mode.LIVE, 0, 0)

_ADDRESS = re.compile(r"(devices|owntracks)/(dev_[0-9a-f]{32})/([^/]+)(?:/([^/]+))?")


class Message(NamedTuple):
    """What a message was: its device, its envelopes (none where it holds no report), its problem if it has one."""

    device: str
    envelopes: list[Envelope]
    problem: Problem | None = None


def read_message(topic: str, payload: bytes, traceparent: str | None, limit: int, now_us: int) -> Message:
    """The message. Never raises for what is in it: what cannot be read is an envelope with a refusal.

    Only a topic that is nobody's, which no certificate of ours can write to, gives no envelope and a problem.
    """
    found = _ADDRESS.fullmatch(topic)
    if found is None:
        detail = "The topic is not devices/dev_…/positions or owntracks/dev_…/… of a device."
        return Message("", [], Problem(404, "unknown_topic", detail))
    device = found[2]
    if not payload or (found[4] is not None and found[4] != "event"):
        return Message(device, [])  # a retained message taken back; a waypoint, a status, a command
    request_id = new_request_id(now_us)
    understood = _understood(found[1], payload, device, limit, now_us)
    reports = [_of(device, each) for each in understood.reports]
    envelopes = enclose_all(
        Understood(understood.form, reports, understood.fixes, understood.problem),
        BY_CERTIFICATE,
        now_us,
        request_id,
        trace_context(traceparent, request_id),
        Channel.MQTT,
    )
    return Message(device, envelopes, understood.problem)


def _understood(family: str, payload: bytes, device: str, limit: int, now_us: int) -> Understood:
    if len(payload) > limit:
        return not_understood(body_too_large(limit), payload)
    try:
        if family == "devices":  # the usual form, decoded in one pass
            reports = native.read_body(payload, device)
            return Understood(native, [reports], len(reports.positions) + len(reports.refused))
    except Problem:
        pass  # another form, or a broken one: the slow way tells which
    try:
        return understand(take_apart("", payload, now_us, {}, device))
    except Problem as problem:
        return not_understood(problem, payload)


def _of(device: str, reports: DeviceReports) -> DeviceReports:
    return reports if reports.device == device else reports._replace(device=device)
