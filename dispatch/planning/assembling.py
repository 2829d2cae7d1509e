"""From the database to a problem: who drives, what waits, what has begun, what people know of the plan already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings

from dispatch.fleet.hours import instant
from dispatch.fleet.models import Hub
from dispatch.fleet.selectors import DriverOnShift, last_places, on_shift
from dispatch.fleet.tree import ancestors, descendants
from dispatch.intake.delivering import Hubs as PlacesOfHubs
from dispatch.intake.doubts import doubt_of
from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestStop, OverridePattern
from dispatch.manifests.orders import stops_on
from dispatch.optimiser.problem import Depot, Stop, Vehicle
from dispatch.patterns.constraints import VehicleFacts
from dispatch.planning.brief import Brief
from dispatch.planning.candidates import (
    Candidate,
    Left,
    amounts_of,
    candidates_of,
    groups_of,
    judge,
    slots_in,
)
from dispatch.planning.crews import (
    Hand,
    absent,
    on_the_way_without_a_shift,
    one_each,
    prefix_of,
    vehicle_of,
)
from dispatch.planning.errors import Unplannable
from dispatch.planning.places import Places
from dispatch.planning.prices import ORDINARY, Prices
from dispatch.planning.services import settings_of
from dispatch.planning.ways import Ways
from dispatch.planning.windows import day_ends
from dispatch.shipments.models import ShipmentState


@dataclass
class Assembled:
    """A problem with what its ids stand for, by public id."""

    brief: Brief
    hub: Hub
    service_date: date
    at: datetime
    hands: dict[str, Hand] = field(default_factory=dict)
    parcels: dict[str, Candidate] = field(default_factory=dict)
    begun: dict[str, ManifestStop] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    later: int = 0  # parcels that are for another day
    hub_ids: list[int] = field(default_factory=list)
    holdings: dict[tuple[int, bool], int] = field(default_factory=dict)  # who had what: see `holdings_of`
    foot_room: dict[str, float] = field(default_factory=dict)  # of a driver without a vehicle, by unit
    fell_back: str = ""  # why the tables are straight lines although a router is set

    @property
    def row_numbers(self) -> set[int]:
        """Of its parcels."""
        return {one.row.pk for one in self.parcels.values()}


def assemble(
    environment_id: int,
    hub: Hub,
    *,
    service_date: date,
    now: datetime,
    seed: int = 0,
    absent_too: bool = False,
) -> Assembled:
    """The problem of a hub and all below it on that local day, as it stands at `now`.

    `absent_too`: drivers who have a manifest and no shift (any more) are in it with a shift of no length, so that a
    person can take their stops away. Raises Unplannable where nobody can drive it or there is nowhere to load.
    """
    return _Assembly(environment_id, hub, service_date, now, absent_too).run(seed)


class _Assembly:
    """One reading of the database, inside the caller's scope."""

    def __init__(
        self, environment_id: int, hub: Hub, service_date: date, now: datetime, absent_too: bool
    ) -> None:
        self.environment_id, self.hub, self.day, self.now = environment_id, hub, service_date, now
        self.absent_too = absent_too
        self.epoch = instant(service_date, time(0), ZoneInfo(hub.timezone))
        self.until = day_ends(service_date, hub.timezone)
        self.prices = Prices.of(settings_of(environment_id).weights)
        self.places = Places()
        self.hub_ids = descendants(environment_id, hub.pk)
        # read before all else: what changes after it is noticed when the plan is kept
        self.holdings = holdings_of(environment_id, self.hub_ids, service_date)
        rows = Hub.objects.for_environment(environment_id)
        self.hubs = rows.in_bulk([*self.hub_ids, *ancestors(environment_id, hub.pk)])
        self.depots: dict[tuple[float, float], Depot] = {}
        self.left: list[Left] = []
        self.later = 0
        self.hubs_by_place: PlacesOfHubs | None = None  # read where a place is doubtful

    def run(self, seed: int) -> Assembled:
        hands = self._hands()
        if not hands:
            raise Unplannable(
                f"No driver of {self.hub.name} is on shift between now and the end of {self.day:%A, %d %B}."
            )
        found = candidates_of(
            self.environment_id,
            self.hub_ids,
            holders={hand.driver.pk: hand.in_force for hand in hands if hand.in_force is not None},
            announced=bool(self.prices["plan_announced"]),
        )
        good = [one for one in found if self._is_good(one)]
        self._know(hands, {one.public_id for one in good}, {one.row.pk: one.public_id for one in good})
        vehicles = tuple(
            vehicle_of(hand, self.places, self.prices, epoch=self.epoch, now=self.now) for hand in hands
        )
        by_row = {hand.driver.pk: hand for hand in hands}
        begun = {stop.public_id: stop for hand in hands for stop in prefix_of(hand)}
        stops = [self._stop(one, by_row) for one in good] + [self._begun(stop) for stop in begun.values()]
        return Assembled(
            brief=self._brief(tuple(stops), vehicles, hands, good, seed),
            hub=self.hub,
            service_date=self.day,
            at=self.now,
            hands={hand.driver.public_id: hand for hand in hands},
            parcels={one.public_id: one for one in good},
            begun=begun,
            left=self.left,
            later=self.later,
            hub_ids=self.hub_ids,
            holdings=self.holdings,
            foot_room=self.prices.on_foot(),
        )

    def _hands(self) -> list[Hand]:
        """Drivers who can go out today, and those who are out already."""
        crew = one_each(on_shift(self.environment_id, self.hub_ids, self.now, self.until))
        crew = [on for on in crew if on.interval.seconds > 0]
        in_force = self._manifests_in_force()
        there = {on.driver.pk for on in crew}
        for driver_id, manifest in in_force.items():
            if driver_id not in there and manifest.state == Manifest.State.IN_PROGRESS:
                crew.append(on_the_way_without_a_shift(manifest, manifest.driver, now=self.now))
            elif driver_id not in there and self.absent_too:
                crew.append(absent(manifest, manifest.driver))
        if self.absent_too:
            there = {on.driver.pk for on in crew}
            crew += [absent(row, row.driver) for row in self._drafts() if row.driver_id not in there]
        last = last_places(self.environment_id, [on.driver.pk for on in crew], now=self.now)
        return [
            Hand(
                on=on,
                depot=depot.id,
                depot_place=place,
                in_force=in_force.get(on.driver.pk),
                stops=stops_on(in_force[on.driver.pk]) if on.driver.pk in in_force else (),
                last=last.get(on.driver.pk),
            )
            for on in crew
            for place, depot in [self._depot(on)]
        ]

    def _manifests_in_force(self) -> dict[int, Manifest]:
        rows = Manifest.objects.for_environment(self.environment_id).filter(
            driver__hub__in=self.hub_ids, service_date=self.day, state__in=IN_FORCE
        )
        return {row.driver_id: row for row in rows.select_related("driver", "vehicle__type")}

    def _drafts(self) -> list[Manifest]:
        rows = Manifest.objects.for_environment(self.environment_id).filter(
            driver__hub__in=self.hub_ids, service_date=self.day, state=Manifest.State.DRAFT
        )
        return list(rows.select_related("driver", "vehicle__type"))

    def _depot(self, on: DriverOnShift) -> tuple[tuple[float, float], Depot]:
        place = self._place_of(on.driver.hub_id)
        return place, self.depots[place]

    def _place_of(self, hub_id: int) -> tuple[float, float]:
        """Where a hub's goods wait: its own place, or the nearest above it that has one."""
        hub = self.hubs.get(hub_id)
        while hub is not None and (hub.longitude is None or hub.latitude is None):
            hub = self.hubs.get(hub.parent_id) if hub.parent_id else None
        if hub is None or hub.longitude is None or hub.latitude is None:
            raise Unplannable(
                f"{self.hubs[hub_id].name} has no place, nor has any hub above it: set where its vehicles load."
            )
        place = (hub.longitude, hub.latitude)
        if place not in self.depots:
            loading_s = round(self.prices["loading_minutes"] * 60)
            number = self.places.number(*place)
            self.depots[place] = Depot(id=hub.public_id, place=number, loading_s=loading_s)
        return place

    def _is_good(self, one: Candidate) -> bool:
        reasons = judge(one, now=self.now, until=self.until, timezone=self.hub.timezone, doubt=self._doubt)
        if reasons is None:
            self.later += 1
        elif reasons:
            self.left.append(Left(one.row.pk, one.public_id, one.row.shipment.external_id, reasons))
        return reasons == []

    def _doubt(self, row: ShipmentState) -> str:
        self.hubs_by_place = self.hubs_by_place or PlacesOfHubs(self.environment_id)
        return doubt_of(self.environment_id, row, self.hubs_by_place)

    def _know(self, hands: Sequence[Hand], wanted: set[str], names: dict[int, str]) -> None:
        """The plan people know: the draft where there is one, else what is in force."""
        drafts = Manifest.objects.for_environment(self.environment_id).filter(
            driver__in=[hand.driver.pk for hand in hands], service_date=self.day, state=Manifest.State.DRAFT
        )
        by_driver = {draft.driver_id: draft for draft in drafts}
        taken: set[str] = set()
        for hand in sorted(hands, key=lambda one: one.driver.pk not in by_driver):
            draft = by_driver.get(hand.driver.pk)
            stops = stops_on(draft) if draft is not None else hand.stops
            order = [names[stop.shipment_id] for stop in stops if stop.shipment_id in names]
            hand.known = [name for name in order if name in wanted and name not in taken]
            taken.update(hand.known)

    def _stop(self, one: Candidate, hands: dict[int, Hand]) -> Stop:
        row = one.row
        hand = hands.get(one.held_by) if one.held_by is not None else None
        assert row.longitude is not None and row.latitude is not None  # noqa: S101, PT018  judged before
        aboard = one.aboard and hand is not None
        waits_at = row.hub_id if row.hub_id is not None and row.hub_id in self.hubs else None
        depot = self.depots[self._place_of(waits_at)] if waits_at is not None else None
        return Stop(
            id=one.public_id,
            place=self.places.number(row.longitude, row.latitude),
            slots=slots_in(
                one,
                epoch=self.epoch,
                now=self.now,
                late=self.prices.late(),
                late_aboard=self.prices.late_aboard(),
            ),
            service_s=row.service_s,
            deliver=amounts_of(row.size),
            skills=frozenset(row.skills),
            priority=max(1, ORDINARY + row.priority),
            depot=None if aboard or depot is None else depot.id,
            only=frozenset({hand.driver.public_id}) if aboard and hand is not None else None,
        )

    def _begun(self, stop: ManifestStop) -> Stop:
        """A visit that is a fact: it binds nobody any more."""
        return Stop(id=stop.public_id, place=self.places.number(stop.longitude, stop.latitude))

    def _brief(
        self,
        stops: tuple[Stop, ...],
        vehicles: tuple[Vehicle, ...],
        hands: Sequence[Hand],
        good: Sequence[Candidate],
        seed: int,
    ) -> Brief:
        return Brief(
            epoch=self.epoch,
            timezone=self.hub.timezone,
            now_s=round((self.now - self.epoch).total_seconds()),
            places=self.places.all(),
            depots=tuple(self.depots.values()),
            vehicles=vehicles,
            stops=stops,
            together=groups_of(good, "go_with"),
            apart=groups_of(good, "keep_apart"),
            weights=self.prices.weights(),
            ways=ways_of(self.prices),
            rules=self._rules(),
            kinds={
                hand.driver.public_id: VehicleFacts(
                    vehicle_type=hand.on.vehicle_type.key if hand.on.vehicle_type else "",
                    driver=hand.driver.public_id,
                )
                for hand in hands
            },
            seed=seed,
        )

    def _rules(self) -> tuple[dict[str, object], ...]:
        """What overrides taught and a person accepted, for this hub or one above or below it."""
        rows = OverridePattern.objects.for_environment(self.environment_id).filter(
            hub__in=self.hubs, state=OverridePattern.State.ACCEPTED
        )
        return tuple(rows.order_by("pk").values_list("constraint", flat=True))


def holdings_of(
    environment_id: int, hub_ids: Sequence[int], service_date: date
) -> dict[tuple[int, bool], int]:
    """Who has which parcel open, by (parcel, whether in force): among the drivers of these hubs that day."""
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        manifest__driver__hub__in=hub_ids,
        manifest__service_date=service_date,
        manifest__state__in=(Manifest.State.DRAFT, *IN_FORCE),
        state=ManifestStop.State.PLANNED,
    )
    found = rows.values_list("shipment_id", "manifest__state", "manifest__driver_id")
    return {(shipment, state != Manifest.State.DRAFT): driver for shipment, state, driver in found}


def ways_of(prices: Prices) -> Ways:
    """The provider that the operator set, and the pace that the environment set."""
    provider, url = "straight", ""
    if settings.VALHALLA_URL:
        provider, url = "valhalla", settings.VALHALLA_URL
    elif settings.OSRM_URL:
        provider, url = "osrm", settings.OSRM_URL
    return Ways(
        provider=provider,
        url=url,
        speed_kmh=prices["speed_kmh"],
        detour=prices["detour"],
        paces=prices.paces,
    )
