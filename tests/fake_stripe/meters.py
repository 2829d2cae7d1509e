"""Meters and their events: identifiers once in 24 hours, 35 days back, and the window that makes an event a *set*."""

from collections import defaultdict
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.fake_stripe.routing import listing, route
from tests.fake_stripe.state import State
from tests.fake_stripe.wire import Refusal, Request

HOUR, DAY = 3600, 86_400
OLDEST, NEWEST = 35 * DAY, 5 * 60
LONGEST_IDENTIFIER, MOST_DIGITS = 100, 15


@route("POST", "/v1/billing/meters")
def create_meter(state: State, request: Request) -> dict[str, Any]:
    name = request.want("event_name")
    if any(one["event_name"] == name and one["status"] == "active" for one in state.all("meter")):
        raise Refusal(
            400, f"There is already an active meter with the event name {name}.", param="event_name"
        )
    mapping = request.params.get("customer_mapping") or {
        "type": "by_id",
        "event_payload_key": "stripe_customer_id",
    }
    return state.add(
        "meter", "mtr", "billing.meter",
        display_name=request.want("display_name"), event_name=name, status="active",
        default_aggregation=request.want("default_aggregation"), customer_mapping=mapping,
        event_time_window=request.params.get("event_time_window"),
        value_settings=request.params.get("value_settings") or {"event_payload_key": "value"},
    )  # fmt: skip


@route("GET", "/v1/billing/meters")
def meters(state: State, request: Request) -> dict[str, Any]:
    wanted = request.params.get("status")
    return listing(request, [one for one in state.all("meter") if wanted in (None, one["status"])])


@route("GET", "/v1/billing/meters/{}")
def get_meter(state: State, request: Request) -> dict[str, Any]:
    return state.get("meter", request.ids[0])


@route("POST", "/v1/billing/meters/{}/deactivate")
def deactivate(state: State, request: Request) -> dict[str, Any]:
    row = state.get("meter", request.ids[0])
    row["status"] = "inactive"
    return row


@route("POST", "/v1/billing/meter_events")
def create_event(state: State, request: Request) -> dict[str, Any]:
    name, payload = request.want("event_name"), request.want("payload")
    if not isinstance(payload, dict) or any(not isinstance(value, str) for value in payload.values()):
        raise Refusal(400, "The values of a payload are strings.", param="payload")
    customer = payload.get("stripe_customer_id", "")
    identifier = request.params.get("identifier") or state.new_id("id")
    if len(identifier) > LONGEST_IDENTIFIER:
        raise Refusal(400, "An identifier has at most 100 characters.", param="identifier")
    _refuse_double(state, identifier)
    now = state.now_for(customer)
    at = request.number("timestamp", now)
    if at < now - OLDEST:
        raise Refusal(
            400,
            "The timestamp is more than 35 days in the past.",
            code="timestamp_too_far_in_past",
            param="timestamp",
        )
    if at > now + NEWEST:
        raise Refusal(
            400,
            "The timestamp is more than 5 minutes in the future.",
            code="timestamp_in_future",
            param="timestamp",
        )
    event = {
        "object": "billing.meter_event", "event_name": name, "identifier": identifier, "payload": payload,
        "timestamp": at, "created": now, "livemode": False, "received": state.now(), "cancelled": False,
    }  # fmt: skip
    state.held_events.append(event)
    if not state.holds_aggregation:
        aggregate(state)
    return {key: event[key] for key in event if key not in {"received", "cancelled"}}


def _refuse_double(state: State, identifier: str) -> None:
    for one in state.meter_events + state.held_events:
        if one["identifier"] == identifier and one["received"] > state.now() - DAY:
            raise Refusal(
                400,
                f"An event already exists with identifier {identifier}.",
                headers={"Stripe-Should-Retry": "false"},
            )


def aggregate(state: State) -> None:
    """Take in what was answered and not looked at yet; what is wrong with it is told by thin events alone."""
    wrong: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    held, state.held_events = state.held_events, []
    for event in held:
        meter = _meter_of(state, event["event_name"])
        fault = _fault(state, meter, event)
        if fault:
            wrong[(meter["id"] if meter else "", fault)].append(event)
        state.meter_events.append(event | {"counts": not fault})
    for (meter_id, code), events in wrong.items():
        _report(state, meter_id, code, events)


