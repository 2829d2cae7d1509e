"""Announces many shipments with a handful of statements; one that was announced before is found by its external id."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from django.db import connection
from msgspec import Struct
from msgspec.structs import replace

from dispatch.fleet.models import Hub
from dispatch.fleet.zoning import hub_for
from dispatch.shipments import store
from dispatch.shipments.checks import BadCommand, Fault, faults_of
from dispatch.shipments.commands import Command, Create
from dispatch.shipments.content import changes_to, differing
from dispatch.shipments.history import settle
from dispatch.shipments.projection import project
from dispatch.shipments.state import State
from dispatch.shipments.store import Overtaken, Parcel, Writing
from dispatch.shipments.telling import tell
from dispatch.shipments.transitions import IllegalTransition
from tracker.tenants.identifiers import BadIdentifier, parse_id, public_id
from tracker.tenants.models import Environment

LONGEST_EXTERNAL_ID = 200
# in one order for everybody, so that two who announce the same ids wait for each other and never in a ring
INSERT = """
    INSERT INTO dispatch_shipment (uid, environment_id, external_id)
    SELECT r.uid, %s, r.external_id
    FROM jsonb_to_recordset(%s::jsonb) AS r(uid uuid, external_id text)
    ORDER BY r.external_id
    ON CONFLICT (environment_id, external_id) DO NOTHING
    RETURNING id, uid
"""
TAKEN = "SELECT id, external_id FROM dispatch_shipment WHERE environment_id = %s AND external_id = ANY(%s)"


class NewShipment(Struct, frozen=True):
    """A shipment to announce; `external_id` is the owner's own id of it, by which a repeat is known."""

    create: Create
    external_id: str | None = None


class Created(Struct, frozen=True):
    """It is there now."""

    shipment_id: int
    public_id: str
    state: State


class Repeated(Struct, frozen=True):
    """It was there already, the same; or with `changed` it is the same now."""

    shipment_id: int
    public_id: str
    state: State
    changed: bool = False


class Refused(Struct, frozen=True):
    """It was not taken. Where its external id has another content: whose, what differs, and what would mend it."""

    faults: list[Fault]
    shipment_id: int | None = None
    public_id: str = ""
    differs: list[str] = []
    changes: list[Command] = []


Result = Created | Repeated | Refused


def announce(writing: Writing, wanted: Sequence[NewShipment], happened: datetime) -> list[Result]:
    """For each, in order, what became of it. Runs in the caller's transaction."""
    environment = _environment(writing.environment_id)
    hubs = _hubs(environment, wanted)
    results: list[Result | None] = [_refused(one, hubs) for one in wanted]
    firsts: dict[str | int, int] = {}  # of each external id, or of each without one
    for number, one in enumerate(wanted):
        if results[number] is None:
            firsts.setdefault(number if one.external_id is None else one.external_id, number)
    new = sorted(firsts.values())
    zoned = _zoned(environment, {number: wanted[number].create for number in new})
    for number, result in _written(writing, environment.public_id, wanted, zoned, happened).items():
        results[number] = result
    clashes = [number for number, result in enumerate(results) if result is None]
    parcels = _known(writing.environment_id, [wanted[number].external_id for number in clashes])
    for number in clashes:
        results[number] = _repeated(parcels[wanted[number].external_id or ""], wanted[number])
    return [result for result in results if result is not None]


def refused_change(one: Refused, refusal: Exception | None) -> Refused:
    """The same refusal, with why the shipment could not take the new content."""
    return replace(one, faults=[Fault("external_id", f"{one.faults[0].reason} {refusal}")], changes=[])


