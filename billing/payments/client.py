"""Stripe behind the port: the only file that imports its library. Keys and customers' data never reach the log."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.payments.port import (
    AlreadyTaken,
    BadSignature,
    Final,
    InvoiceFacts,
    MeterFault,
    News,
    NotConfigured,
    NotThere,
    Payments,
    PriceOrder,
    Retriable,
    SubscriptionFacts,
    Tier,
)

TIMEOUT_S = 10
OLDEST_SIGNATURE_S = 300
EVENT_PREFIX = "milepost_"
TAKEN = "already exists with identifier"  # version 1 gives no code for it, only this sentence
KEY_REFUSED_S = 600  # an operator has to mend it; what waits for it is not lost
NO_RETRY_STATUS = (400, 401, 402, 403, 404)


def is_configured() -> bool:
    """Whether this installation is paid through Stripe."""
    return bool(settings.STRIPE_SECRET_KEY)


def payments() -> Payments:
    """The provider as the settings have it; NotConfigured without a key."""
    if not is_configured():
        raise NotConfigured("No payment provider is set up: MILEPOST_STRIPE_SECRET_KEY is empty.")
    return _connected(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=4)
def _connected(key: str, base: str) -> "StripePayments":
    return StripePayments(key, base=base)


@contextmanager
def _our_errors() -> Iterator[None]:
    """The library's errors as ours: what may succeed later, and what will not."""
    try:
        yield
    except stripe.SignatureVerificationError:
        raise BadSignature("The signature is wrong or too old.") from None
    except stripe.RateLimitError as error:
        raise Retriable("Stripe asks to slow down.", after_s=_after(error)) from None
    except stripe.APIConnectionError:
        raise Retriable("Stripe could not be reached, or its answer was lost.") from None
    except stripe.StripeError as error:
        raise _refusal(error) from None


def _refusal(error: stripe.StripeError) -> Retriable | Final:
    status, code = error.http_status or 0, error.code or ""
    reason = (error.user_message or type(error).__name__)[:300]
    if status not in NO_RETRY_STATUS:
        return Retriable(f"Stripe answered {status}: {reason}", after_s=_after(error))
    if status == 401:
        return Retriable("Stripe does not accept MILEPOST_STRIPE_SECRET_KEY.", after_s=KEY_REFUSED_S)
    if code == "duplicate_meter_event" or TAKEN in reason:
        return AlreadyTaken(reason, code="duplicate_meter_event")
    if status == 404 or code == "resource_missing":
        return NotThere(reason, code=code)
    return Final(reason, code=code)


