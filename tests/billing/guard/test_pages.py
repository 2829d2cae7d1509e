"""The budget page, and the card on the overview."""

import json
import re

import pytest

from billing.guard.amounts import major_of, minor_of, shown
from billing.guard.errors import GuardRefused
from billing.guard.models import Budget, Cap
from tests.billing.guard.world import cap, on_growth, use
from tracker.audit.models import AuditEntry
from tracker.tenants import scope
from tracker.tenants.models import Environment, Role

PAGE = "/console/budget/"
WISH = {
    "amount": "250.50",
    "shares": "50 80, 100%",
    "mails": "a@example.com\nb@example.com",
    "tells_webhooks": "on",
}


def rows(model, customer):
    with scope.scope(tenant_id=customer.tenant.pk):
        return list(model.objects.for_tenant(customer.tenant))


def test_a_budget_is_set_changed_shown_and_removed_and_the_log_says_so(customer, signed_in):
    owner = signed_in(customer.owner)
    assert "Set a budget" in owner.get(PAGE).content.decode()
    assert owner.post(PAGE + "set/", WISH, follow=True).redirect_chain[-1][0] == PAGE
    [made] = rows(Budget, customer)
    assert (made.amount_minor, made.currency, made.shares) == (25_050, "EUR", [50, 80, 100])
    assert made.mails == ["a@example.com", "b@example.com"]
    page = owner.get(PAGE).content.decode()
    assert 'value="250.50"' in page
    assert 'value="50, 80, 100"' in page
    owner.post(PAGE + "set/", WISH | {"amount": "300", "mails": ""})
    assert [(b.amount_minor, b.mails) for b in rows(Budget, customer)] == [(30_000, [])]
    owner.post(PAGE + "remove/")
    assert rows(Budget, customer) == []
    with scope.scope(tenant_id=customer.tenant.pk):
        log = (
            AuditEntry.objects.for_tenant(customer.tenant).filter(action__startswith="budget.").order_by("pk")
        )
        assert [entry.action for entry in log] == ["budget.set", "budget.set", "budget.remove"]
        assert log[1].before == {"budget": "250.50 EUR"}


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"amount": "-3"}, "more than nothing"),
        ({"amount": "NaN"}, "more than nothing"),
        ({"amount": "a lot"}, "That is no amount"),
        ({"amount": "1.005"}, "2 digits behind the point at most"),
        ({"amount": "1e20"}, "more than any month costs"),
        ({"shares": "half"}, "Write whole numbers"),
        ({"shares": "0"}, "from 1 to 1000"),
        ({"mails": "<script>"}, "&lt;script&gt; is no mail address"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field_and_what_was_typed_stays(
    customer, signed_in, wish, says
):
    page = signed_in(customer.owner).post(PAGE + "set/", WISH | wish)
    assert page.status_code == 200
    assert says in page.content.decode()
    assert rows(Budget, customer) == []


def test_a_cap_is_set_and_removed_and_holds_at_once(customer, signed_in):
    owner = signed_in(customer.owner)
    wish = {"cap-where": "", "cap-choice": "fixes_accepted:stop", "cap-quantity": "0", "cap-keeps_one_in": ""}
    owner.post(PAGE + "caps/set/", wish)
    [made] = rows(Cap, customer)
    assert Environment.objects.unscoped("test").get(pk=customer.live.pk).intake == "stopped"
    page = owner.get(PAGE).content.decode()
    assert "reached" in page
    assert made.public_id in page
    owner.post(PAGE + "caps/remove/", {"cap": made.public_id})
    assert rows(Cap, customer) == []
    assert Environment.objects.unscoped("test").get(pk=customer.live.pk).intake == "open"
    assert (
        "was gone already"
        in owner.post(PAGE + "caps/remove/", {"cap": "cap_x"}, follow=True).content.decode()
    )


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"cap-choice": "active_devices:stop"}, "Select a valid choice"),
        ({"cap-choice": "fixes_accepted:sample"}, "Say one fix in how many"),
        ({"cap-quantity": "1.5"}, "counted in whole fixes"),
        ({"cap-quantity": "-1"}, "greater than or equal to 0"),
        ({"cap-where": "env_0"}, "Select a valid choice"),
    ],
)
def test_a_cap_that_would_not_hold_is_refused(customer, signed_in, wish, says):
    good = {"cap-where": "", "cap-choice": "fixes_accepted:stop", "cap-quantity": "5", "cap-keeps_one_in": ""}
    page = signed_in(customer.owner).post(PAGE + "caps/set/", good | wish)
    assert says in page.content.decode()
    assert rows(Cap, customer) == []


def test_an_archive_is_capped_in_months_of_gigabytes(customer, signed_in):
    wish = {"cap-where": customer.test.public_id, "cap-choice": "archive_bytes:tell", "cap-quantity": "2.5"}
    signed_in(customer.owner).post(PAGE + "caps/set/", wish)
    [made] = rows(Cap, customer)
    assert (made.quantity, made.environment_id) == (1_825_000_000_000, customer.test.pk)
    assert "2.5" in signed_in(customer.owner).get(PAGE).content.decode()


def test_a_rivals_cap_does_not_exist(customer, rival, signed_in):
    theirs = cap(customer, quantity=5)
    signed_in(rival.owner).post(PAGE + "caps/remove/", {"cap": theirs.public_id})
    assert len(rows(Cap, customer)) == 1


def test_only_admins_see_what_is_spent(customer, signed_in):
    supervisor = signed_in(customer.member(Role.SUPERVISOR))
    assert supervisor.get(PAGE).status_code == 403
    assert supervisor.post(PAGE + "set/", WISH).status_code == 403
    assert 'id="spend"' not in supervisor.get("/console/").content.decode()
    assert 'id="spend"' in signed_in(customer.owner).get("/console/").content.decode()


def test_the_page_says_the_forecast_in_words_and_in_a_plot(customer, signed_in):
    from django.utils import timezone  # noqa: PLC0415

    now = timezone.now()
    on_growth(customer, at=now)
    use(customer.live, 3_000_000, at=now)
    page = signed_in(customer.owner).get(PAGE).content.decode()
    assert "four months in five do" in page
    [held] = re.findall(r'<script id="plot-data"[^>]*>(.*?)</script>', page, re.S)
    plot = json.loads(held)
    assert len(plot["days"]) == now.day == plot["today"]
    assert len(plot["high"]) == plot["length"] - now.day + 1
    assert plot["low"][-1] <= plot["likely"][-1] <= plot["high"][-1]
    assert plot["days"][-1] == plot["likely"][0]
    assert shown(plot["days"][-1], "EUR") in page


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("250", "EUR", 25_000), (" 1 250.5 ", "USD", 125_050), ("1000", "JPY", 1_000), ("0.001", "KWD", 1)],
)
def test_amounts_are_read_by_their_currency(text, currency, minor):
    assert minor_of(text, currency) == minor
    assert minor_of(major_of(minor, currency), currency) == minor


def test_a_currency_without_a_smaller_part_has_none():
    with pytest.raises(GuardRefused, match="no digits behind the point"):
        minor_of("10.5", "JPY")
    assert shown(1_234_567, "JPY") == "1,234,567 JPY"
