"""Does what was ordered: finds erasures that are due and works them off in batches.

Nothing is remembered between two batches but what the tables themselves say: a worker that dies is followed by one that
begins at the first table again and finds the early ones empty. So any step may be cut off, and any may be done twice.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from tracker.devices.models import Device
from tracker.devices.services import delete_device, forget_reports
from tracker.keys.models import Key
from tracker.limits import feed
from tracker.privacy import registry
from tracker.privacy.emptying import empty_batch, has_rows, let_go, unname_in_the_log, untie
from tracker.privacy.making import remove_files_of
from tracker.privacy.models import ErasureRequest
from tracker.privacy.people import forget_people
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant

LEASE = timedelta(minutes=3)  # a worker that says nothing for so long is dead
# what a device sent just before its keys were refused may still be on its way through the stream
SETTLES = timedelta(minutes=5)
BUDGET_S = 20.0
# a revoked certificate must be known until it has run out: brokers are told which to refuse
# that a device was active in a month is what the month is charged by; it holds numbers alone
STAYS_WITH_A_DEVICE = {"tracker.DeviceCertificate", "tracker.ActiveDevice"}
WHY = "erasures of all customers are worked off in one go"
Kind = ErasureRequest.Kind

logger = logging.getLogger(__name__)


class NotYet(Exception):
    """The rest is for later: time is up, or something may still arrive."""


def erase_due(*, now: datetime, budget_s: float = BUDGET_S) -> int:
    """Work on what is due until it is done or the time is up; how many were finished."""
    ends = time.monotonic() + budget_s
    finished = 0
    with scope.scope(unscoped=WHY):
        open_ones = ErasureRequest.objects.unscoped(WHY).filter(
            taken_back_at=None, ended_at=None, due_at__lte=now
        )
        due = list(open_ones.order_by("due_at").values_list("pk", flat=True))
    for number in due:
        if time.monotonic() >= ends:
            break
        order = _claim(number, now)
        if order is not None:
            finished += _work(order, now=now, ends=ends)
    return finished


def _claim(number: int, now: datetime) -> ErasureRequest | None:
    """Take an erasure, unless another worker is at it or it was taken back meanwhile."""
    with scope.scope(unscoped=WHY):
        rows = ErasureRequest.objects.unscoped(WHY).filter(pk=number, taken_back_at=None, ended_at=None)
        free = rows.filter(Q(worked_until=None) | Q(worked_until__lte=now))
        if not free.update(worked_until=now + LEASE):
            return None
        rows.filter(begun_at=None).update(begun_at=now)
        return rows.first()


def _work(order: ErasureRequest, *, now: datetime, ends: float) -> bool:
    gone: Counter[str] = Counter()
    trouble, finished = "", False
    try:
        for label, count in _steps(order, now):
            gone[label] += count
            if time.monotonic() >= ends:
                raise NotYet
        finished = True
    except NotYet:
        pass
    except OSError as error:
        trouble = f"{type(error).__name__}: {error}"[:300]
        logger.warning("an erasure is held up", extra={"erasure": order.pk, "reason": trouble})
    _note(order, gone, finished=finished, trouble=trouble, now=now)
    return finished


def _note(order: ErasureRequest, gone: Counter[str], *, finished: bool, trouble: str, now: datetime) -> None:
    with scope.scope(unscoped=WHY):
        row = ErasureRequest.objects.unscoped(WHY).select_for_update().get(pk=order.pk)
        counts = Counter({str(label): int(count) for label, count in row.counts.items()}) + gone
        row.counts, row.trouble, row.worked_until = dict(counts), trouble, None
        row.ended_at = now if finished else None
        row.save(update_fields=["counts", "trouble", "worked_until", "ended_at"])


def _steps(order: ErasureRequest, now: datetime) -> Iterator[tuple[str, int]]:
    """All that is to be done, batch by batch: table and rows."""
    if order.kind == Kind.DEVICE:
        yield from _device(order, now)
    elif order.kind == Kind.ENVIRONMENT:
        yield from _environment(order.environment_number or 0, order, now)
    else:
        yield from _tenant(order, now)


def _device(order: ErasureRequest, now: datetime) -> Iterator[tuple[str, int]]:
    """All it reported at once; its identifiers when nothing of it can be on its way any more."""
    environment_id, device_id = order.environment_number or 0, order.device_number or 0
    with scope.scope(environment_id=environment_id):
        device = Device.objects.for_environment(environment_id).filter(pk=device_id).first()
        if device is None:
            return
        delete_device(device, now=now)
    for hook in registry.device_hooks:
        with scope.scope(environment_id=environment_id):
            found = hook(environment_id, device_id, device.external_id)
        yield from found.items()
    with scope.scope(environment_id=environment_id):
        forget_reports(device, now=now)
    for table in registry.tables():
        if table.device and table.owner == "environment_id" and table.label not in STAYS_WITH_A_DEVICE:
            yield from _of_device(table, environment_id, device_id)
    _let_settle(order, now)
    with scope.scope(environment_id=environment_id):
        rows = Device.objects.for_environment(environment_id).filter(pk=device_id)
        rows.update(
            external_id=f"erased-{device_id}", name="", metadata={}, model="", os="", app_version="",
            deleted_at=now, wire_format="",
        )  # fmt: skip
        unname_in_the_log(Device, [str(device_id)])
    yield "tracker.Device", 1


def _of_device(table: registry.Table, environment_id: int, device_id: int) -> Iterator[tuple[str, int]]:
    narrowed = {table.device: device_id, "environment_id": environment_id}
    with scope.scope(environment_id=environment_id):
        rows = table.model._base_manager.filter(**narrowed)
        if table.lets_go_of_devices:
            yield table.label, rows.update(device=None)
        else:
            yield table.label, rows._raw_delete(using="default")  # one statement


def _environment(environment_id: int, order: ErasureRequest, now: datetime) -> Iterator[tuple[str, int]]:
    _remember_keys(environment_id, order)
    for hook in registry.environment_hooks:
        hook(environment_id)
        yield "", 0
    test = _is_test(environment_id)
    yield from _tables("environment_id", environment_id, test=test)
    _let_settle(order, now)
    let_go(Environment, environment_id)
    with scope.scope(unscoped=WHY):
        rows = Environment.objects.unscoped(WHY).filter(pk=environment_id)
        unname_in_the_log(Environment, [str(environment_id)])
        if _is_referred_to(environment_id, test=test):
            rows.update(name=f"erased {environment_id}", thrown_away_at=now)
        else:
            rows._raw_delete(using="default")  # its tables are empty: no cascade
        feed.changed()
    yield "tracker.Environment", 1


def _remember_keys(environment_id: int, order: ErasureRequest) -> None:
    """Doors must go on refusing publishable keys whose rows are gone."""
    with scope.scope(unscoped=WHY):
        keys = Key.objects.for_environment(environment_id).filter(kind=Key.Kind.PUBLISHABLE)
        keys.filter(revoked_at=None).update(revoked_at=order.asked_at)
        row = ErasureRequest.objects.unscoped(WHY).select_for_update().get(pk=order.pk)
        row.refused_keys = sorted({*row.refused_keys, *keys.values_list("pk", flat=True)})
        row.save(update_fields=["refused_keys"])


def _tenant(order: ErasureRequest, now: datetime) -> Iterator[tuple[str, int]]:
    tenant_id = order.tenant_id
    with scope.scope(unscoped=WHY):
        numbers = list(Environment.objects.for_tenant(tenant_id).order_by("pk").values_list("pk", flat=True))
    for number in numbers:
        yield from _environment(number, order, now)
    with scope.scope(unscoped=WHY):
        people = forget_people(tenant_id)
    yield "tracker.User", people
    remove_files_of(tenant_id)
    for hook in registry.tenant_hooks:
        hook(tenant_id)
        yield "", 0
    yield from _tables("tenant_id", tenant_id, test=False)
    with scope.scope(unscoped=WHY):
        Tenant.objects.filter(pk=tenant_id).update(name="Erased organisation")
        unname_in_the_log(Tenant, [str(tenant_id)])
    yield "tracker.Tenant", 1


def _tables(owner: str, number: int, *, test: bool) -> Iterator[tuple[str, int]]:
    """Every table that names this owner, children first."""
    for table, column in registry.knots():
        if table.owner == owner and table.kept is None:
            untie(table, column, number)
    for table in registry.tables():
        if table.owner != owner or table.stays(test=test):
            continue
        if table.by_hook:
            if has_rows(table, number):
                raise NotYet  # something came after its hook: the next round begins with it
            continue
        if owner == "environment_id":
            let_go(table.model, number)
        while count := empty_batch(table, number):
            yield table.label, count
        yield "", 0


def _is_referred_to(environment_id: int, *, test: bool) -> bool:
    kept = [
        table for table in registry.tables() if table.owner == "environment_id" and table.stays(test=test)
    ]
    return any(has_rows(table, environment_id) for table in kept)


def _is_test(environment_id: int) -> bool:
    with scope.scope(unscoped=WHY):
        rows = Environment.objects.unscoped(WHY).filter(pk=environment_id)
        return rows.filter(kind=Environment.Kind.TEST).exists()


def _let_settle(order: ErasureRequest, now: datetime) -> None:
    """Raises NotYet while something from before may still arrive."""
    if now < order.asked_at + SETTLES:
        raise NotYet


def unfinished_of(tenant_id: int) -> list[ErasureRequest]:
    """Orders that are not done, the newest first."""
    rows = ErasureRequest.objects.for_tenant(tenant_id).filter(taken_back_at=None, ended_at=None)
    with transaction.atomic():
        return list(rows.order_by(F("asked_at").desc()))
