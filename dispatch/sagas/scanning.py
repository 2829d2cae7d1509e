"""Begins what no event begins: slots at risk, silence, days that end; and what an event should have begun.

Looked for again and again, by what the rows say now, so nothing depends on a moment at which somebody looked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from dispatch.fleet.models import DeviceHolding, Hub
from dispatch.manifests.issuing import IN_FORCE, OPEN_STOPS
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.planning.services import settings_of
from dispatch.sagas.beginning import Beginning, begin
from dispatch.sagas.ending_days import days_that_end
from dispatch.sagas.facts import heard_at, rules_of
from dispatch.sagas.matters import FINAL, Rules, ShipmentFacts
from dispatch.sagas.models import Saga
from dispatch.sagas.slot import LIKELY, SOON, is_at_risk
from dispatch.shipments.models import ShipmentEvent, ShipmentState
from tracker.devices.models import DeviceState
from tracker.tenants import scope
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment

WHY = "the tick looks at the day of every customer"
STANDING = (Saga.State.OPEN, Saga.State.STUCK)
State = ShipmentState.State
OLDEST = timedelta(days=1)  # a promise broken longer ago than this is history, not something to escalate


def begin_due(*, now: datetime, read_to: datetime | None = None) -> int:
    """Begin what is to be begun in every environment that has hubs; how many sagas are new.

    `read_to`: up to when the positions of devices have been read. Who is silent is judged by it: what is missing
    since may lie with us.
    """
    with scope.scope(unscoped=WHY):
        numbers = list(Hub.objects.unscoped(WHY).values_list("environment", flat=True).distinct())
        rows = Environment.objects.unscoped(WHY).filter(pk__in=numbers)
        environments = list(rows.order_by("pk"))
    return sum(_begin_in(environment, now, min(read_to or now, now)) for environment in environments)


def _begin_in(environment: Environment, now: datetime, read_to: datetime) -> int:
    with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
        settings = settings_of(environment.pk)
        rules = rules_of(settings)
        wanted = [
            *failed_without_a_saga(environment.pk),
            *unconfirmed(environment.pk, rules, now),
            *slots_at_risk(environment.pk, now),
            *silent_drivers(environment.pk, rules, read_to),
            *days_that_end(environment.pk, settings.day_ends_at, now),
        ]
        known = _standing(environment.pk, wanted)
        return begin(environment.pk, [one for one in wanted if (one.kind, one.key) not in known], at=now)


def _standing(environment: int, wanted: Iterable[Beginning]) -> set[tuple[str, str]]:
    """Those under way: left out, so that a look that finds nothing new writes nothing."""
    subjects = {one.subject for one in wanted}
    rows = Saga.objects.for_environment(environment).filter(subject__in=subjects, state__in=STANDING)
    return set(rows.values_list("kind", "key"))


def failed_without_a_saga(environment: int) -> list[Beginning]:
    """Every failed delivery is followed, also one whose event was told while nobody heard."""
    rows = ShipmentState.objects.for_environment(environment).filter(state=State.FAILED)
    found = rows.values_list("shipment__uid", "hub")
    return [failed_delivery(public_id("shp", uid), hub) for uid, hub in found]


def failed_delivery(shipment: str, hub_id: int | None) -> Beginning:
    """The saga of a failed delivery."""
    return Beginning("failed_delivery", shipment, hub_id, shipment)


def unconfirmed(environment: int, rules: Rules, now: datetime) -> list[Beginning]:
    """Shipments that went out too long ago, with neither a delivery nor a failed attempt."""
    rows = unconfirmed_states(environment, rules, now).select_related("shipment")
    return [
        Beginning(
            "unconfirmed",
            row.shipment.public_id,
            row.hub_id,
            f"{row.shipment.public_id} {row.out_at.isoformat() if row.out_at else ''}",
            {"manifest": public_id("mft", row.manifest_uid) if row.manifest_uid else ""},
        )
        for row in rows
    ]


def unconfirmed_states(environment: int, rules: Rules, now: datetime) -> QuerySet[ShipmentState]:
    """The rows of these shipments, a view of the console too."""
    bound = now - rules.unconfirmed_after
    rows = ShipmentState.objects.for_environment(environment)
    return rows.filter(state=State.OUT, out_at__lt=bound)


def slots_at_risk(environment: int, now: datetime) -> list[Beginning]:
    """Shipments whose slot is about to be missed or was, on a route or on none; each promise is followed once."""
    found = [facts for facts in _candidates(environment, now) if is_at_risk(facts[0], now)]
    if not found:
        return []
    subjects = [facts.shipment for facts, _ in found]
    sagas = Saga.objects.for_environment(environment).filter(subject__in=subjects, kind="sla")
    followed = set(sagas.filter(state__in=[*STANDING, Saga.State.DONE]).values_list("key", flat=True))
    wanted = []
    for facts, hub in found:
        slot_to = facts.slot_to.isoformat() if facts.slot_to else ""
        key = f"{facts.shipment} {slot_to}"
        if key not in followed:
            data = {"slot_to": slot_to, "manifest": facts.manifest}
            wanted.append(Beginning("sla", facts.shipment, hub, key, data))
    return wanted


def _candidates(environment: int, now: datetime) -> list[tuple[ShipmentFacts, int | None]]:
    stops = ManifestStop.objects.for_environment(environment).filter(
        state__in=OPEN_STOPS, manifest__state__in=IN_FORCE
    )
    risky = Q(miss_chance__gte=LIKELY) | Q(miss_chance=None, eta_at__gt=F("slot_to")) | Q(slot_to__lt=now)
    on_a_route = {stop.shipment_id: stop for stop in stops.filter(risky).select_related("manifest")}
    states = ShipmentState.objects.for_environment(environment).exclude(state__in=FINAL)
    soon = Q(state__in=[State.CREATED, State.READY], due_to__lt=now + SOON, due_to__gt=now - OLDEST)
    rows = states.filter(Q(shipment__in=list(on_a_route)) | soon).select_related("shipment")
    found = [row for row in rows if _promise_counts(row, now)]
    tried = _attempted_in_time(environment, [row for row in found if row.attempts])
    return [
        (_facts(row, on_a_route.get(row.shipment_id)), row.hub_id)
        for row in found
        if row.shipment_id not in tried
    ]


def _promise_counts(row: ShipmentState, now: datetime) -> bool:
    """A promise that was over when the shipment was announced was never given by us."""
    promised = row.promised_to or row.due_to
    return promised is not None and now - promised < OLDEST and promised > row.created_at


def _attempted_in_time(environment: int, rows: list[ShipmentState]) -> set[int]:
    """Who was called on in the slot has had it: what follows is the failed delivery's saga's."""
    if not rows:
        return set()
    promised = {row.shipment_id: row.promised_to or row.due_to for row in rows}
    events = ShipmentEvent.objects.for_environment(environment).filter(
        shipment__in=list(promised), kind="DeliveryAttempted"
    )
    found = events.values_list("shipment", "occurred_at")
    return {shipment for shipment, at in found if (until := promised[shipment]) and at <= until}


def _facts(row: ShipmentState, stop: ManifestStop | None) -> ShipmentFacts:
    return ShipmentFacts(
        shipment=row.shipment.public_id,
        name="",
        state=row.state,
        slot_to=row.promised_to or row.due_to,
        arrived_at=stop.arrived_at if stop else None,
        eta_at=stop.eta_at if stop else None,
        eta_latest_at=stop.eta_latest_at if stop else None,
        miss_chance=stop.miss_chance if stop else None,
        manifest=stop.manifest.public_id if stop else "",
    )


@dataclass(frozen=True)
class SilentRoute:
    """A route under way whose driver is not heard of."""

    manifest: Manifest
    heard_at: datetime


def silent_routes(environment: int, rules: Rules, read_to: datetime) -> list[SilentRoute]:
    """Routes under way whose driver's device was not heard of for too long; one without a device is not judged."""
    routes = Manifest.objects.for_environment(environment).filter(state=Manifest.State.IN_PROGRESS)
    manifests = list(routes.select_related("driver", "hub"))
    drivers = [manifest.driver_id for manifest in manifests]
    holdings = DeviceHolding.objects.for_environment(environment).filter(driver__in=drivers, until=None)
    devices = dict(holdings.values_list("driver", "device"))
    states = DeviceState.objects.for_environment(environment).filter(device__in=devices.values())
    seen = dict(states.values_list("device", "recorded_at"))
    found = []
    for manifest in manifests:
        device = devices.get(manifest.driver_id)
        heard = heard_at(manifest, seen.get(device)) if device is not None else None
        if heard is not None and read_to - heard > rules.silent_after:
            found.append(SilentRoute(manifest, heard))
    return found


def silent_drivers(environment: int, rules: Rules, read_to: datetime) -> list[Beginning]:
    """A saga for each of them."""
    wanted = []
    for route in silent_routes(environment, rules, read_to):
        manifest, subject = route.manifest, route.manifest.driver.public_id
        data = {"manifest": manifest.public_id, "heard_at": route.heard_at.isoformat()}
        key = f"{subject} {manifest.public_id}"
        wanted.append(Beginning("driver_silent", subject, manifest.hub_id, key, data))
    return wanted
