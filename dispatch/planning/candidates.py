"""Which parcels a plan is about, and why others are not: read from the database, judged one by one."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.optimiser.problem import Slot
from dispatch.planning.reasons import Reason
from dispatch.shipments.checks import LARGEST_AMOUNT
from dispatch.shipments.models import ShipmentState
from tracker.http.times import BadMoment, parse_moment

State = ShipmentState.State
UNIT = 1000  # of a unit of size: grams of kilograms, so that halves of anything stay whole numbers
FAR_S = 10**7


@dataclass(frozen=True)
class Candidate:
    """A parcel that may be planned. `held_by`: the driver (row number) who has it on a manifest in force."""

    row: ShipmentState
    held_by: int | None = None
    aboard: bool = False  # that driver is on the way with it

    @property
    def public_id(self) -> str:
        return self.row.shipment.public_id


@dataclass
class Left:
    """A parcel that this plan leaves alone, with the reason people are told."""

    shipment_id: int
    public_id: str
    external_id: str | None
    reasons: list[Reason] = field(default_factory=list)


def candidates_of(
    environment_id: int, hub_ids: Collection[int], *, holders: Mapping[int, Manifest], announced: bool
) -> list[Candidate]:
    """Parcels of these hubs that wait for a plan, and those open on the manifests in force of `holders` (by driver).

    What another driver has, or another day, is not among them.
    """
    mine = {manifest.pk: driver for driver, manifest in holders.items()}
    open_stops = ManifestStop.objects.for_environment(environment_id).filter(
        state__in=(ManifestStop.State.PLANNED, ManifestStop.State.ARRIVED), manifest__state__in=IN_FORCE
    )
    held = dict(open_stops.filter(manifest__in=mine).values_list("shipment_id", "manifest_id"))
    begun = set(
        open_stops.filter(manifest__in=mine, state=ManifestStop.State.ARRIVED).values_list(
            "shipment_id", flat=True
        )
    )
    waiting = [State.READY, State.ASSIGNED] + ([State.CREATED] if announced else [])
    rows = ShipmentState.objects.for_environment(environment_id).select_related("shipment")
    rows = rows.filter(Q(hub__in=hub_ids, state__in=waiting) | Q(pk__in=list(held)))
    elsewhere = open_stops.exclude(manifest__in=mine).filter(shipment__in=rows.values("pk"))
    others = set(elsewhere.values_list("shipment_id", flat=True))
    back = _still_aboard(environment_id, holders)
    found = []
    for row in rows.order_by("pk"):
        if row.pk in others or row.pk in begun:
            continue
        manifest = held.get(row.pk)
        if manifest is not None:
            driver = mine[manifest]
            aboard = holders[driver].state == Manifest.State.IN_PROGRESS
            found.append(Candidate(row, driver, aboard))
        else:
            driver_back = back.get(row.pk)
            found.append(Candidate(row, driver_back, driver_back is not None))
    return found


def _still_aboard(environment_id: int, holders: Mapping[int, Manifest]) -> dict[int, int]:
    """Parcels whose attempt failed and that the driver has on board until they are back: by parcel, the driver."""
    out = {m.pk: driver for driver, m in holders.items() if m.state == Manifest.State.IN_PROGRESS}
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        manifest__in=out, state=ManifestStop.State.FAILED
    )
    return {shipment: out[manifest] for shipment, manifest in rows.values_list("shipment_id", "manifest_id")}


def judge(
    candidate: Candidate,
    *,
    now: datetime,
    until: datetime,
    timezone: str,
    doubt: Callable[[ShipmentState], str],
) -> list[Reason] | None:
    """Why it cannot be planned, in the hub's own time; [] where it can; None where it is for another day.

    `doubt` says why a place is doubtful, as a sentence without its full stop.
    """
    row = candidate.row
    slots = slots_of(row)
    if candidate.held_by is None:
        starts = [start for start, _ in slots]
        if (starts and min(starts) >= until) or (row.not_before is not None and row.not_before >= until):
            return None
    if row.longitude is None or row.latitude is None:
        return [Reason("place_unknown", "Nobody knows where its address is: set the place on the map.")]
    if row.place_doubtful and candidate.held_by is None:
        return [Reason("place_doubtful", f"{doubt(row)}: a person must look at its place first.")]
    if candidate.held_by is None and (beyond := _beyond(row.size)):
        return [Reason("size_too_large", beyond)]
    if candidate.held_by is None and slots and max(end for _, end in slots) <= now:
        last = max(end for _, end in slots).astimezone(ZoneInfo(timezone))
        return [Reason("slot_past", f"Its last slot ended at {last:%H:%M on %A, %d %B}, before this plan.")]
    return []


def _beyond(size: Mapping[str, Any]) -> str:
    """What is said of a size that no plan can count with, kept before sizes had a bound; "" where all is well."""
    for unit, amount in size.items():
        if isinstance(amount, int | float) and amount > LARGEST_AMOUNT:
            return (
                f"It takes up {amount:g} {unit[:30]}, more than the {LARGEST_AMOUNT:,} that can be planned: "
                "correct its size."
            )
    return ""


def slots_of(row: ShipmentState) -> list[tuple[datetime, datetime]]:
    """Its slots in time; one that cannot be read, or ends before it begins, is none."""
    found = []
    for slot in row.slots or []:
        try:
            start, end = (parse_moment(str(text)) for text in slot)
        except (BadMoment, ValueError, TypeError):
            continue
        if start <= end:
            found.append((start, end))
    return sorted(found)


def slots_in(
    candidate: Candidate, *, epoch: datetime, now: datetime, late: int | None, late_aboard: int
) -> tuple[Slot, ...]:
    """The slots as the optimiser takes them, in seconds since `epoch`.

    What a driver has already is late rather than left out; anything else is held to its slots, unless the
    environment set a price on lateness. Slots that are over are dropped while one is to come.
    """
    row = candidate.row
    price = late_aboard if candidate.held_by is not None else late
    first = row.not_before if row.not_before is not None and row.not_before > now else None
    slots = slots_of(row)
    to_come = [slot for slot in slots if slot[1] > now] or slots[-1:]
    if first is not None:
        to_come = [(max(start, first), end) for start, end in to_come if end >= first]
        if not to_come:
            begins = _second(first, epoch)
            return (Slot(earliest_s=begins, latest_s=begins + FAR_S),)
    return tuple(
        Slot(earliest_s=_second(start, epoch), latest_s=_second(end, epoch), late_price=price)
        for start, end in to_come
    )


def amounts_of(size: Mapping[str, Any]) -> dict[str, int]:
    """What a parcel takes up, in thousandths of each unit, rounded up; a parcel is one parcel unless it says more."""
    found = {"parcels": UNIT}
    for unit, amount in size.items():
        if isinstance(amount, int | float) and amount >= 0:
            found[str(unit)] = -int(-float(min(amount, LARGEST_AMOUNT)) * UNIT // 1)
    return found


def groups_of(candidates: Iterable[Candidate], name: str) -> tuple[tuple[str, ...], ...]:
    """Parcels whose metadata name the same group under `name` ("go_with", "keep_apart")."""
    groups: dict[str, list[str]] = {}
    for candidate in candidates:
        metadata = candidate.row.metadata if isinstance(candidate.row.metadata, dict) else {}
        named = metadata.get(name)
        for group in named if isinstance(named, list) else [named]:
            if isinstance(group, str) and group:
                groups.setdefault(group, []).append(candidate.public_id)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _second(moment: datetime, epoch: datetime) -> int:
    return round((moment - epoch).total_seconds())
