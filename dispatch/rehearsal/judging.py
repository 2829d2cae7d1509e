"""Judges a rehearsal: what drivers and files said on one side, what the database holds on the other."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from dispatch.fleet.models import Hub
from dispatch.manifests.models import Manifest, ManifestOverride
from dispatch.metrics.computing import Day
from dispatch.metrics.recount import recount
from dispatch.metrics.services import refresh_day
from dispatch.planning.models import PlanRun
from dispatch.rehearsal.day import Played
from dispatch.rehearsal.world import DOUBTFUL_ROWS, REFUSED_ROWS
from dispatch.sagas.models import Saga
from dispatch.shipments.models import Shipment, ShipmentEvent, ShipmentState
from tracker.tenants import scope
from tracker.tenants.identifiers import parse_id
from tracker.tenants.models import Environment

FINAL = frozenset({"delivered", "returned", "cancelled", "lost"})
FOLLOWED = ("open", "stuck")
RECOUNTS = 3


@dataclass
class Verdict:
    """What was found; `faults` is empty where the day is as it should be."""

    facts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def must(self, holds: bool, fault: str) -> None:
        """Note a fault unless it holds."""
        if not holds:
            self.faults.append(fault)


def size_of_database() -> int:
    """Bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def judge(played: Played, environment: Environment, *, now: datetime) -> Verdict:
    """All of it. Enters the environment's scope."""
    verdict = Verdict()
    with scope.scope(environment_id=environment.pk):
        _uploads(played, verdict)
        states = _shipments(played, environment, verdict)
        _deliveries(played, environment, states, verdict)
        _followed(played, environment, states, verdict, now=now)
        _plans(played, environment, verdict)
        _metrics(played, environment, verdict, now=now)
    for problem in played.tally.problems:
        verdict.faults.append(problem)
    return verdict


def _uploads(played: Played, verdict: Verdict) -> None:
    for upload, town in zip(played.uploads, played.towns, strict=True):
        wanted = played.world.in_city(played.world.shipments, town.city)
        taken = upload["created"] + upload["repeated"] - DOUBTFUL_ROWS
        name, refused = town.city.name, upload["refused"]
        verdict.must(taken == wanted, f"{name}: {wanted:,} good rows, {taken:,} taken")
        verdict.must(
            refused == REFUSED_ROWS, f"{name}: {REFUSED_ROWS} rows make no sense, {refused} were refused"
        )


def _shipments(played: Played, environment: Environment, verdict: Verdict) -> dict[int, ShipmentState]:
    rows = Shipment.objects.for_environment(environment).filter(
        external_id__startswith=f"{played.world.run}-"
    )
    known = set(rows.exclude(external_id__contains="-bad-").values_list("pk", flat=True))
    states = {row.pk: row for row in ShipmentState.objects.for_environment(environment).filter(pk__in=known)}
    wanted = played.world.shipments
    verdict.must(len(known) == wanted == len(states), f"{wanted:,} shipments sent, {len(known):,} known")
    verdict.facts["shipments"] = dict(sorted(Counter(row.state for row in states.values()).items()))
    return states


def _deliveries(
    played: Played, environment: Environment, states: dict[int, ShipmentState], verdict: Verdict
) -> None:
    """What drivers say they delivered is delivered, once; nothing else is."""
    said: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for driver in played.drivers:
        said.update(driver.book.delivered)
        tried.update(driver.book.failed)
        refused = list(driver.book.refused.values())
        verdict.faults += [f"refused to a driver: {text}" for text in refused[:3]]
    names = {
        row.pk: row.public_id for row in Shipment.objects.for_environment(environment).filter(pk__in=states)
    }
    delivered = {names[pk] for pk, row in states.items() if row.state == "delivered"}
    rows = ShipmentEvent.objects.for_environment(environment).filter(shipment__in=states)
    told = Counter(rows.values_list("kind", flat=True))
    verdict.must(
        set(said) == delivered, f"{len(set(said) ^ delivered):,} deliveries are said by one side alone"
    )
    verdict.must(max(said.values(), default=1) == 1, "a parcel was handed over twice")
    for kind, wanted in (("DeliveryConfirmed", said.total()), ("DeliveryAttempted", tried.total())):
        verdict.must(told[kind] == wanted, f"{wanted:,} were done, but there are {told[kind]:,} of {kind}")
    verdict.facts["events"] = told.total()
    verdict.facts["attempts_failed"] = tried.total()


