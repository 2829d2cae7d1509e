"""First step: whose report is it, may it come in, and which device is it."""

from __future__ import annotations

import msgspec

from ingest_lambda.batch import Arrival, Batch, Dead, Trail
from ingest_lambda.formats import unrecognised
from ingest_lambda.outcomes import Quarantine, Verdict, quarantined
from ingest_lambda.report import SPEED_UNITS, Envelope, Refusal
from ingest_lambda.steps.certify import certified_devices, is_certified
from ingest_lambda.steps.known import Known, KnownDevice
from ingest_lambda.steps.payload import payload_text
from ingest_lambda.steps.store import Store


def recognise(batch: Batch, store: Store, known: Known) -> None:
    """Sort the batch into trails, one a device, each with its id and state; quarantine what may not come in."""
    _admit(batch, store, known)
    for order, envelope in enumerate(batch.envelopes):
        if not envelope.device:
            continue  # of no device anybody could tell: all of it is refused, below
        trail = batch.trails.get((envelope.environment_id, envelope.device))
        if trail is None:
            trail = Trail(known.environments[envelope.environment_id], envelope.device)
            batch.trails[envelope.environment_id, envelope.device] = trail
        if envelope.device_info is not None:
            trail.info = envelope.device_info
        trail.arrivals += [(fix.recorded_at_us, order, fix, envelope) for fix in envelope.positions]
        if envelope.format != unrecognised.NAME:  # what is no known form says nothing of the device's app
            trail.reported_by = _spoken(envelope)
    _identify(batch, store, known)
    _recall(batch, store)
    _describe(batch, store, known)
    for envelope in batch.envelopes:
        trail = batch.trails.get((envelope.environment_id, envelope.device))
        device_id = trail.device_id if trail is not None else 0
        for refused in envelope.refused:
            verdict = quarantined(refused.reason, refused.detail)
            batch.put_aside(envelope, device_id, verdict, refused.raw, None)
        if trail is None and envelope.positions:
            _turn_away(batch, envelope, quarantined(Refusal.MISSING_DEVICE_ID, "the request names no device"))


def _admit(batch: Batch, store: Store, known: Known) -> None:
    """Fill `batch.envelopes` with those whose environment exists and whose key, or certificate, still holds."""
    opened = [(unit, unit.envelope) for unit in batch.units if unit.envelope is not None]
    certified = certified_devices((envelope for _, envelope in opened), store, known, batch.now_us)
    keys = {envelope.key_id for _, envelope in opened if envelope.key_id}
    if stale := known.stale_keys(keys, batch.now_us):
        known.learn_keys(stale, store.keys(stale), batch.now_us)
    environments = {envelope.environment_id for _, envelope in opened if envelope.environment_id}
    environments.update(device.environment_id for device in certified.values())
    if stale := known.stale_environments(environments, batch.now_us):
        known.learn_environments(stale, store.environments(stale), batch.now_us)
    batch.dead += [Dead(unit, 0, "unreadable", unit.error) for unit in batch.units if unit.envelope is None]
    for unit, envelope in opened:
        revoked = f"the key {envelope.key_id} is revoked or unknown"
        holds = known.keys.get(envelope.key_id) == envelope.environment_id
        if is_certified(envelope):
            device = certified.get(envelope.device)
            if device is None:
                error = f"no device {envelope.device[:40]} is registered"
                batch.dead.append(Dead(unit, 0, "unknown_device", error))
                continue
            envelope = msgspec.structs.replace(
                envelope, environment_id=device.environment_id, device=device.external_id
            )
            holds, revoked = device.in_force, "no certificate of the device is in force"
        if envelope.environment_id not in known.environments:
            # its tenant was removed while it travelled: there is nobody to count it for
            error = f"environment {envelope.environment_id} does not exist"
            batch.dead.append(Dead(unit, 0, "unknown_environment", error))
        elif not holds:
            _turn_away(batch, envelope, quarantined(Quarantine.KEY_REVOKED, revoked))
        else:
            batch.envelopes.append(envelope)


def _turn_away(batch: Batch, envelope: Envelope, verdict: Verdict) -> None:
    for fix in envelope.positions:
        batch.put_aside(envelope, 0, verdict, payload_text(fix), fix.recorded_at_us)
    if verdict.reason == Quarantine.KEY_REVOKED:
        for refused in envelope.refused:
            batch.put_aside(envelope, 0, verdict, refused.raw, None)