def _after(error: stripe.StripeError) -> int | None:
    raw = (error.headers or {}).get("retry-after", "")
    return int(raw) if str(raw).isdigit() else None


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _sure(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class StripePayments:
    """The calls of the port over one key."""

    def __init__(self, key: str, *, base: str = "") -> None:
        addresses: Any = {"api": base, "meter_events": base} if base else None
        self._client = stripe.StripeClient(
            key,
            base_addresses=addresses,
            # tries are ours to count: due times stand in the database and outlive this process
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        )
        self._meters: dict[str, str] = {}

    def make_customer(self, *, name: str, email: str, reference: str, key: str) -> str:
        with _our_errors():
            made = self._client.v1.customers.create(
                {"name": name[:256], "email": email, "metadata": {"tenant": reference}},
                {"idempotency_key": key},
            )
        return made.id

    def meter(self, code: str, label: str) -> str:
        name = EVENT_PREFIX + code
        if name not in self._meters:
            with _our_errors():
                listed = self._client.v1.billing.meters.list({"status": "active", "limit": 100})
                self._meters |= {one.event_name: one.id for one in listed.auto_paging_iter()}
                if name not in self._meters:
                    self._meters[name] = self._make_meter(name, label)
        return self._meters[name]

    def _make_meter(self, name: str, label: str) -> str:
        made = self._client.v1.billing.meters.create(
            {
                "display_name": label,
                "event_name": name,
                "default_aggregation": {"formula": "sum"},
                "event_time_window": "hour",
                "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
                "value_settings": {"event_payload_key": "value"},
            },
            {"idempotency_key": f"meter:{name}"},
        )
        return made.id

    def price(self, order: PriceOrder, *, meter_id: str | None) -> str:
        with _our_errors():
            listed = self._client.v1.prices.list({"lookup_keys": [order.key], "limit": 1})
            if listed.data:
                return listed.data[0].id
            product = self._product(order.plan)
            made = self._client.v1.prices.create(
                _price_values(order, product, meter_id), {"idempotency_key": f"price:{order.key}"}
            )
        return made.id

    def _product(self, plan: str) -> str:
        number = "milepost_" + hashlib.sha256(plan.encode()).hexdigest()[:24]
        try:
            return self._client.v1.products.retrieve(number).id
        except stripe.InvalidRequestError:
            made = self._client.v1.products.create(
                {"id": number, "name": f"Milepost {plan}"[:250]}, {"idempotency_key": f"product:{number}"}
            )
            return made.id

    def checkout(
        self, *, customer: str, prices: Sequence[tuple[str, bool]], anchor: datetime, success: str, cancel: str,
        reference: str, taxes: bool, key: str,
    ) -> str:  # fmt: skip
        values: Any = {
            "mode": "subscription",
            "customer": customer,
            "line_items": [_item(price, metered) for price, metered in prices],
            "success_url": success,
            "cancel_url": cancel,
            "client_reference_id": reference,
            "subscription_data": {
                "billing_cycle_anchor": int(anchor.timestamp()),
                "proration_behavior": "none",
                "metadata": {"tenant": reference},
            },
        }
        if taxes:
            values |= {
                "automatic_tax": {"enabled": True},
                "customer_update": {"address": "auto", "name": "auto"},
            }
        with _our_errors():
            made = self._client.v1.checkout.sessions.create(values, {"idempotency_key": key})
        return made.url or ""

    def portal(self, *, customer: str, back: str) -> str:
        with _our_errors():
            made = self._client.v1.billing_portal.sessions.create({"customer": customer, "return_url": back})
        return made.url

    def subscriptions(self, customer: str) -> list[SubscriptionFacts]:
        with _our_errors():
            listed = self._client.v1.subscriptions.list({"customer": customer, "status": "all", "limit": 100})
            return [_subscription(one) for one in listed.data]

    def reprice(self, subscription: str, prices: Sequence[tuple[str, bool]], *, key: str) -> None:
        with _our_errors():
            present = self._client.v1.subscriptions.retrieve(subscription)
            held = {item.price.id: item.id for item in present["items"].data}
            wanted = dict(prices)
            items: list[Any] = [_item(price, wanted[price]) for price in wanted if price not in held]
            items += [{"id": item, "deleted": True} for price, item in held.items() if price not in wanted]
            if items:
                self._client.v1.subscriptions.update(
                    subscription, {"items": items, "proration_behavior": "none"}, {"idempotency_key": key}
                )

    def invoices(self, customer: str) -> list[InvoiceFacts]:
        with _our_errors():
            listed = self._client.v1.invoices.list({"customer": customer, "limit": 100})
            return [_invoice(one) for one in listed.data]

    def preview(self, subscription: str) -> InvoiceFacts:
        with _our_errors():
            return _invoice(self._client.v1.invoices.create_preview({"subscription": subscription}))

    def tell_use(self, *, meter: str, customer: str, quantity: int, at: datetime, identifier: str) -> None:
        with _our_errors():
            self._client.v1.billing.meter_events.create(
                {
                    "event_name": EVENT_PREFIX + meter,
                    "identifier": identifier,
                    "timestamp": int(at.timestamp()),
                    "payload": {"stripe_customer_id": customer, "value": str(quantity)},
                }
            )

    def use_told(
        self, *, meter_id: str, customer: str, first: datetime, last: datetime, by_hour: bool
    ) -> dict[datetime, int]:
        with _our_errors():
            listed = self._client.v1.billing.meters.event_summaries.list(
                meter_id,
                {
                    "customer": customer,
                    "start_time": int(first.timestamp()),
                    "end_time": int(last.timestamp()),
                    "value_grouping_window": "hour" if by_hour else "day",
                    "limit": 100,
                },
            )
            return {_sure(one.start_time): int(one.aggregated_value) for one in listed.auto_paging_iter()}

    def read_news(self, body: bytes, signature: str) -> News:
        with _our_errors(), _readable():
            # without a tolerance of its own this call takes a signature of any age
            secret = settings.STRIPE_WEBHOOK_SECRET
            stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=OLDEST_SIGNATURE_S)
            event = json.loads(body)
            if event["object"] != "event":
                raise ValueError("a thin event")
            held = event["data"]["object"]
            owner = held["id"] if held.get("object") == "customer" else held.get("customer")
            return News(event["id"], event["type"], owner or "", _sure(event["created"]))

    def read_thin_news(self, body: bytes, signature: str) -> News:
        with _our_errors(), _readable():
            note = self._client.parse_event_notification(
                body, signature, settings.STRIPE_EVENTS_SECRET, tolerance=OLDEST_SIGNATURE_S
            )
            return News(note.id, note.type, "", datetime.fromisoformat(note.created))

    def meter_faults(self, event: str) -> list[MeterFault]:
        with _our_errors():
            data: Any = self._client.v2.core.events.retrieve(event).to_dict().get("data") or {}
        return [
            MeterFault(one["code"], int(one["error_count"]), _identifiers(one))
            for one in (data.get("reason") or {}).get("error_types") or []
        ]