def _followed(
    played: Played,
    environment: Environment,
    states: dict[int, ShipmentState],
    verdict: Verdict,
    *,
    now: datetime,
) -> None:
    """Each shipment has ended, is followed by a saga, is for another day because its customer chose one, or is named
    with the reason by a run that could not serve it."""
    names = {
        row.pk: row.public_id for row in Shipment.objects.for_environment(environment).filter(pk__in=states)
    }
    hubs = _hubs(played, environment)
    sagas = Saga.objects.for_environment(environment).filter(hub__in=hubs)
    followed = set(sagas.filter(state__in=FOLLOWED).values_list("subject", flat=True))
    unserved = set()
    for run in PlanRun.objects.for_environment(environment).filter(hub__in=hubs).order_by("pk"):
        unserved |= {one.get("shipment") for one in run.unserved}
    open_ones = {names[pk] for pk, row in states.items() if row.state not in FINAL}
    verdict.facts["in_a_saga"] = len(open_ones & followed)
    verdict.facts["named_unserved"] = len(open_ones & unserved - followed)
    later = {
        names[pk] for pk, row in states.items() if row.due_from is not None and row.due_from > now
    } & open_ones
    verdict.facts["for_another_day"] = len(later - followed)
    lost = open_ones - followed - unserved - later
    verdict.must(
        not lost, f"{len(lost):,} shipments have neither ended nor are followed, such as {sorted(lost)[:2]}"
    )
    verdict.facts["sagas"] = dict(Counter(f"{row.kind} {row.state}" for row in sagas))


def _plans(played: Played, environment: Environment, verdict: Verdict) -> None:
    hubs = _hubs(played, environment)
    runs = PlanRun.objects.for_environment(environment).filter(hub__in=hubs)
    verdict.facts["runs"] = dict(Counter(f"{row.cause} {row.state}" for row in runs))
    failed = [row.failure for row in runs if row.state == "failed"]
    verdict.must(not failed, f"{len(failed)} runs failed: {failed[:2]}")
    rows = Manifest.objects.for_environment(environment).filter(hub__in=hubs)
    manifests = rows.exclude(state__in=("draft", "cancelled"))
    distance = sum(row.distance_m for row in manifests)
    cost = sum(row.cost.get("route", 0) for row in manifests)
    thousands = max(1, played.world.shipments) / 1000
    verdict.facts |= {
        "manifests": len(manifests),
        "versions": sum(row.version for row in manifests),
        "overrides": ManifestOverride.objects.for_environment(environment).filter(hub__in=hubs).count(),
        "km_per_1000_shipments": round(distance * played.world.scale.n / 1000 / thousands, 1),
        "plan_cost_per_1000_shipments": round(cost * played.world.scale.n / thousands, 1),
    }


def _metrics(played: Played, environment: Environment, verdict: Verdict, *, now: datetime) -> None:
    """The figures on the pages equal a slow recount, hub by hub.

    The product is at work: what changes between the two is counted again, a few times.
    """
    hubs = _hubs(played, environment)
    for hub in hubs:
        day = Day(hub=hub, service_date=_today(hub, now))
        same = any(_counted_alike(day, now=now) for _ in range(RECOUNTS))
        verdict.must(same, f"{hub}: the figures are not those of the recount")
    verdict.facts["days_recounted"] = len(hubs)
    verdict.must(len(hubs) == len(played.towns), f"{len(played.towns)} hubs set up, {len(hubs)} found")


def _counted_alike(day: Day, *, now: datetime) -> bool:
    quick, slow = (msgspec.to_builtins(made(day, now=now)) for made in (refresh_day, recount))
    return _alike(quick, slow)


def _hubs(played: Played, environment: Environment) -> list[Hub]:
    """The rehearsal's own: another one may have been played here before."""
    ours = [parse_id("hub", town.hub) for town in played.towns]
    return list(Hub.objects.for_environment(environment).filter(uid__in=ours).order_by("pk"))


def _today(hub: Hub, now: datetime) -> date:
    return now.astimezone(ZoneInfo(hub.timezone)).date()


def _alike(a: Any, b: Any) -> bool:
    """Equal, sums of fractions to nine digits."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))
    return bool(a == b)
