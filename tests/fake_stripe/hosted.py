"""Pages a browser sees: checkout, the customer's portal, an invoice. Plain forms, no script."""

from html import escape
from typing import Any

from tests.fake_stripe import subscriptions
from tests.fake_stripe.catalogue import flag_of
from tests.fake_stripe.routing import route
from tests.fake_stripe.state import State
from tests.fake_stripe.wire import Refusal, Request

CARDS = {
    "4242424242424242": subscriptions.GOOD_CARD,
    "4000000000000341": subscriptions.FAILS_LATER,
    "4000000000000002": subscriptions.DECLINED,
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1>{body}</html>"""
CARD_FIELD = (
    '<p><label>Card number <input name="card" inputmode="numeric" required value="{card}"></label></p>'
)


class Page(Exception):
    """An answer that is no JSON: a page, or the way to another."""

    def __init__(self, body: str = "", *, status: int = 200, location: str = "") -> None:
        super().__init__(body)
        self.body, self.status, self.location = body, status, location


def page(title: str, body: str, status: int = 200) -> Page:
    """A page with a heading."""
    return Page(PAGE.format(title=escape(title), body=body), status=status)


@route("POST", "/v1/checkout/sessions")
def create_session(state: State, request: Request) -> dict[str, Any]:
    if request.want("mode") != "subscription":
        raise Refusal(400, "This fake knows checkout of subscriptions alone.", param="mode")
    for name in ("success_url", "cancel_url"):
        if name in request.params and not request.params[name].startswith(("http://", "https://")):
            raise Refusal(400, f"Not a valid URL: {request.params[name]}", code="url_invalid", param=name)
    customer = request.want("customer")
    state.get("customer", customer)
    for item in request.want("line_items"):
        state.get("price", item.get("price", ""))
    row = state.add(
        "session", "cs_test", "checkout.session",
        mode="subscription", customer=customer, status="open", payment_status="unpaid", subscription=None,
        success_url=request.want("success_url"), cancel_url=request.params.get("cancel_url"),
        client_reference_id=request.params.get("client_reference_id"), metadata=request.params.get("metadata") or {},
        automatic_tax={"enabled": flag_of(request.params.get("automatic_tax"))},
    )  # fmt: skip
    row["url"] = f"{state.url}/c/pay/{row['id']}"
    data = request.params.get("subscription_data") or {}
    wanted = {
        "line_items": request.params["line_items"],
        "automatic_tax": request.params.get("automatic_tax"),
        **data,
    }
    state.kinds.setdefault("wanted", {})[row["id"]] = wanted
    return row


@route("GET", "/v1/checkout/sessions/{}")
def get_session(state: State, request: Request) -> dict[str, Any]:
    return state.get("session", request.ids[0])


@route("GET", "/c/pay/{}")
def checkout_page(state: State, request: Request) -> None:
    row = state.get("session", request.ids[0])
    if row["status"] != "open":
        raise page("This checkout is over", "<p>It was completed, or it expired.</p>", 410)
    cancel = f'<p><a href="{escape(row["cancel_url"])}">Back</a></p>' if row["cancel_url"] else ""
    form = CARD_FIELD.format(card="4242 4242 4242 4242") + "<p><button>Subscribe</button></p>"
    raise page("Subscribe", f'<form method="post">{form}</form>{cancel}')


@route("POST", "/c/pay/{}")
def checkout_done(state: State, request: Request) -> None:
    row = state.get("session", request.ids[0])
    if row["status"] != "open":
        raise page("This checkout is over", "<p>It was completed, or it expired.</p>", 410)
    card = _card(request)
    customer = state.get("customer", row["customer"])
    customer["invoice_settings"]["default_payment_method"] = card
    subscription = subscriptions.begin(state, row["customer"], state.kinds["wanted"][row["id"]])
    row.update(status="complete", payment_status="paid", subscription=subscription["id"])
    state.tell("checkout.session.completed", row)
    raise Page(status=303, location=row["success_url"].replace("{CHECKOUT_SESSION_ID}", row["id"]))


def _card(request: Request) -> str:
    card = CARDS.get(str(request.params.get("card", "")).replace(" ", ""))
    if card is None or card == subscriptions.DECLINED:
        raise page("Your card was declined", '<p><a href="">Try another</a></p>', 402)
    return card


@route("POST", "/v1/billing_portal/sessions")
def create_portal(state: State, request: Request) -> dict[str, Any]:
    state.get("customer", request.want("customer"))
    row = state.add(
        "portal", "bps", "billing_portal.session",
        customer=request.params["customer"], return_url=request.params.get("return_url"),
    )  # fmt: skip
    row["url"] = f"{state.url}/p/session/{row['id']}"
    return row


@route("GET", "/p/session/{}")
def portal_page(state: State, request: Request) -> None:
    row = state.get("portal", request.ids[0])
    owed = [
        one for one in state.all("invoice") if one["customer"] == row["customer"] and one["status"] == "open"
    ]
    lines = "".join(f"<li>{one['number']}: {one['amount_remaining']} {one['currency']}</li>" for one in owed)
    forms = (
        f'<ul aria-label="Unpaid">{lines}</ul><form method="post"><input type="hidden" name="do" value="card">'
        f"{CARD_FIELD.format(card='4242 4242 4242 4242')}<p><button>Use this card, and pay"
        " what is open</button></p></form>"
        '<form method="post"><input type="hidden" name="do" value="cancel"><p><button>'
        "Cancel the subscription</button></p></form>"
    )
    back = f'<p><a href="{escape(row["return_url"] or "")}">Return</a></p>'
    raise page("Your payments", forms + back)


@route("POST", "/p/session/{}")
def portal_done(state: State, request: Request) -> None:
    row = state.get("portal", request.ids[0])
    if request.params.get("do") == "cancel":
        for one in state.all("subscription"):
            if one["customer"] == row["customer"] and one["status"] != "canceled":
                subscriptions.end_now(state, one)
    else:
        card = _card(request)
        state.get("customer", row["customer"])["invoice_settings"]["default_payment_method"] = card
        for invoice in state.all("invoice"):
            if invoice["customer"] == row["customer"] and invoice["status"] == "open":
                subscriptions.pay(state, invoice, at=state.now_for(row["customer"]))
    raise Page(status=303, location=row["return_url"] or f"{state.url}/p/session/{row['id']}")
