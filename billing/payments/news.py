"""The provider's news: kept as it comes, acted on once, in any order, by a tick."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from billing.payments import client
from billing.payments.accounts import refresh
from billing.payments.metering import back_off
from billing.payments.models import MeterSubmission, PaymentAccount, ProviderEvent
from billing.payments.port import MeterFault, News, Payments, PaymentsError
from tracker.tenants import scope

WHY = "the provider's news names customers by its own names"
MOST_TRIES = 20
MOST_AT_ONCE = 100
FAULTS = ("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found")
ABOUT_CUSTOMERS = ("checkout.session.", "customer.", "invoice.")

logger = logging.getLogger(__name__)


def keep(news: News, payload: dict[str, Any], *, now: datetime) -> bool:
    """Store it, to be acted on by the tick; False where it was here before."""
    with scope.scope(unscoped=WHY):
        try:
            with transaction.atomic():
                ProviderEvent.objects.create(
                    uid=news.id[:120],
                    kind=news.kind[:120],
                    customer=news.customer[:80],
                    payload=payload,
                    received_at=now,
                    due_at=now,
                )
        except IntegrityError:
            return False
    return True


def process_due(*, now: datetime) -> int:
    """Act on what waits; how many pieces were done. One that fails is tried again, the others go on."""
    if not client.is_configured():
        return 0
    provider = client.payments()
    with scope.scope(unscoped=WHY):
        rows = ProviderEvent.objects.filter(processed_at=None, due_at__lte=now).order_by("due_at", "pk")
        due = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_process(number, provider, now=now) for number in due)


def _process(number: int, provider: Payments, *, now: datetime) -> bool:
    try:
        with scope.scope(unscoped=WHY):
            rows = ProviderEvent.objects.select_for_update(skip_locked=True)
            row = rows.filter(pk=number, processed_at=None).first()
            if row is None:
                return False
            _act(row, provider, now=now)
            ProviderEvent.objects.filter(pk=number).update(processed_at=now, due_at=None, error="")
            return True
    except PaymentsError as trouble:
        _try_later(number, str(trouble), now=now)
    except Exception as error:  # one piece of news must not hold up the others
        logger.exception("news of the provider could not be acted on")
        _try_later(number, f"{type(error).__name__}: {error}", now=now)
    return False


def _act(row: ProviderEvent, provider: Payments, *, now: datetime) -> None:
    if row.kind in FAULTS:
        for fault in provider.meter_faults(row.uid):
            _refused(row, fault)
    elif row.kind.startswith(ABOUT_CUSTOMERS) and row.customer:
        account = PaymentAccount.objects.unscoped(WHY).filter(customer=row.customer).first()
        if account is not None:
            refresh(account.tenant_id, provider, now=now)


def _refused(row: ProviderEvent, fault: MeterFault) -> None:
    """The hours that an error report names are not counted there: shown, alarmed, sent again once that is mended."""
    told = MeterSubmission.objects.unscoped(WHY).filter(identifier__in=fault.identifiers)
    told.update(
        state=MeterSubmission.State.REFUSED, due_at=None, error=f"The provider refused it: {fault.code}"[:300]
    )
    logger.error(
        "the provider refused use that it had taken", extra={"code": fault.code, "count": fault.count}
    )


def _try_later(number: int, reason: str, *, now: datetime) -> None:
    with scope.scope(unscoped=WHY):
        row = ProviderEvent.objects.select_for_update().get(pk=number)
        tries = row.tries + 1
        wait: timedelta | None = back_off(row.tries) if tries < MOST_TRIES else None
        due = None if wait is None else now + wait
        ProviderEvent.objects.filter(pk=number).update(tries=tries, due_at=due, error=reason[:300])
    level = logging.WARNING if due else logging.ERROR
    logger.log(
        level,
        "news of the provider waits",
        extra={"event": row.uid, "kind": row.kind, "reason": reason[:200]},
    )


def try_again(numbers: list[int], *, now: datetime) -> int:
    """Let these be acted on at the next tick, whatever became of them before."""
    with scope.scope(unscoped=WHY):
        return ProviderEvent.objects.filter(pk__in=numbers).update(
            processed_at=None, due_at=now, tries=0, error=""
        )
