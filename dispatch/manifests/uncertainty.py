"""Flags the plans most likely to go wrong, about three in a hundred, and measures the flag by what came of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, StdDev
from django.db.models.functions import Extract

from dispatch.manifests.doubts import Doubt, Past, PlannedStop, bar, doubt_of, flags_of, uncertainty_of
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.shipments.models import ShipmentState

FLAGGED_SHARE = 0.03
PAST = timedelta(days=28)
LEAST, UNTIL_KNOWN = 0.12, 0.25  # of uncertainty: never flagged below; flagged from, while there is no past
State = ManifestStop.State


def flag(environment_id: int, manifest_ids: Collection[int], *, now: datetime) -> list[Manifest]:
    """Write the uncertainty of these manifests, and the flags of those above the bar; the flagged ones.

    What has begun is past predicting: only open stops count. The caller is in the environment's scope.
    """
    rows = Manifest.objects.for_environment(environment_id).filter(pk__in=list(manifest_ids))
    manifests = list(rows)
    doubts = _doubts(environment_id, manifests, now)
    limit = bar(_past_plans(environment_id, now, manifest_ids), FLAGGED_SHARE, LEAST, UNTIL_KNOWN)
    for manifest in manifests:
        mine = doubts.get(manifest.pk, [])
        manifest.uncertainty = round(uncertainty_of(mine), 4)
        manifest.flags = flags_of(mine) if mine and manifest.uncertainty >= limit else []
    Manifest.objects.for_environment(environment_id).bulk_update(manifests, ["uncertainty", "flags"])
    return [manifest for manifest in manifests if manifest.flags]


def past_of(environment_id: int, hub_id: int, *, now: datetime) -> Past:
    """How attempts and arrivals of a hub went over the last four weeks."""
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        manifest__hub=hub_id, manifest__service_date__gte=(now - PAST).date(), finished_at__lt=now
    )
    late = ExpressionWrapper(F("arrived_at") - F("planned_arrival"), output_field=DurationField())
    found = rows.aggregate(
        attempts=Count("pk", filter=Q(state__in=(State.DELIVERED, State.FAILED))),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        arrivals=Count("pk", filter=Q(arrived_at__isnull=False)),
        lateness=Avg(Extract(late, "epoch"), filter=Q(arrived_at__isnull=False)),
        spread=StdDev(Extract(late, "epoch"), filter=Q(arrived_at__isnull=False)),
    )
    return Past(
        found["attempts"],
        found["failed"],
        found["arrivals"],
        float(found["lateness"] or 0),
        float(found["spread"] or 0),
    )


def _doubts(environment_id: int, manifests: Iterable[Manifest], now: datetime) -> dict[int, list[Doubt]]:
    """The doubts of the open stops of each manifest, by its row number."""
    by_hub = {manifest.pk: manifest.hub_id for manifest in manifests}
    pasts = {hub: past_of(environment_id, hub, now=now) for hub in set(by_hub.values())}
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        manifest__in=list(by_hub), state=State.PLANNED
    )
    stops = list(rows.select_related("shipment__state_row").order_by("manifest_id", "place"))
    known = _known_places(environment_id, stops)
    last = {stop.manifest_id: stop.place or 1 for stop in stops}
    found: dict[int, list[Doubt]] = {}
    for stop in stops:
        into = (stop.place or 1) / last[stop.manifest_id]
        planned = _planned(stop, into, known)
        found.setdefault(stop.manifest_id, []).append(doubt_of(planned, pasts[by_hub[stop.manifest_id]]))
    return found


def _planned(stop: ManifestStop, into_route: float, known: set[tuple[float, float]]) -> PlannedStop:
    state: ShipmentState | None = getattr(stop.shipment, "state_row", None)
    begins = stop.planned_arrival if stop.slot_from is None else max(stop.planned_arrival, stop.slot_from)
    return PlannedStop(
        shipment=stop.shipment.public_id,
        stop=stop.public_id,
        name=str(stop.shipment),
        slack_s=(stop.slot_to - begins).total_seconds() if stop.slot_to else None,
        into_route=into_route,
        place_doubtful=bool(state and state.place_doubtful),
        confidence=state.place_confidence if state else None,
        first_time=(stop.latitude, stop.longitude) not in known,
        attempts=state.attempts if state else 0,
        phone=bool(state and state.phone),
    )


def _known_places(environment_id: int, stops: Iterable[ManifestStop]) -> set[tuple[float, float]]:
    """Those of the stops' places at which something was delivered before: the very same point, by an index."""
    latitudes = {stop.latitude for stop in stops}
    rows = ShipmentState.objects.for_environment(environment_id).filter(
        state=ShipmentState.State.DELIVERED, latitude__in=latitudes
    )
    places = rows.values_list("latitude", "longitude").distinct()
    return {
        (latitude, longitude)
        for latitude, longitude in places
        if latitude is not None and longitude is not None
    }


