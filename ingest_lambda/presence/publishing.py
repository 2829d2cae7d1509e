"""What a new version of the set does to what is believed of a device, decided at its first fix under it."""

from __future__ import annotations

from ingest_lambda.presence.rule import place
from ingest_lambda.presence.state import Cause, Fix, Inside, Presence, Transition
from ingest_lambda.presence.walk import Covering, Walk
from ingest_lambda.presence.zones import Versions, Zones


def take_up(
    presence: Presence, versions: Versions, zones: Zones, fix: Fix, covering: Covering
) -> tuple[Walk, list[Transition]]:
    """The walk under `zones`, `fix` yet to be taken, and what is told before.

    A stay in a zone that is gone ended when the version without it came into force; that is `decided_us` too, so
    that the one who publishes comes to the same without any fix. A zone whose border moved is decided anew where the
    fix before and this one agree. Evidence under way starts over.
    """
    told = _ways_told(presence, versions, fix)
    last = Fix(*presence.last)
    inside = {one.geofence_id: one for one in presence.inside}
    for version in versions.since(presence.version, zones):
        for gone in sorted(inside.keys() - version.by_id.keys()):
            told.append(
                _published(inside.pop(gone), None, version, version.effective_us, version.effective_us, last)
            )
    here = zones.covering(*place(last))
    for geofence_id in sorted((here & covering) - inside.keys()):
        if (since := _moved(geofence_id, presence.version, versions, zones)) is not None:
            stay = Inside(geofence_id, max(since.effective_us, last.at_us), fix.at_us, zones.number)
            inside[geofence_id] = stay
            told.append(_published(None, stay, zones, stay.entered_us, fix.at_us, last))
    for geofence_id in sorted(inside.keys() - here - covering):
        if (since := _moved(geofence_id, presence.version, versions, zones)) is not None:
            at_us = max(since.effective_us, last.at_us)
            told.append(_published(inside.pop(geofence_id), None, zones, at_us, fix.at_us, last))
    kept = tuple(inside[one] for one in sorted(inside))
    return Walk(zones, Presence(zones.number, presence.last, kept, (), presence.before)), told


def _ways_told(presence: Presence, versions: Versions, fix: Fix) -> list[Transition]:
    """What this fix says of the ways through zones as they were."""
    before = versions.numbered(presence.version)
    if before is None or not presence.passing:
        return []
    walk = Walk(before, presence)
    walk.passed(fix)
    return walk.told


def _moved(geofence_id: int, number: int, versions: Versions, zones: Zones) -> Zones | None:
    """The version that gave a zone the border it has in `zones`; None where version `number` has the same."""
    geometry = zones.by_id[geofence_id].geometry
    since = None
    for version in reversed(versions.since(number, zones)):
        if not _same(version, geofence_id, geometry):
            return since
        since = version
    before = versions.numbered(number)
    return None if before is not None and _same(before, geofence_id, geometry) else since


def _same(version: Zones, geofence_id: int, geometry: object) -> bool:
    zone = version.by_id.get(geofence_id)
    return zone is not None and (zone.geometry is geometry or zone.geometry.equals_exact(geometry, 0.0))


def _published(
    left: Inside | None, entered: Inside | None, version: Zones, at_us: int, decided_us: int, last: Fix
) -> Transition:
    return Transition(
        Cause.PUBLISHED, left, entered, at_us, decided_us, last.longitude, last.latitude, version.number
    )
