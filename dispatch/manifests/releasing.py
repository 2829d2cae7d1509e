"""Release: drafts become what drivers have. What happened since a draft was planned is kept, never undone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from dispatch.manifests import parcels
from dispatch.manifests.errors import NoSuchManifest
from dispatch.manifests.issuing import IN_FORCE, issue
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.orders import lay, open_stops, stops_on, visit_of
from dispatch.shipments.authors import Author
from tracker.tenants.models import User

PLAN_FACTS = ("run_id", "vehicle_id", "starts_at", "ends_at", "distance_m", "duration_s", "cost", "why_driver",
              "uncertainty", "flags")  # fmt: skip
NOT_ON_PLAN = "not on the plan any more"


@dataclass
class Released:
    """What a release came to. `manifests` have a new version; `left_out` could not go out, with the reason each."""

    manifests: list[Manifest] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)  # by row number of the shipment


def release(
    environment_id: int, manifest_ids: Collection[int], *, by: Author, reason: str = "", now: datetime
) -> Released:
    """Give drivers these drafts. One released already is passed over, so a repeat does nothing.

    A draft is folded into the driver's manifest in force, as its next version: stops done or begun stay, open ones
    become those of the draft, and what a person put there after the draft was planned stays too. A parcel that moves
    from another driver leaves that driver's manifest in the same transaction, which gets a new version as well; the
    goods of a driver who is on the way stay with that driver. Raises NoSuchManifest.
    """
    with transaction.atomic():
        return _Release(environment_id, by, reason, now).run(sorted(set(manifest_ids)))


class _Release:
    """One release, inside its transaction."""

    def __init__(self, environment_id: int, by: Author, reason: str, now: datetime) -> None:
        self.environment_id, self.by, self.reason, self.now = environment_id, by, reason, now
        self.result = Released()
        self.gone: set[int] = set()  # shipments that left a manifest in force
        self.held: dict[int, tuple[Manifest, ManifestStop]] = {}  # open in force, by shipment

    def run(self, wanted: Sequence[int]) -> Released:
        drafts = self._locked(wanted)
        shipments = {row.shipment_id for draft in drafts for row in stops_on(draft)}
        self.states = parcels.states_of(self.environment_id, shipments)
        touched = [target for draft in drafts if (target := self._fold(draft)) is not None]
        losers = self._take_from_others(touched)
        for manifest in touched + losers:
            self._issue(manifest, "" if manifest in touched else "A stop went to another driver.")
        still = {stop.shipment_id for each in touched for stop in stops_on(each)}
        parcels.unassign(
            self.environment_id, sorted(self.gone - still), reason=NOT_ON_PLAN, by=self.by, now=self.now
        )
        self.result.manifests = touched + losers
        return self.result

    def _locked(self, wanted: Sequence[int]) -> list[Manifest]:
        """The drafts, with every manifest in force that may change, locked in one order whoever asks."""
        rows = Manifest.objects.for_environment(self.environment_id)
        found = list(rows.filter(pk__in=wanted))
        if len(found) != len(wanted):
            raise NoSuchManifest
        stops = ManifestStop.objects.for_environment(self.environment_id)
        parcels_of = stops.filter(manifest__in=wanted).values("shipment")
        holding = stops.filter(shipment__in=parcels_of, manifest__state__in=IN_FORCE).values_list(
            "manifest", flat=True
        )
        days = {draft.service_date for draft in found}
        own = rows.filter(
            driver__in={draft.driver_id for draft in found}, service_date__in=days, state__in=IN_FORCE
        )
        keys = {*wanted, *holding, *own.values_list("pk", flat=True)}
        locked = list(rows.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True))
        self.in_force = [row for row in locked if row.state in IN_FORCE and row.pk not in wanted]
        for manifest in self.in_force:
            for stop in open_stops(stops_on(manifest)):
                self.held[stop.shipment_id] = (manifest, stop)
        return [row for row in locked if row.pk in set(wanted) and row.state == Manifest.State.DRAFT]

    def _fold(self, draft: Manifest) -> Manifest | None:
        """The manifest that goes out in the draft's place; None where there is nothing to give."""
        target = next(
            (
                row
                for row in self.in_force
                if (row.driver_id, row.service_date) == (draft.driver_id, draft.service_date)
            ),
            None,
        )
        visits = [visit_of(stop) for stop in stops_on(draft) if self._may_go(stop, draft, target)]
        if target is None:
            lay(draft, visits, keep_record=False)
            if visits:
                self.in_force.append(draft)
                return draft
            draft.delete()
            return None
        known = set(draft.basis.get("open", []))
        planned = {visit.shipment_id for visit in visits}
        mine = [stop for manifest, stop in self.held.values() if manifest.pk == target.pk]
        came_since = [
            stop for stop in mine if stop.shipment_id not in known and stop.shipment_id not in planned
        ]
        aboard = [
            stop
            for stop in mine
            if target.state == Manifest.State.IN_PROGRESS and stop.shipment_id not in planned
        ]
        keep = {stop.pk: stop for stop in (*came_since, *aboard)}
        visits += [visit_of(stop) for stop in sorted(keep.values(), key=lambda stop: stop.place or 0)]
        stay = {visit.shipment_id for visit in visits}
        self.gone |= {stop.shipment_id for stop in mine if stop.shipment_id not in stay}
        lay(target, visits, keep_record=True)
        for name in PLAN_FACTS:
            setattr(target, name, getattr(draft, name))
        draft.delete()
        return target

    def _may_go(self, stop: ManifestStop, draft: Manifest, target: Manifest | None) -> bool:
        """Whether the parcel can still be given to the draft's driver; if not, why not is noted."""
        state = self.states.get(stop.shipment_id)
        if state is None or state.state not in parcels.DELIVERABLE:
            self.result.left_out[stop.shipment_id] = "it is not to be delivered any more"
            return False
        holder = self.held.get(stop.shipment_id)
        if holder is None or (target is not None and holder[0].pk == target.pk):
            return True
        if holder[0].state == Manifest.State.IN_PROGRESS:
            self.result.left_out[stop.shipment_id] = "another driver is on the way with it"
            return False
        if draft.basis.get("from", {}).get(str(stop.shipment_id)) != holder[0].pk:
            self.result.left_out[stop.shipment_id] = "it was given to another driver since the plan was made"
            return False
        return True

    def _take_from_others(self, touched: list[Manifest]) -> list[Manifest]:
        """Manifests that lose a parcel to one of these and are not among them."""
        given = {
            stop.shipment_id: each.pk
            for each in touched
            for stop in stops_on(each)
            if stop.state == ManifestStop.State.PLANNED
        }
        losers = []
        for manifest in self.in_force:
            mine = open_stops(stops_on(manifest))
            lost = {
                stop.shipment_id for stop in mine if given.get(stop.shipment_id, manifest.pk) != manifest.pk
            }
            if not lost:
                continue
            stay = [visit_of(stop) for stop in mine if stop.shipment_id not in lost]
            lay(manifest, stay, keep_record=True)
            if manifest not in touched:
                losers.append(manifest)
        return losers

    def _issue(self, manifest: Manifest, reason: str) -> None:
        made = issue(
            manifest,
            released_by_id=member_of(self.by),
            reason=reason or self.reason,
            now=self.now,
        )
        new = {stop["shipment"] for stop in made.difference["added"]}
        stops = [stop for stop in open_stops(stops_on(manifest)) if stop.shipment.public_id in new]
        parcels.assign(manifest, stops, by=self.by, now=self.now)


def member_of(by: Author) -> int | None:
    """The row of the person who acts; None where it is a program or a driver."""
    if by.kind != "member":
        return None
    return User.objects.filter(uid=by.id.rpartition("_")[2]).values_list("pk", flat=True).first()
