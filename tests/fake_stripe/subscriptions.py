"""Subscriptions and invoices: a period's use becomes a draft, an hour later an invoice that never changes again."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.fake_stripe import rating
from tests.fake_stripe.catalogue import flag_of, metadata
from tests.fake_stripe.meters import HOUR, hours
from tests.fake_stripe.routing import listing, route
from tests.fake_stripe.state import State
from tests.fake_stripe.wire import Refusal, Request

GRACE = HOUR
RETRY_AFTER = 3 * 86_400
GOOD_CARD, FAILS_LATER, DECLINED = "pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_chargeDeclined"


def next_month(at: int) -> int:
    """A month later, on the same day as far as there is one."""
    moment = datetime.fromtimestamp(at, UTC)
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    for day in range(moment.day, 27, -1):
        try:
            return int(moment.replace(year=year, month=month, day=day).timestamp())
        except ValueError:
            continue
    return int(moment.replace(year=year, month=month).timestamp())


def begin(state: State, customer: str, params: dict[str, Any]) -> dict[str, Any]:
    """A subscription from now on; its first period may end early, at the anchor."""
    owner, now = state.get("customer", customer), state.now_for(customer)
    anchor = int(params.get("billing_cycle_anchor") or 0)
    if anchor and not now < anchor <= next_month(now):
        raise Refusal(
            400, "billing_cycle_anchor must lie within the first period.", param="billing_cycle_anchor"
        )
    end = anchor or next_month(now)
    wanted = params.get("items") or params.get("line_items") or []
    if not wanted:
        raise Refusal(400, "A subscription needs items.", param="items")
    items = [_item(state, one, now, end) for one in wanted]
    row = state.add(
        "subscription", "sub", "subscription",
        customer=customer, status="active", items={"object": "list", "data": items, "has_more": False},
        metadata=params.get("metadata") or {}, automatic_tax={"enabled": flag_of(params.get("automatic_tax"))},
        cancel_at_period_end=False, canceled_at=None, start_date=now, billing_cycle_anchor=end,
        currency=items[0]["price"]["currency"], latest_invoice=None,
        default_payment_method=owner["invoice_settings"]["default_payment_method"],
    )  # fmt: skip
    state.tell("customer.subscription.created", row)
    return row


def _item(state: State, wanted: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    price = state.get("price", wanted.get("price", ""))
    metered = price["recurring"]["usage_type"] == "metered"
    if metered and "quantity" in wanted:
        raise Refusal(400, "A metered item has no quantity.", param="items")
    return {
        "id": state.new_id("si"), "object": "subscription_item", "price": price, "metadata": {},
        "quantity": None if metered else int(wanted.get("quantity", 1)),
        "current_period_start": start, "current_period_end": end,
    }  # fmt: skip


@route("POST", "/v1/subscriptions")
def create(state: State, request: Request) -> dict[str, Any]:
    return begin(state, request.want("customer"), request.params)


@route("GET", "/v1/subscriptions")
def subscriptions(state: State, request: Request) -> dict[str, Any]:
    customer, status = request.params.get("customer"), request.params.get("status")
    rows = [one for one in state.all("subscription") if customer in (None, one["customer"])]
    if status != "all":
        rows = [
            one for one in rows if one["status"] == status or (status is None and one["status"] != "canceled")
        ]
    return listing(request, rows)


@route("GET", "/v1/subscriptions/{}")
def get_one(state: State, request: Request) -> dict[str, Any]:
    return state.get("subscription", request.ids[0])


@route("POST", "/v1/subscriptions/{}")
def change(state: State, request: Request) -> dict[str, Any]:
    row = state.get("subscription", request.ids[0])
    if row["status"] == "canceled":
        raise Refusal(400, "A cancelled subscription cannot be changed.")
    row["metadata"] |= metadata(request)
    for wanted in request.params.get("items") or []:
        present = [one for one in row["items"]["data"] if one["id"] == wanted.get("id")]
        if str(wanted.get("deleted", "")).lower() == "true" and present:
            row["items"]["data"].remove(present[0])
        elif present:
            present[0]["price"] = state.get("price", wanted["price"])
        else:
            first = row["items"]["data"][0]
            now, end = state.now_for(row["customer"]), first["current_period_end"]
            row["items"]["data"].append(_item(state, wanted, now, end))
    state.tell("customer.subscription.updated", row)
    return row


@route("DELETE", "/v1/subscriptions/{}")
def cancel(state: State, request: Request) -> dict[str, Any]:
    return end_now(state, state.get("subscription", request.ids[0]))


def end_now(state: State, row: dict[str, Any]) -> dict[str, Any]:
    """Ended, and told."""
    row.update(status="canceled", canceled_at=state.now_for(row["customer"]))
    state.tell("customer.subscription.deleted", row)
    return row


def tick(state: State) -> None:
    """What time has brought: periods that ended, drafts whose hour is over, payments that are tried again."""
    for row in list(state.kinds.get("subscription", {}).values()):
        while row["status"] in {"active", "past_due"} and _period(row)[1] <= state.now_for(row["customer"]):
            _close_period(state, row)
            _settle_invoices(state)
    _settle_invoices(state)


def _period(row: dict[str, Any]) -> tuple[int, int]:
    first = row["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def _close_period(state: State, row: dict[str, Any]) -> None:
    start, end = _period(row)
    invoice = state.add(
        "invoice", "in", "invoice",
        customer=row["customer"], status="draft", currency=row["currency"], period_start=start, period_end=end,
        billing_reason="subscription_cycle", collection_method="charge_automatically", metadata={},
        parent={"type": "subscription_details", "subscription_details": {"subscription": row["id"], "metadata": {}}},
        amount_paid=0, attempt_count=0, attempted=False, next_payment_attempt=None, hosted_invoice_url=None,
        number=None,
        status_transitions={"finalized_at": None, "paid_at": None, "voided_at": None, "marked_uncollectible_at": None},
        automatic_tax=row["automatic_tax"], lines={"object": "list", "data": [], "has_more": False},
        automatically_finalizes_at=end + GRACE,
    )  # fmt: skip
    _price(state, row, invoice)
    row["latest_invoice"] = invoice["id"]
    for item in row["items"]["data"]:
        item.update(current_period_start=end, current_period_end=next_month(end))
    state.tell("invoice.created", invoice)


def _price(state: State, row: dict[str, Any], invoice: dict[str, Any]) -> None:
    lines = []
    for item in row["items"]["data"]:
        price, quantity = item["price"], Decimal(item["quantity"] or 0)
        if price["recurring"]["meter"]:
            meter = state.get("meter", price["recurring"]["meter"])
            found = hours(state, meter, row["customer"], invoice["period_start"], invoice["period_end"])
            quantity = max(sum(found.values(), Decimal(0)), Decimal(0))  # a cycle's floor is nought
        lines.append(
            {
                "id": state.new_id("il"), "object": "line_item", "amount": rating.minor(price, quantity),
                "currency": row["currency"], "description": price["nickname"] or price["product"],
                "quantity": int(quantity),
                "pricing": {"type": "price_details", "price_details": {"price": price["id"]}},
                "period": {"start": invoice["period_start"], "end": invoice["period_end"]},
            }
        )  # fmt: skip
    total = sum(line["amount"] for line in lines)
    invoice["lines"]["data"] = lines
    invoice.update(
        subtotal=total, total=total, total_excluding_tax=total, amount_due=total, amount_remaining=total
    )


def _settle_invoices(state: State) -> None:
    for invoice in list(state.kinds.get("invoice", {}).values()):
        now = state.now_for(invoice["customer"])
        if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] <= now:
            finalize(state, invoice, at=invoice["automatically_finalizes_at"])
        due = invoice["next_payment_attempt"]
        if invoice["status"] == "open" and due is not None and due <= now:
            pay(state, invoice, at=due)


def finalize(state: State, invoice: dict[str, Any], *, at: int) -> None:
    """From here on nothing of it changes but whether it is paid."""
    row = state.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    _price(state, row, invoice)
    invoice.update(status="open", number=f"FAKE-{next(state.numbers):04d}", next_payment_attempt=at)
    invoice["hosted_invoice_url"] = f"{state.url}/i/{invoice['id']}"
    invoice["status_transitions"]["finalized_at"] = at
    state.tell("invoice.finalized", invoice)
    pay(state, invoice, at=at)


def pay(state: State, invoice: dict[str, Any], *, at: int, card: str = "") -> bool:
    """Try the customer's card; whether it went through."""
    owner = state.get("customer", invoice["customer"])
    row = state.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    card = card or owner["invoice_settings"]["default_payment_method"] or ""
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if invoice["total"] == 0 or card == GOOD_CARD:
        invoice.update(
            status="paid", amount_paid=invoice["total"], amount_remaining=0, next_payment_attempt=None
        )
        invoice["status_transitions"]["paid_at"] = at
        state.tell("invoice.paid", invoice)
        if row["status"] == "past_due":
            row["status"] = "active"
            state.tell("customer.subscription.updated", row)
        return True
    invoice["next_payment_attempt"] = at + RETRY_AFTER if invoice["attempt_count"] < 4 else None
    state.tell("invoice.payment_failed", invoice)
    if row["status"] == "active":
        row["status"] = "past_due"
        state.tell("customer.subscription.updated", row)
    return False