def _past_plans(environment_id: int, now: datetime, without: Collection[int]) -> list[float]:
    rows = Manifest.objects.for_environment(environment_id).filter(
        service_date__gte=(now - PAST).date(), service_date__lte=now.date(), uncertainty__gt=0
    )
    return list(rows.exclude(pk__in=list(without)).values_list("uncertainty", flat=True))


@dataclass(frozen=True, slots=True)
class Side:
    """What came of plans: how many, how many of them had a failure; their stops, how many failed or were late."""

    plans: int
    with_failure: int
    stops: int
    failed: int
    late: int

    @property
    def failing_share(self) -> float | None:
        """Of stops that failed or were late; None without any."""
        return None if self.stops == 0 else (self.failed + self.late) / self.stops

    @property
    def plan_share(self) -> float | None:
        """Of plans in which anything failed."""
        return None if self.plans == 0 else self.with_failure / self.plans


@dataclass(frozen=True, slots=True)
class Check:
    """The flag against what came: of flagged plans and of the others, over some days."""

    flagged: Side
    unflagged: Side

    @property
    def flagged_share(self) -> float | None:
        """Of all plans."""
        plans = self.flagged.plans + self.unflagged.plans
        return None if plans == 0 else self.flagged.plans / plans

    @property
    def lift(self) -> float | None:
        """How many times oftener stops of flagged plans failed; None where that cannot be said."""
        mine, others = self.flagged.failing_share, self.unflagged.failing_share
        return None if mine is None or not others else mine / others


def check(environment_id: int, hub_ids: Collection[int] | None, since: date, until: date) -> Check:
    """What came of flagged and of other plans of [since, until]; only plans that are over count."""
    return Check(
        *(_side(environment_id, hub_ids, since, until, flagged=flagged) for flagged in (True, False))
    )


def _side(
    environment_id: int, hub_ids: Collection[int] | None, since: date, until: date, *, flagged: bool
) -> Side:
    rows = Manifest.objects.for_environment(environment_id).filter(
        service_date__range=(since, until), state=Manifest.State.DONE
    )
    if hub_ids is not None:
        rows = rows.filter(hub__in=hub_ids)
    rows = rows.exclude(flags=[]) if flagged else rows.filter(flags=[])
    failed = Q(stops__state=State.FAILED)
    late = Q(
        stops__state=State.DELIVERED, stops__slot_to__isnull=False, stops__arrived_at__gt=F("stops__slot_to")
    )
    over = Q(stops__state__in=(State.DELIVERED, State.FAILED))
    counted = rows.annotate(
        over=Count("stops", filter=over), bad=Count("stops", filter=failed), slow=Count("stops", filter=late)
    )
    facts: list[Mapping[str, Any]] = list(counted.values("over", "bad", "slow"))
    return Side(
        plans=len(facts),
        with_failure=sum(1 for one in facts if one["bad"] + one["slow"]),
        stops=sum(one["over"] for one in facts),
        failed=sum(one["bad"] for one in facts),
        late=sum(one["slow"] for one in facts),
    )