@contextmanager
def _readable() -> Iterator[None]:
    """A body that was signed and is no event of this kind is refused like one that was not signed."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadSignature("This is no event of the kind this address takes.") from None


def _identifiers(kind: dict[str, Any]) -> tuple[str, ...]:
    samples = kind.get("sample_errors") or []
    return tuple(one["request"]["identifier"] for one in samples if one.get("request"))


def _item(price: str, metered: bool) -> dict[str, Any]:
    return {"price": price} if metered else {"price": price, "quantity": 1}


def _price_values(order: PriceOrder, product: str, meter_id: str | None) -> Any:
    recurring: dict[str, Any] = {"interval": "month"}
    if meter_id:
        recurring |= {"usage_type": "metered", "meter": meter_id}
    values: dict[str, Any] = {
        "product": product,
        "currency": order.currency.lower(),
        "lookup_key": order.key,
        "nickname": order.label,
        "recurring": recurring,
    }
    alone = order.tiers[0]
    if len(order.tiers) == 1 and not (meter_id and alone.flat):
        amount = alone.unit if meter_id else alone.flat
        return values | {"unit_amount_decimal": _plain(amount)}
    return values | {
        "billing_scheme": "tiered",
        "tiers_mode": order.mode,
        "tiers": [_tier(one) for one in order.tiers],
    }


def _tier(tier: Tier) -> dict[str, Any]:
    values = {"up_to": "inf" if tier.up_to is None else tier.up_to, "unit_amount_decimal": _plain(tier.unit)}
    return values | ({"flat_amount_decimal": _plain(tier.flat)} if tier.flat else {})


def _plain(amount: Decimal) -> str:
    """Without an exponent, at most the twelve places Stripe takes."""
    return f"{amount.quantize(Decimal('1e-12')).normalize():f}"


def _subscription(row: Any) -> SubscriptionFacts:
    keys = frozenset(item.price.lookup_key or "" for item in row["items"].data)
    return SubscriptionFacts(row.id, row.customer, row.status, _sure(row.start_date), keys)


def _invoice(row: Any) -> InvoiceFacts:
    times = row.status_transitions
    return InvoiceFacts(
        row.id,
        row.customer,
        row.status or "draft",
        row.currency.upper(),
        row.total if (net := getattr(row, "total_excluding_tax", None)) is None else net,
        int(getattr(row, "amount_remaining", 0) or 0),
        row.amount_paid,
        _sure(row.period_start),
        _sure(row.period_end),
        _moment(times.finalized_at),
        _moment(times.paid_at),
        int(getattr(row, "attempt_count", 0) or 0),
        row.hosted_invoice_url or "",
    )
