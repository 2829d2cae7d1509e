"""Customers, products, prices and who is told: what everything else refers to."""

from typing import Any

from tests.fake_stripe.routing import listing, route
from tests.fake_stripe.state import Endpoint, State
from tests.fake_stripe.wire import Refusal, Request, yes

MOST_METADATA = 50


def metadata(request: Request) -> dict[str, str]:
    """Stripe's bounds: 50 keys of 40 letters, values of 500."""
    found = request.params.get("metadata") or {}
    if len(found) > MOST_METADATA or any(len(k) > 40 or len(str(v)) > 500 for k, v in found.items()):
        raise Refusal(400, "Metadata is too large.", param="metadata")
    return dict(found)


@route("POST", "/v1/customers")
def create_customer(state: State, request: Request) -> dict[str, Any]:
    clock = request.params.get("test_clock")
    if clock:
        state.get("test_clock", clock)
    return state.add(
        "customer", "cus", "customer",
        email=request.params.get("email"), name=request.params.get("name"), metadata=metadata(request),
        test_clock=clock, invoice_settings={"default_payment_method": None}, balance=0, delinquent=False,
    )  # fmt: skip


@route("GET", "/v1/customers/{}")
def get_customer(state: State, request: Request) -> dict[str, Any]:
    return state.get("customer", request.ids[0])


@route("POST", "/v1/customers/{}")
def change_customer(state: State, request: Request) -> dict[str, Any]:
    row = state.get("customer", request.ids[0])
    row.update({key: request.params[key] for key in ("email", "name") if key in request.params})
    chosen = (request.params.get("invoice_settings") or {}).get("default_payment_method")
    if chosen:
        row["invoice_settings"]["default_payment_method"] = chosen
    row["metadata"] |= metadata(request)
    return row


@route("GET", "/v1/customers")
def customers(state: State, request: Request) -> dict[str, Any]:
    return listing(request, state.all("customer"))


@route("POST", "/v1/products")
def create_product(state: State, request: Request) -> dict[str, Any]:
    number = request.params.get("id")
    if number and number in state.kinds.get("product", {}):
        raise Refusal(400, f"Product already exists: {number}", code="resource_already_exists", param="id")
    row = state.add(
        "product", "prod", "product", name=request.want("name"), active=True, metadata=metadata(request)
    )
    if number:
        del state.kinds["product"][row["id"]]
        row["id"] = number
        state.kinds["product"][number] = row
    return row


@route("GET", "/v1/products/{}")
def get_product(state: State, request: Request) -> dict[str, Any]:
    return state.get("product", request.ids[0])


@route("POST", "/v1/prices")
def create_price(state: State, request: Request) -> dict[str, Any]:
    state.get("product", request.want("product"))
    recurring = request.params.get("recurring") or {}
    metered = recurring.get("usage_type") == "metered"
    if metered and not recurring.get("meter"):
        raise Refusal(400, "A metered price needs a meter.", param="recurring[meter]")
    if recurring.get("meter"):
        state.get("meter", recurring["meter"])
    key = request.params.get("lookup_key")
    if key and any(one["lookup_key"] == key and one["active"] for one in state.all("price")):
        raise Refusal(400, "A price already uses that lookup key.", param="lookup_key")
    tiered = request.params.get("billing_scheme") == "tiered"
    tiers = request.params.get("tiers") or []
    if tiered and (not tiers or tiers[-1].get("up_to") != "inf" or "tiers_mode" not in request.params):
        raise Refusal(400, "Tiers must end with up_to inf, and have a tiers_mode.", param="tiers")
    if not tiered and not {"unit_amount", "unit_amount_decimal"} & set(request.params):
        raise Refusal(400, "A price needs an amount.", param="unit_amount")
    return state.add(
        "price", "price", "price",
        active=True, product=request.params["product"], currency=request.want("currency"), lookup_key=key,
        recurring={"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None} | recurring,
        billing_scheme="tiered" if tiered else "per_unit", tiers_mode=request.params.get("tiers_mode"), tiers=tiers,
        unit_amount_decimal=request.params.get("unit_amount_decimal", request.params.get("unit_amount")),
        metadata=metadata(request), type="recurring", nickname=request.params.get("nickname"),
    )  # fmt: skip


@route("GET", "/v1/prices")
def prices(state: State, request: Request) -> dict[str, Any]:
    wanted = request.params.get("lookup_keys")
    rows = [one for one in state.all("price") if not wanted or one["lookup_key"] in wanted]
    return listing(request, rows)


@route("POST", "/v1/webhook_endpoints")
def create_endpoint(state: State, request: Request) -> dict[str, Any]:
    endpoint = Endpoint(
        request.want("url"), state.new_id("whsec"), False, tuple(request.want("enabled_events"))
    )
    unknown = [kind for kind in endpoint.enabled if kind.startswith("v1.billing.meter")]
    if unknown:
        raise Refusal(
            400,
            f"Unknown event type {unknown[0]}: it comes by event destinations alone.",
            param="enabled_events",
        )
    state.endpoints.append(endpoint)
    return state.add(
        "endpoint", "we", "webhook_endpoint", url=endpoint.url, secret=endpoint.secret,
        enabled_events=list(endpoint.enabled), status="enabled",
    )  # fmt: skip


@route("POST", "/v2/core/event_destinations")
def create_destination(state: State, request: Request) -> dict[str, Any]:
    thin = request.want("event_payload") == "thin"
    address = request.want("webhook_endpoint")["url"]
    endpoint = Endpoint(address, state.new_id("whsec"), thin, tuple(request.want("enabled_events")))
    state.endpoints.append(endpoint)
    return state.add(
        "destination", "ed", "v2.core.event_destination", name=request.want("name"), type="webhook_endpoint",
        event_payload=request.params["event_payload"], enabled_events=list(endpoint.enabled), status="enabled",
        webhook_endpoint={"url": address, "signing_secret": endpoint.secret},
    )  # fmt: skip


@route("GET", "/v2/core/events/{}")
def get_thin_event(state: State, request: Request) -> dict[str, Any]:
    if request.ids[0] not in state.thin_events:
        raise Refusal(404, f"No such event: {request.ids[0]}", code="resource_missing")
    return state.thin_events[request.ids[0]]


@route("GET", "/v1/events/{}")
def get_event(state: State, request: Request) -> dict[str, Any]:
    if request.ids[0] not in state.sent_events:
        raise Refusal(404, f"No such event: {request.ids[0]}", code="resource_missing")
    return state.sent_events[request.ids[0]]


@route("POST", "/v1/test_helpers/test_clocks")
def create_clock(state: State, request: Request) -> dict[str, Any]:
    return state.add(
        "test_clock", "clock", "test_helpers.test_clock",
        frozen_time=request.number("frozen_time"), status="ready", name=request.params.get("name"),
    )  # fmt: skip


@route("GET", "/v1/test_helpers/test_clocks/{}")
def get_clock(state: State, request: Request) -> dict[str, Any]:
    return state.get("test_clock", request.ids[0])


@route("POST", "/v1/test_helpers/test_clocks/{}/advance")
def advance_clock(state: State, request: Request) -> dict[str, Any]:
    row, to = state.get("test_clock", request.ids[0]), request.number("frozen_time")
    if to <= row["frozen_time"]:
        raise Refusal(400, "A test clock only goes forward.", param="frozen_time")
    row["frozen_time"] = to
    return row


def flag_of(values: Any) -> bool:
    """Whether `{"enabled": "true"}` says yes."""
    return yes((values or {}).get("enabled", False))
