"""How each report of a request ended: read from its rows, and for duplicates from whose row stands in their place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ingest_lambda.report import Envelope
from tracker.devices.models import Device
from tracker.follow import stored
from tracker.follow.on_stream import OnStream
from tracker.follow.stored import Held
from tracker.ingestion.models import DeadLetter
from tracker.letters.contents import contents_of
from tracker.tenants.identifiers import BadIdentifier, parse_id, public_id
from tracker.tenants.models import Environment

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Ending:
    """One report's ending. `at` is when its row was stored; None where it has none."""

    device: str
    recorded_at: datetime | None
    outcome: str
    reason: str = ""
    detail: str = ""
    at: datetime | None = None


def of_request(
    request: UUID, environment: Environment | None, entries: list[OnStream], held: Held
) -> list[Ending]:
    """Every report of the request that is known, in recorded order; those without a time first."""
    names = _names(held)
    found = [
        Ending(names.get(row.device_id, ""), row.recorded_at, "accepted", at=row.stored_at)
        for row in held.kept
    ]
    found += [
        Ending(row.external_id, row.recorded_at, row.outcome, row.reason, row.detail, row.stored_at)
        for row in held.aside
    ]
    for letter in held.letters:
        if letter.redriven_at is None:
            found += _in_letter(letter)
    for one in entries:
        found += _without_row(request, environment, one, found)
    early = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda ending: (ending.device, ending.recorded_at or early))


def _names(held: Held) -> dict[int, str]:
    numbers: dict[int, set[int]] = {}
    for row in held.kept:
        numbers.setdefault(row.environment_id, set()).add(row.device_id)
    return {
        number: device.external_id
        for environment_id, wanted in numbers.items()
        for number, device in stored.devices_numbered(environment_id, wanted).items()
    }


def _in_letter(letter: DeadLetter) -> list[Ending]:
    contents = contents_of(letter)
    times = [at(fix.recorded_at_us) for fix in contents.positions]
    return [
        Ending(contents.device, moment, "quarantined", "dead_letter", letter.reason, letter.created_at)
        for moment in (times + [None] * letter.fixes)[: letter.fixes]
    ]


def _without_row(
    request: UUID, environment: Environment | None, one: OnStream, found: list[Ending]
) -> list[Ending]:
    """Reports of an envelope that no row of this request shows: not stored yet, or stored before by another."""
    device, envelope = _device(one.envelope, environment), one.envelope
    name = device.external_id if device is not None else envelope.device
    ended: dict[datetime | None, int] = {}
    for ending in found:
        if ending.device in {name, envelope.device}:
            ended[ending.recorded_at] = ended.get(ending.recorded_at, 0) + 1
    missing = []
    for moment in (at(fix.recorded_at_us) for fix in envelope.positions):
        if ended.get(moment, 0) > 0:
            ended[moment] -= 1
        else:
            missing.append(moment)
    if not one.stored:
        left = [*missing, *(None for _ in envelope.refused)]
        return [Ending(name, moment, "waiting", "on the stream") for moment in left]
    twins = stored.twins_of(device.environment_id, device.pk, missing) if device is not None else {}
    return [_missing(request, name, moment, twins) for moment in missing]


def _missing(request: UUID, name: str, moment: datetime, twins: dict[datetime, UUID]) -> Ending:
    twin = twins.get(moment)
    if twin is None:
        return Ending(name, moment, "unknown", "", "it ended, and its row is gone: rows of what is set aside "
                      "stay a week, positions as long as the environment keeps them")  # fmt: skip
    by = "twice in this request" if twin == request else f"stored by {public_id('req', twin)}"
    return Ending(name, moment, "duplicate", "", by)


def _device(envelope: Envelope, environment: Environment | None) -> Device | None:
    if environment is None:
        return None
    if not envelope.environment_id:
        return certified_device(envelope.device, environment)
    return stored.devices_named(environment.pk, {envelope.device}).get(envelope.device)


def certified_device(text: str, environment: Environment) -> Device | None:
    """The environment's device with that public id."""
    try:
        uid = parse_id("dev", text)
    except BadIdentifier:
        return None
    return Device.objects.for_environment(environment).filter(uid=uid).first()


def at(time_us: int) -> datetime:
    """Epoch microseconds as a time; the ends of the calendar for what lies beyond them."""
    try:
        return _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if time_us > 0 else datetime.min.replace(tzinfo=UTC)
