"""From a solver's plan to drafts: written in one transaction with the end of the run, or not at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestOverride
from dispatch.manifests.orders import PlannedVisit, lay, open_stops
from dispatch.manifests.releasing import release
from dispatch.manifests.uncertainty import flag
from dispatch.optimiser.solution import Route, Visit
from dispatch.planning.assembling import Assembled, holdings_of
from dispatch.planning.brief import packed
from dispatch.planning.candidates import Candidate, slots_of
from dispatch.planning.claims import Claim
from dispatch.planning.crews import Hand
from dispatch.planning.frames import Done
from dispatch.planning.models import PlanRun
from dispatch.planning.prices import in_units, units
from dispatch.planning.telling import tell_finished
from dispatch.planning.words import unserved_of, why_driver
from dispatch.shipments.authors import system
from tracker.tenants import scope

PLANNER = system("planner")


class Moved(Exception):
    """People changed the board while the plan was made: it would undo what they did."""


def keep(held: Claim, assembled: Assembled, done: Done, *, stopped: bool, now: datetime) -> str | None:
    """Make the plan the drafts of its drivers, and end the run. The state it ended in; None where it is not ours.

    Raises Moved where a person changed who has what since the problem was read.
    """
    with transaction.atomic(), scope.scope(environment_id=held.environment_id):
        run = held.held().select_for_update(of=("self",), no_key=True).select_related("hub").first()
        if run is None:
            return None
        return _Keeping(run, assembled, done, now).run(stopped=stopped)


class _Keeping:
    """One plan, inside its transaction."""

    def __init__(self, run: PlanRun, assembled: Assembled, done: Done, now: datetime) -> None:
        self.plan_run, self.assembled, self.done, self.now = run, assembled, done, now
        self.environment_id = run.environment_id
        self.choices = {choice.vehicle: choice for choice in done.choices}
        self.routes = {route.vehicle: route for route in done.routes}

    def run(self, *, stopped: bool) -> str:
        self._lock()
        self._require_unmoved()
        self._drop_drafts()
        drafts = [draft for hand in self.assembled.hands.values() if (draft := self._draft(hand)) is not None]
        flag(self.environment_id, [draft.pk for draft in drafts], now=self.now)
        run = self.plan_run
        run.state = PlanRun.State.STOPPED if stopped else PlanRun.State.DONE
        run.finished_at, run.lease_until, run.failure = self.now, None, ""
        unserved = unserved_of(self.assembled, self.done)
        run.unserved = unserved
        run.facts = {**run.facts, **self._facts(drafts, len(unserved))}
        run.problem = packed(self.assembled.brief)
        run.solution = packed({route.vehicle: route.stops for route in self.done.routes})
        run.save()
        tell_finished(
            run, manifests=len(drafts), stops=run.facts["planned"], unserved=len(unserved), now=self.now
        )
        if run.releases:
            release(
                self.environment_id,
                [draft.pk for draft in drafts],
                by=PLANNER,
                reason=self._reason(),
                now=self.now,
            )
        return str(run.state)

    def _lock(self) -> None:
        """Everything that stands on a board of these hubs, in one order whoever locks."""
        rows = Manifest.objects.for_environment(self.environment_id).filter(
            driver__hub__in=self.assembled.hub_ids,
            service_date=self.assembled.service_date,
            state__in=(Manifest.State.DRAFT, *IN_FORCE),
        )
        self.locked = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))

    def _require_unmoved(self) -> None:
        made = self.assembled
        now_there = holdings_of(self.environment_id, made.hub_ids, made.service_date)
        before = self.assembled.holdings
        for key, driver in now_there.items():
            if key[0] in self.assembled.row_numbers and before.get(key, -1) != driver:
                raise Moved("The board was changed while the plan was made.")
        overrides = ManifestOverride.objects.for_environment(self.environment_id).filter(
            hub__in=self.assembled.hub_ids,
            service_date=self.assembled.service_date,
            created_at__gt=self.assembled.at,
        )
        if overrides.exists():
            raise Moved("A person overrode the plan while the next one was made.")

    def _drop_drafts(self) -> None:
        old = [manifest.pk for manifest in self.locked if manifest.state == Manifest.State.DRAFT]
        Manifest.objects.for_environment(self.environment_id).filter(pk__in=old).delete()

    def _draft(self, hand: Hand) -> Manifest | None:
        """The driver's new route as a draft; None where nothing changes for them."""
        route = self.routes.get(hand.driver.public_id)
        visits = self._visits(route)
        known = [stop.shipment_id for stop in open_stops(hand.stops)]
        if [visit.shipment_id for visit in visits] == known:
            return None
        epoch = self.assembled.brief.epoch
        choice = self.choices.get(hand.driver.public_id)
        draft = Manifest.objects.create(
            environment_id=self.environment_id,
            hub_id=hand.driver.hub_id,
            driver=hand.driver,
            vehicle=hand.on.vehicle,
            run=self.plan_run,
            service_date=self.assembled.service_date,
            starts_at=epoch + timedelta(seconds=route.leave_s) if route else None,
            ends_at=epoch + timedelta(seconds=route.end_s) if route else None,
            distance_m=route.distance_m if route else 0.0,
            duration_s=route.duration_s if route else 0.0,
            cost={"route": units(choice.cost)} if choice else {},
            why_driver=why_driver(self.assembled, choice) if choice else None,
            basis=self._basis(hand, visits, known),
        )
        lay(draft, visits, keep_record=False)
        return draft

    def _basis(self, hand: Hand, visits: list[PlannedVisit], known: list[int]) -> dict[str, Any]:
        """What the plan knew: see `Manifest.basis`."""
        others = {
            other.driver.pk: other.in_force.pk
            for other in self.assembled.hands.values()
            if other.in_force is not None and other is not hand
        }
        taken = {
            str(visit.shipment_id): others[driver]
            for visit in visits
            if (driver := self.assembled.holdings.get((visit.shipment_id, True))) in others
        }
        return {"open": known, "from": taken}

    def _visits(self, route: Route | None) -> list[PlannedVisit]:
        if route is None:
            return []
        legs = self.done.legs_m.get(route.vehicle, [])
        return [
            self._visit(visit, legs[number] if number < len(legs) else 0)
            for number, visit in enumerate(route.visits)
            if visit.stop in self.assembled.parcels
        ]

    def _visit(self, visit: Visit, leg_m: int) -> PlannedVisit:
        one = self.assembled.parcels[visit.stop]
        epoch = self.assembled.brief.epoch
        slot = slot_for(one, epoch + timedelta(seconds=visit.start_s))
        assert one.row.longitude is not None and one.row.latitude is not None  # noqa: S101, PT018  judged before
        return PlannedVisit(
            shipment_id=one.row.pk,
            longitude=one.row.longitude,
            latitude=one.row.latitude,
            arrival=epoch + timedelta(seconds=visit.arrive_s),
            departure=epoch + timedelta(seconds=visit.end_s),
            distance_m=float(leg_m),
            slot_from=slot[0] if slot else None,
            slot_to=slot[1] if slot else None,
        )

    def _facts(self, drafts: list[Manifest], unserved: int) -> Mapping[str, Any]:
        planned = sum(
            1 for route in self.done.routes for visit in route.visits if visit.stop in self.assembled.parcels
        )
        return {
            "planned": planned,
            "unserved": unserved,
            "later": self.assembled.later,
            "begun": len(self.assembled.begun),
            "drivers": len(self.assembled.hands),
            "routes": sum(1 for route in self.done.routes if route.visits),
            "changed": len(drafts),
            "on_foot": sum(1 for hand in self.assembled.hands.values() if hand.on_foot),
            "foot_room": self.assembled.foot_room,
            "cost": in_units({n: price for n, price in self.done.terms.items() if n != "unserved"}),
            "distance_m": sum(route.distance_m for route in self.done.routes),
            "elapsed_s": self.done.elapsed_s,
            "verified": True,
            "fell_back": self.assembled.fell_back[:200],
            "read_at": self.assembled.at.isoformat(),
        }

    def _reason(self) -> str:
        if self.plan_run.cause == PlanRun.Cause.WINDOW:
            return f"Window of {self.plan_run.due_at:%H:%M} UTC"
        return "A new plan"


def slot_for(one: Candidate, start: datetime) -> tuple[datetime, datetime] | None:
    """The slot a visit that starts then is in, or is nearest to; None where the parcel has none."""
    slots = slots_of(one.row)
    inside = [slot for slot in slots if slot[0] <= start <= slot[1]]
    if inside:
        return inside[0]
    return min(slots, key=lambda slot: min(abs(slot[0] - start), abs(slot[1] - start)), default=None)
