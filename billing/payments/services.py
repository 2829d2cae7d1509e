"""What a customer does about payments: become known to the provider, subscribe, change cards, follow the plan."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import connection

from billing.payments import client, tariffs, usage
from billing.payments.folding import month_of, next_month
from billing.payments.models import PaymentAccount
from billing.payments.port import Final, Payments
from tracker.tenants import scope
from tracker.tenants.models import Tenant


class NothingToPay(Final):
    """The plan asks for nothing, so there is nothing to subscribe to."""


def account_of(tenant_id: int) -> PaymentAccount | None:
    """The tenant's account, None before it first went to the provider's pages."""
    with scope.scope(tenant_id=tenant_id):
        return PaymentAccount.objects.for_tenant(tenant_id).select_related("tenant").first()


def ensure_customer(tenant: Tenant, *, email: str) -> PaymentAccount:
    """The tenant's account with its customer at the provider; made once, whoever asks twice. Raises PaymentsError."""
    provider = client.payments()
    with scope.scope(tenant_id=tenant.pk):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"customer:{tenant.pk}"])
        account = PaymentAccount.objects.for_tenant(tenant.pk).first()
        if account is None:
            account = PaymentAccount.objects.create(tenant=tenant)
        if not account.customer:
            account.customer = provider.make_customer(
                name=tenant.name, email=email, reference=tenant.public_id, key=f"customer:{tenant.public_id}"
            )
            account.save(update_fields=["customer"])
    return account


def checkout_url(tenant: Tenant, *, email: str, success: str, cancel: str, now: datetime) -> str:
    """Where the tenant subscribes to the plan it is on. Raises PaymentsError."""
    provider = client.payments()
    account = ensure_customer(tenant, email=email)
    if account.subscription_status in {"active", "trialing", "past_due", "unpaid"}:
        raise Final("You pay by subscription already. Change how under “Cards and receipts”.")
    prices = _prices(tenant.pk, provider, now=now)
    if not prices:
        raise NothingToPay("Your plan costs nothing, so there is nothing to subscribe to.")
    anchor = next_month(month_of(now))
    # a second click within the minute gets the same page
    asked = f"{tenant.public_id}:{prices}:{success}:{now:%Y%m%d%H%M}"
    return provider.checkout(
        customer=account.customer or "",
        prices=prices,
        anchor=anchor,
        success=success,
        cancel=cancel,
        reference=tenant.public_id,
        taxes=settings.STRIPE_TAXES,
        key="checkout:" + hashlib.sha256(asked.encode()).hexdigest()[:40],
    )


def portal_url(tenant: Tenant, *, back: str) -> str:
    """Where the tenant changes cards, pays what is open and finds receipts. Raises PaymentsError."""
    account = account_of(tenant.pk)
    if account is None or not account.customer:
        raise Final("Nothing was ever paid online, so there is nothing to change.")
    return client.payments().portal(customer=account.customer, back=back)


def follow_plan(tenant_id: int, *, now: datetime) -> bool:
    """Let the subscription have the prices of the plan in force; whether it had others. Raises PaymentsError."""
    account = account_of(tenant_id)
    if account is None or account.subscription_status not in {"active", "past_due"}:
        return False
    orders = tariffs.orders(tenant_id, now, scales=usage.SCALE)
    wanted = sorted(one.key for one in orders)
    if not wanted or wanted == account.price_keys:
        return False
    provider = client.payments()
    key = "reprice:" + hashlib.sha256(f"{account.subscription}{wanted}".encode()).hexdigest()[:40]
    provider.reprice(account.subscription, _prices(tenant_id, provider, now=now), key=key)
    with scope.scope(tenant_id=tenant_id):
        PaymentAccount.objects.for_tenant(tenant_id).update(price_keys=wanted)
    return True


def _prices(tenant_id: int, provider: Payments, *, now: datetime) -> list[tuple[str, bool]]:
    """The plan's prices at the provider, each made where it is missing."""
    labels = usage.meters()
    found = []
    for order in tariffs.orders(tenant_id, now, scales=usage.SCALE):
        meter = provider.meter(order.meter, labels.get(order.meter, order.label)) if order.meter else None
        found.append((provider.price(order, meter_id=meter), meter is not None))
    return found