def _written(
    writing: Writing,
    environment: str,
    wanted: Sequence[NewShipment],
    asked: Mapping[int, Create],
    happened: datetime,
) -> dict[int, Result]:
    """Write those of these that are new, by their place among those wanted."""
    uids = {uuid4(): number for number in asked}
    rows = [{"uid": uid, "external_id": wanted[number].external_id} for uid, number in uids.items()]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [writing.environment_id, msgspec.json.encode(rows).decode()])
        fresh: list[tuple[int, UUID]] = cursor.fetchall()
    if not fresh:
        return {}
    draft, states, parcels, found = store.draft(writing), {}, {}, {}
    for key, uid in fresh:
        one = wanted[uids[uid]]
        parcel = parcels[key] = Parcel(key, public_id("shp", uid), one.external_id, environment, [])
        settled = settle([], asked[uids[uid]], happened)
        draft.add(parcel, settled.events, happened)
        states[key] = settled.state
        found[uids[uid]] = Created(key, parcel.public_id, settled.state)
    draft.write()
    project(writing.environment_id, states)
    tell(writing, parcels, states, store.grouped(draft.appended))
    return dict(found)


def _repeated(parcel: Parcel, wanted: NewShipment) -> Result:
    state = store.state_of(parcel)
    differs = differing(parcel.history, wanted.create)
    if not differs:
        return Repeated(parcel.id, parcel.public_id, state)
    other = ", ".join(differs)
    reason = f"{parcel.public_id} has the external id {wanted.external_id!r} already, with another {other}."
    return Refused(
        [Fault("external_id", reason)],
        parcel.id,
        parcel.public_id,
        differs,
        changes_to(wanted.create, differs),
    )


def _known(environment_id: int, external_ids: Sequence[str | None]) -> dict[str, Parcel]:
    if not external_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, [environment_id, list(external_ids)])
        keys = [key for key, _ in cursor.fetchall()]
    return {parcel.external_id or "": parcel for parcel in store.read(environment_id, keys).values()}


def _refused(one: NewShipment, hubs: set[str]) -> Refused | None:
    faults = faults_of(one.create)
    if one.create.hub is not None and one.create.hub not in hubs:
        faults.append(Fault("hub", f"There is no hub {one.create.hub[:60]!r} in this environment."))
    if one.external_id is not None and not (
        0 < len(one.external_id) <= LONGEST_EXTERNAL_ID and "\x00" not in one.external_id
    ):
        faults.append(
            Fault(
                "external_id", f"external_id must have 1 to {LONGEST_EXTERNAL_ID} characters, without U+0000."
            )
        )
    return Refused(faults) if faults else None


def _zoned(environment: Environment, asked: Mapping[int, Create]) -> dict[int, Create]:
    """The same, with the hub in whose zone they lie for those that name a place and no hub."""
    placeless = {
        number: (create.longitude, create.latitude)
        for number, create in asked.items()
        if create.hub is None and create.longitude is not None and create.latitude is not None
    }
    found = dict(zip(placeless, hub_for(environment, list(placeless.values())), strict=True))
    rows = Hub.objects.for_environment(environment).filter(pk__in={pk for pk in found.values() if pk})
    names = {hub.pk: hub.public_id for hub in rows} if any(found.values()) else {}
    return {
        number: replace(create, hub=names[pk]) if (pk := found.get(number)) in names else create
        for number, create in asked.items()
    }


def _hubs(environment: Environment, wanted: Sequence[NewShipment]) -> set[str]:
    """The hubs named that are there and in use."""
    uids = set()
    for name in {one.create.hub for one in wanted if one.create.hub}:
        try:
            uids.add(parse_id("hub", name))
        except BadIdentifier:
            continue
    rows = Hub.objects.for_environment(environment).filter(uid__in=uids, retired_at=None)
    return {public_id("hub", uid) for uid in rows.values_list("uid", flat=True)} if uids else set()


def _environment(environment_id: int) -> Environment:
    rows = Environment.objects.unscoped("the one the caller is in the scope of, by its number")
    return rows.get(pk=environment_id)


__all__ = [
    "BadCommand",
    "Created",
    "IllegalTransition",
    "NewShipment",
    "Overtaken",
    "Refused",
    "Repeated",
    "announce",
]
