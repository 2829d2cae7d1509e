"""First step: whose report is it, may it come in, and which device is it."""

from __future__ import annotations

from ingest_lambda.batch import Batch, Dead, Trail
from ingest_lambda.outcomes import Quarantine, quarantined
from ingest_lambda.report import Envelope
from ingest_lambda.steps.known import Known, KnownDevice
from ingest_lambda.steps.payload import payload_text
from ingest_lambda.steps.store import Store


def recognise(batch: Batch, store: Store, known: Known) -> None:
    """Sort the batch into trails, one a device, each with its id and state; quarantine what may not come in."""
    _admit(batch, store, known)
    for order, envelope in enumerate(batch.envelopes):
        trail = batch.trails.get((envelope.environment_id, envelope.device))
        if trail is None:
            trail = Trail(known.environments[envelope.environment_id], envelope.device)
            batch.trails[envelope.environment_id, envelope.device] = trail
        if envelope.device_info is not None:
            trail.info = envelope.device_info
        trail.arrivals += [(fix.recorded_at_us, order, fix, envelope) for fix in envelope.positions]
    _identify(batch, store, known)
    _recall(batch, store)
    _describe(batch, store, known)
    for envelope in batch.envelopes:
        for refused in envelope.refused:
            device_id = batch.trails[envelope.environment_id, envelope.device].device_id
            verdict = quarantined(refused.reason, refused.detail)
            batch.put_aside(envelope, device_id, verdict, refused.raw, None)


def _admit(batch: Batch, store: Store, known: Known) -> None:
    """Fill `batch.envelopes` with those whose environment exists and whose key may still report into it."""
    opened = [(unit, unit.envelope) for unit in batch.units if unit.envelope is not None]
    if stale := known.stale_keys({envelope.key_id for _, envelope in opened}, batch.now_us):
        known.learn_keys(stale, store.keys(stale), batch.now_us)
    if stale := known.stale_environments({envelope.environment_id for _, envelope in opened}, batch.now_us):
        known.learn_environments(stale, store.environments(stale), batch.now_us)
    batch.dead += [Dead(unit, 0, "unreadable", unit.error) for unit in batch.units if unit.envelope is None]
    for unit, envelope in opened:
        if envelope.environment_id not in known.environments:
            # its tenant was removed while it travelled: there is nobody to count it for
            error = f"environment {envelope.environment_id} does not exist"
            batch.dead.append(Dead(unit, 0, "unknown_environment", error))
        elif known.keys.get(envelope.key_id) != envelope.environment_id:
            _turn_away(batch, envelope)
        else:
            batch.envelopes.append(envelope)


def _turn_away(batch: Batch, envelope: Envelope) -> None:
    verdict = quarantined(Quarantine.KEY_REVOKED, f"the key {envelope.key_id} is revoked or unknown")
    for fix in envelope.positions:
        batch.put_aside(envelope, 0, verdict, payload_text(fix), fix.recorded_at_us)
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
        made = store.register_devices([(key, batch.trails[key].info) for key in new])
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
        trail.deleted, trail.state = states[trail.device_id]


def _describe(batch: Batch, store: Store, known: Known) -> None:
    """Write down what devices say about themselves, only when they say something new."""
    said = []
    for key, trail in batch.trails.items():
        if trail.info is None or not trail.device_id or trail.deleted or trail.registered_name is not None:
            continue
        device = known.device(key)
        if device is None or device.info != trail.info:
            said.append((trail.device_id, trail.info))
    if said:
        store.update_devices(said)


def remember(batch: Batch, known: Known) -> None:
    """After the commit: keep the devices in memory."""
    for key, trail in batch.trails.items():
        if not trail.device_id:
            continue
        device = known.devices.get(key)
        if device is None or (trail.info is not None and device.info != trail.info):
            info = trail.info or (device.info if device else None)
            known.learn_device(key, KnownDevice(trail.device_id, trail.uid, info))


class DeviceVanished(Exception):
    """A remembered device has no row any more: its environment was emptied. Forget, and recognise again."""

    def __init__(self, device_id: int) -> None:
        super().__init__(f"device {device_id} has no row any more")
