"""What people ask for: an export, and erasures, which can be taken back while their days of grace run."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tracker.certificates.models import DeviceCertificate
from tracker.devices.models import Device
from tracker.keys.models import Key
from tracker.limits import feed
from tracker.privacy.models import DataExport, ErasureRequest
from tracker.sandboxes.models import SimulatedCity
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant, User

GRACE = timedelta(days=7)
WHY = "an erasure refuses the credentials of every environment of its tenant"
Kind = ErasureRequest.Kind


class AlreadyAsked(Exception):
    """The same is under way. The message is for people."""


class NotErasable(Exception):
    """It cannot be erased like this. The message is for people."""


def ask_export(tenant: Tenant, *, by: User | None, now: datetime, device: Device | None = None) -> DataExport:
    """A copy of everything, or of one device; made by a tick. Raises AlreadyAsked while one is being made."""
    facts: Any = {"device_number": device.pk, "device_name": str(device)[:200]} if device else {}
    try:
        with transaction.atomic():
            return DataExport.objects.create(tenant=tenant, asked_by=by, asked_at=now, **facts)
    except IntegrityError:
        raise AlreadyAsked(
            "An export of this organisation is being made. Wait until it is ready, then ask again."
        ) from None


def erase_device(device: Device, *, tenant: Tenant, by: User | None, now: datetime) -> ErasureRequest:
    """Order a device's erasure, which begins at once. Raises AlreadyAsked."""
    return _order(tenant, Kind.DEVICE, by=by, now=now, environment=device.environment_id, device=device.pk)


def throw_away(environment: Environment, *, by: User | None, now: datetime) -> ErasureRequest:
    """End a test environment: its keys at once, its rows by the tick. Raises NotErasable and AlreadyAsked.

    The name is free again at once, for the next one.
    """
    tenant = environment.tenant
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)  # two that throw away the last two must not both
        rows = Environment.objects.for_tenant(tenant).filter(thrown_away_at=None)
        if environment.kind != Environment.Kind.TEST:
            raise NotErasable(
                "A live environment goes only with its organisation. Choose a test environment."
            )
        if not rows.filter(kind=Environment.Kind.TEST).exclude(pk=environment.pk).exists():
            raise NotErasable("This is the last test environment. Make another one first.")
        if not rows.filter(pk=environment.pk).update(
            thrown_away_at=now, name=f"{environment.name[:70]} (thrown away, {environment.pk})"
        ):
            raise AlreadyAsked("This environment has been thrown away already.")
        _refuse_credentials([environment.pk], now)
        with scope.scope(environment_id=environment.pk):
            SimulatedCity.objects.for_environment(environment).delete()
        return _order(tenant, Kind.ENVIRONMENT, by=by, now=now, environment=environment.pk)


def erase_tenant(tenant: Tenant, *, by: User | None, now: datetime) -> ErasureRequest:
    """Order the erasure of an organisation: keys and certificates are refused at once, rows go after the grace.

    Raises AlreadyAsked.
    """
    with transaction.atomic():
        order = _order(tenant, Kind.TENANT, by=by, now=now, grace=GRACE)
        _refuse_credentials(_environments(tenant), now)
        return order


def take_back(order: ErasureRequest, *, now: datetime) -> bool:
    """Take an order back while its grace runs; what it refused is let in again. True where that was in time."""
    with scope.scope(tenant_id=order.tenant_id):
        rows = ErasureRequest.objects.for_tenant(order.tenant_id).filter(
            pk=order.pk, begun_at=None, ended_at=None
        )
        if not rows.filter(taken_back_at=None, due_at__gt=now).update(taken_back_at=now):
            return False
        numbers = _environments(order.tenant)
        with scope.scope(unscoped=WHY, tenant_id=order.tenant_id):
            for model in (Key, DeviceCertificate):
                ended = model.objects.unscoped(WHY).filter(environment__in=numbers, revoked_at=order.asked_at)
                ended.update(revoked_at=None)
        feed.changed()
        return True


def _environments(tenant: Tenant) -> list[int]:
    return list(Environment.objects.for_tenant(tenant).order_by("pk").values_list("pk", flat=True))


def _refuse_credentials(environments: list[int], now: datetime) -> None:
    """End keys and certificates at this very moment, which is how `take_back` knows them again."""
    with scope.scope(unscoped=WHY):
        for model in (Key, DeviceCertificate):
            rows = model.objects.unscoped(WHY).filter(environment__in=environments, revoked_at=None)
            rows.update(revoked_at=now)
    feed.changed()


def _order(
    tenant: Tenant,
    kind: str,
    *,
    by: User | None,
    now: datetime,
    environment: int | None = None,
    device: int | None = None,
    grace: timedelta = timedelta(),
) -> ErasureRequest:
    try:
        with scope.scope(tenant_id=tenant.pk):
            return ErasureRequest.objects.create(
                tenant=tenant, kind=kind, asked_by=by, asked_at=now, due_at=now + grace,
                environment_number=environment, device_number=device,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyAsked("This was ordered already and is being done.") from None