def _meter_of(state: State, name: str) -> dict[str, Any] | None:
    rows = [one for one in state.all("meter") if one["event_name"] == name]
    return next((one for one in rows if one["status"] == "active"), rows[0] if rows else None)


def _fault(state: State, meter: dict[str, Any] | None, event: dict[str, Any]) -> str:
    if meter is None:
        return "no_meter"
    if meter["status"] != "active":
        return "archived_meter"
    customer = event["payload"].get(meter["customer_mapping"]["event_payload_key"])
    if not customer:
        return "meter_event_no_customer_defined"
    if customer not in state.kinds.get("customer", {}):
        return "meter_event_customer_not_found"
    raw = event["payload"].get(meter["value_settings"]["event_payload_key"], "")
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return "meter_event_invalid_value"
    return "meter_event_value_too_many_digits" if len(value.as_tuple().digits) > MOST_DIGITS else ""


def _report(state: State, meter: str, code: str, events: list[dict[str, Any]]) -> None:
    samples = [
        {"error_message": f"{code}: {one['event_name']}", "request": {"identifier": one["identifier"]}}
        for one in events
    ]
    kinds = [{"code": code, "error_count": len(events), "sample_errors": samples[:10]}]
    data = {
        "developer_message_summary": f"There is 1 kind of error: {code}",
        "reason": {"error_count": len(events), "error_types": kinds},
        "validation_start": "2026-01-01T00:00:00Z", "validation_end": "2026-01-01T00:00:10Z",
    }  # fmt: skip
    related = {"id": meter, "type": "billing.meter", "url": f"/v1/billing/meters/{meter}"} if meter else None
    kind = "v1.billing.meter.error_report_triggered" if meter else "v1.billing.meter.no_meter_found"
    state.tell_thin(kind, related=related, data=data)


@route("POST", "/v1/billing/meter_event_adjustments")
def adjust(state: State, request: Request) -> dict[str, Any]:
    wanted = (request.want("cancel") or {}).get("identifier", "")
    found = [
        one
        for one in state.meter_events
        if one["identifier"] == wanted and one["received"] > state.now() - DAY
    ]
    if request.want("type") != "cancel" or not found:
        raise Refusal(
            400, f"No event of the last 24 hours has the identifier {wanted}.", param="cancel[identifier]"
        )
    for one in found:
        one["cancelled"] = True
    return {
        "object": "billing.meter_event_adjustment", "cancel": {"identifier": wanted}, "livemode": False,
        "event_name": request.want("event_name"), "status": "complete", "type": "cancel",
    }  # fmt: skip


def hours(state: State, meter: dict[str, Any], customer: str, start: int, end: int) -> dict[int, Decimal]:
    """What counts, by the beginning of its hour. With the hourly window the last event that came stands alone."""
    key, value = meter["customer_mapping"]["event_payload_key"], meter["value_settings"]["event_payload_key"]
    found: dict[int, Decimal] = defaultdict(Decimal)
    for one in state.meter_events:
        mine = one["event_name"] == meter["event_name"] and one["payload"].get(key) == customer
        if not mine or one["cancelled"] or not one["counts"] or not start <= one["timestamp"] < end:
            continue
        hour = one["timestamp"] // HOUR * HOUR
        amount = Decimal(one["payload"][value])
        found[hour] = amount if meter["event_time_window"] == "hour" else found[hour] + amount
    return dict(found)


@route("GET", "/v1/billing/meters/{}/event_summaries")
def summaries(state: State, request: Request) -> dict[str, Any]:
    meter = state.get("meter", request.ids[0])
    start, end = request.number("start_time"), request.number("end_time")
    window = {"hour": HOUR, "day": DAY, None: 60}.get(request.params.get("value_grouping_window"))
    if window is None or start % window or end % window or start >= end:
        raise Refusal(400, "The times must be aligned with the grouping window.", param="start_time")
    grouped: dict[int, Decimal] = defaultdict(Decimal)
    for hour, amount in hours(state, meter, request.want("customer"), start, end).items():
        grouped[hour // window * window if window > 60 else start] += amount
    rows = [
        {
            "id": f"mtrusg_{begin}", "object": "billing.meter_event_summary", "meter": meter["id"], "livemode": False,
            "aggregated_value": float(amount), "start_time": begin, "end_time": begin + window if window > 60 else end,
        }
        for begin, amount in sorted(grouped.items(), reverse=True)
    ]  # fmt: skip
    return listing(request, rows)