def _identify(batch: Batch, store: Store, known: Known) -> None:
    """Give each trail its device: from memory, from the register, or by registering it."""
    strangers = []
    for key, trail in batch.trails.items():
        device = known.device(key)
        if device is None:
            strangers.append(key)
        else:
            trail.device_id, trail.uid = device.device_id, device.uid
    if not strangers:
        return
    found = store.find_devices(strangers)
    # a device of which nothing readable came is not registered for it
    new = [key for key in strangers if key not in found and batch.trails[key].arrivals]
    if new:
        made = store.register_devices(
            [(key, batch.trails[key].info, batch.trails[key].reported_by[:30]) for key in new]
        )
        for key, (device_id, uid, name) in made.items():
            found[key] = (device_id, uid)
            batch.trails[key].registered_name = name
        if raced := [key for key in new if key not in made]:
            # another worker registered them since we looked; its rows are committed, or we would still wait
            found |= store.find_devices(raced)
    for key, (device_id, uid) in found.items():
        batch.trails[key].device_id, batch.trails[key].uid = device_id, uid


def _recall(batch: Batch, store: Store) -> None:
    """Read the states, and with them whether a device was deleted or its row has gone altogether."""
    old = [trail for trail in batch.trails.values() if trail.device_id and trail.registered_name is None]
    states = store.states([trail.device_id for trail in old]) if old else {}
    for trail in old:
        if trail.device_id not in states:
            raise DeviceVanished(trail.device_id)
        trail.deleted, trail.wire_format, speed_unit, trail.state, trail.presence = states[trail.device_id]
        trail.had_state = trail.state is not None
        if speed_unit:
            trail.arrivals = [_in_its_unit(arrival, speed_unit) for arrival in trail.arrivals]


def _spoken(envelope: Envelope) -> str:
    """The form, and behind a slash the unit it read speeds in: two versions of one app may differ in nothing else."""
    return f"{envelope.format}/{envelope.speed_unit}"[:30] if envelope.speed_unit else envelope.format[:30]


def _in_its_unit(arrival: Arrival, speed_unit: str) -> Arrival:
    """The fix with its speed read in the unit its owner says it is in, not in the one its app's form states."""
    recorded_us, order, fix, envelope = arrival
    stated, really = SPEED_UNITS.get(envelope.speed_unit), SPEED_UNITS.get(speed_unit)
    if fix.speed_mps is None or stated is None or really is None or stated == really:
        return arrival
    return (
        recorded_us,
        order,
        msgspec.structs.replace(fix, speed_mps=fix.speed_mps / stated * really),
        envelope,
    )


def _describe(batch: Batch, store: Store, known: Known) -> None:
    """Write down what devices say about themselves, only when they say something new."""
    said, spoken = [], []
    for key, trail in batch.trails.items():
        if not trail.device_id or trail.deleted or trail.registered_name is not None:
            continue
        if trail.reported_by and trail.wire_format != trail.reported_by:
            spoken.append((trail.device_id, trail.reported_by))
        if trail.info is None:
            continue
        device = known.device(key)
        if device is None or device.info != trail.info:
            said.append((trail.device_id, trail.info))
    if said:
        store.update_devices(sorted(said, key=lambda one: one[0]))
    if spoken:
        store.wire_formats(sorted(spoken))


def remember(batch: Batch, known: Known) -> None:
    """After the commit: keep the devices in memory, and which are noted as active."""
    for key, trail in batch.trails.items():
        if not trail.device_id:
            continue
        device = known.devices.get(key)
        if device is None or (trail.info is not None and device.info != trail.info):
            info = trail.info or (device.info if device else None)
            known.learn_device(key, KnownDevice(trail.device_id, trail.uid, info))
    for _, month, device_id, received_us in batch.active:
        known.learn_active(device_id, month, received_us)


class DeviceVanished(Exception):
    """A remembered device has no row any more: its environment was emptied. Forget, and recognise again."""

    def __init__(self, device_id: int) -> None:
        super().__init__(f"device {device_id} has no row any more")