@route("GET", "/v1/invoices")
def invoices(state: State, request: Request) -> dict[str, Any]:
    wanted = {key: request.params[key] for key in ("customer", "status") if key in request.params}
    return listing(
        request, [one for one in state.all("invoice") if all(one[k] == v for k, v in wanted.items())]
    )


@route("POST", "/v1/invoices/create_preview")
def preview(state: State, request: Request) -> dict[str, Any]:
    row = state.get("subscription", request.want("subscription"))
    start, end = _period(row)
    invoice = {
        "id": "upcoming_in_fake", "object": "invoice", "customer": row["customer"], "currency": row["currency"],
        "status": "draft",
        "period_start": start, "period_end": end, "lines": {"object": "list", "data": [], "has_more": False},
        "status_transitions": {"finalized_at": None, "paid_at": None}, "amount_paid": 0,
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": row["id"]}},
        "hosted_invoice_url": None,
    }  # fmt: skip
    _price(state, row, invoice)
    return invoice


@route("GET", "/v1/invoices/{}")
def get_invoice(state: State, request: Request) -> dict[str, Any]:
    return state.get("invoice", request.ids[0])


@route("POST", "/v1/invoices/{}")
def change_invoice(state: State, request: Request) -> dict[str, Any]:
    row = state.get("invoice", request.ids[0])
    if row["status"] != "draft" and set(request.params) - {"metadata"}:
        raise Refusal(400, "A finalized invoice cannot be changed.", code="invoice_not_editable")
    row["metadata"] |= metadata(request)
    return row


@route("POST", "/v1/invoices/{}/finalize")
def finalize_invoice(state: State, request: Request) -> dict[str, Any]:
    row = state.get("invoice", request.ids[0])
    if row["status"] != "draft":
        raise Refusal(400, "This invoice is already finalized.", code="invoice_not_editable")
    finalize(state, row, at=state.now_for(row["customer"]))
    return row


@route("POST", "/v1/invoices/{}/pay")
def pay_invoice(state: State, request: Request) -> dict[str, Any]:
    row = state.get("invoice", request.ids[0])
    if row["status"] != "open":
        raise Refusal(400, "Only an open invoice can be paid.")
    if not pay(state, row, at=state.now_for(row["customer"]), card=request.params.get("payment_method", "")):
        raise Refusal(402, "Your card was declined.", kind="card_error", code="card_declined")
    return row


@route("POST", "/v1/invoices/{}/void")
def void_invoice(state: State, request: Request) -> dict[str, Any]:
    row = state.get("invoice", request.ids[0])
    if row["status"] not in {"open", "uncollectible"}:
        raise Refusal(400, "Only an open invoice can be voided.")
    row["status"] = "void"
    state.tell("invoice.voided", row)
    return row
