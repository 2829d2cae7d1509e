"""Reads about exports and erasures."""

from django.db.models import QuerySet

from tracker.privacy.models import DataExport, ErasureRequest
from tracker.tenants.models import Environment

SHOWN = 20


def exports_of(tenant_id: int) -> list[DataExport]:
    """The newest exports."""
    rows = DataExport.objects.for_tenant(tenant_id).select_related("asked_by")
    return list(rows.order_by("-asked_at")[:SHOWN])


def ready_export(tenant_id: int, public_id: str) -> DataExport | None:
    """An export that can be downloaded, None where it is another's, not ready or gone."""
    found = DataExport.objects.for_tenant(tenant_id).filter(state=DataExport.State.READY)
    return next((export for export in found if export.public_id == public_id), None)


def erasures_of(tenant_id: int) -> list[ErasureRequest]:
    """The newest orders, done or not."""
    rows = ErasureRequest.objects.for_tenant(tenant_id).select_related("asked_by")
    return list(rows.order_by("-asked_at")[:SHOWN])


def open_tenant_erasure(tenant_id: int) -> ErasureRequest | None:
    """The order to erase the whole organisation, where there is one in force."""
    return _open(tenant_id).filter(kind=ErasureRequest.Kind.TENANT).first()


def environments_under_erasure() -> set[int]:
    """Numbers of environments whose rows an erasure has begun to take, or took: nothing can be counted there."""
    begun = ErasureRequest.objects.unscoped("asked for all customers at once").filter(begun_at__isnull=False)
    alone = begun.filter(kind=ErasureRequest.Kind.ENVIRONMENT).values_list("environment_number", flat=True)
    tenants = begun.filter(kind=ErasureRequest.Kind.TENANT).values_list("tenant_id", flat=True)
    theirs = Environment.objects.unscoped("asked for all customers at once").filter(tenant__in=list(tenants))
    return {number for number in alone if number is not None} | set(theirs.values_list("pk", flat=True))


def _open(tenant_id: int) -> QuerySet[ErasureRequest]:
    rows = ErasureRequest.objects.for_tenant(tenant_id).filter(taken_back_at=None, ended_at=None)
    return rows.select_related("tenant")
