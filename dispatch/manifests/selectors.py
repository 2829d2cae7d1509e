"""Reads of manifests: one by its id, those of a day, what a driver has, its versions."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from dispatch.fleet.sight import SightOfHubs
from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestStop, ManifestVersion
from dispatch.planning.models import PlanRun
from dispatch.shipments.models import Shipment
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

ENDED = (ManifestStop.State.DELIVERED, ManifestStop.State.FAILED)
NOT_OLDER = timedelta(days=2)


def manifest_of(
    environment: Environment | int, public_id: str, *, sight: SightOfHubs = None
) -> Manifest | None:
    """The manifest with that id, among the hubs in sight; None where there is none."""
    try:
        uid = parse_id("mft", public_id)
    except BadIdentifier:
        return None
    return manifests(environment, sight=sight).filter(uid=uid).first()


def stop_of(environment: Environment | int, public_id: str) -> ManifestStop | None:
    """The stop with that id."""
    try:
        uid = parse_id("stp", public_id)
    except BadIdentifier:
        return None
    rows = ManifestStop.objects.for_environment(environment).filter(uid=uid)
    return rows.select_related("manifest", "shipment").first()


def manifests(
    environment: Environment | int,
    *,
    service_date: date | None = None,
    states: Collection[str] = (),
    hub_ids: Collection[int] | None = None,
    sight: SightOfHubs = None,
) -> QuerySet[Manifest]:
    """Manifests with their hub, driver and vehicle; `hub_ids` and `sight` None: of every hub."""
    rows = Manifest.objects.for_environment(environment).select_related(
        "hub", "driver", "vehicle__type", "run"
    )
    if service_date is not None:
        rows = rows.filter(service_date=service_date)
    if states:
        rows = rows.filter(state__in=states)
    for keys in (hub_ids, sight):
        if keys is not None:
            rows = rows.filter(hub__in=keys)
    return rows


def counted(rows: QuerySet[Manifest]) -> QuerySet[Manifest]:
    """The same with `stop_count` and `ended_count` on each."""
    on_it = ~Q(stops__state=ManifestStop.State.REMOVED)
    return rows.annotate(
        stop_count=Count("stops", filter=on_it), ended_count=Count("stops", filter=Q(stops__state__in=ENDED))
    )


def in_force_of(environment: Environment | int, driver_id: int, *, now: datetime) -> Manifest | None:
    """What the driver goes by now: what is under way, else what is next; None where nothing is in force."""
    first = Case(
        When(state=Manifest.State.IN_PROGRESS, then=Value(0)), default=1, output_field=IntegerField()
    )
    rows = manifests(environment, states=IN_FORCE).filter(
        driver=driver_id, service_date__gte=(now - NOT_OLDER).date()
    )
    return rows.order_by(first, "service_date").first()


def versions_of(manifest: Manifest) -> QuerySet[ManifestVersion]:
    """What the driver was given, the newest first."""
    rows = ManifestVersion.objects.for_environment(manifest.environment_id).filter(manifest=manifest)
    return rows.select_related("released_by").order_by("-number")


def stops_of(manifest: Manifest) -> QuerySet[ManifestStop]:
    """All stops in order, those taken off at the end, each with its shipment and the shipment's state."""
    rows = ManifestStop.objects.for_environment(manifest.environment_id).filter(manifest=manifest)
    return rows.select_related("shipment__state_row").order_by("place", "pk")


def drafts_of(run: PlanRun) -> list[int]:
    """Row numbers of the drafts of a run that nobody has released yet."""
    rows = Manifest.objects.for_environment(run.environment_id).filter(run=run, state=Manifest.State.DRAFT)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def shipments_named(environment: Environment | int, keys: Collection[int]) -> dict[int, str]:
    """The public ids of shipments by row number."""
    return {
        key: row.public_id
        for key, row in Shipment.objects.for_environment(environment).in_bulk(list(keys)).items()
    }
