"""Budgets and caps as the tick finds them: told once, whatever crosses back and forth, and lifted in time."""

import threading
from datetime import datetime, timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from django.db import connection, connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from billing.guard import services, sources
from billing.guard.errors import GuardRefused
from billing.guard.models import Budget, BudgetAlert, Cap
from billing.guard.months import NoTimeZone
from tests.billing.guard.world import NOW, budget, cap, on_growth, use
from tests.tracker.webhooks.contract import all_as_published
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.tenants.models import Environment


@pytest.fixture
def spend(monkeypatch):
    """Sets what the month has come to."""
    now = [sources.Spend(0, "EUR")]
    monkeypatch.setattr(sources, "spent", lambda tenant_id, at: now[0])
    return lambda minor, currency="EUR": now.__setitem__(0, sources.Spend(minor, currency))


@pytest.fixture
def usage(monkeypatch):
    """Sets what was used of fixes, in every box."""
    now = {"fixes_accepted": 0, "dispatch_stops": 0}
    monkeypatch.setattr(sources, "billed", lambda tenant_id, month: dict(now))
    monkeypatch.setattr(sources, "used_by", lambda environment_id, month: dict(now))
    return lambda **used: now.update(used)


def alerts(customer):
    with scope.scope(tenant_id=customer.tenant.pk):
        rows = BudgetAlert.objects.for_tenant(customer.tenant).order_by("month", "amount_minor", "share")
        return list(rows.values_list("share", flat=True))


def events(environment, kind):
    return OutboxEvent.objects.for_environment(environment).filter(kind=kind)


def state(environment):
    row = Environment.objects.unscoped("test").get(pk=environment.pk)
    return row.intake, row.intake_keeps_one_in, row.planning_stopped


def test_each_share_is_told_once_a_month_and_of_those_crossed_at_once_one_mail_names_the_highest(
    customer, spend
):
    budget(customer, 10_000, shares=[100, 50, 80, 50], mails=["Boss@Example.com", "boss@example.com "])
    for minor, told, mails in (
        (4_999, [], 0),
        (5_000, [50], 1),
        (12_000, [50, 80, 100], 2),
        (13_000, [50, 80, 100], 2),
    ):
        spend(minor)
        services.watch(NOW)
        assert (alerts(customer), len(mail.outbox)) == (told, mails)
    assert mail.outbox[0].to == ["boss@example.com"]
    assert mail.outbox[1].subject == "100 % of the budget for May 2026 is spent: ours"
    assert "120.00 EUR of 100.00 EUR" in mail.outbox[1].body
    assert events(customer.live, "budget.threshold_reached").count() == 3
    assert events(customer.test, "budget.threshold_reached").count() == 0
    assert all_as_published(customer.live) == {"budget.threshold_reached"}


@hypothesis(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spends=st.lists(st.integers(0, 20_000), max_size=8))
def test_however_the_spend_goes_up_and_down_no_share_is_told_twice(customer, spend, spends):
    with scope.scope(tenant_id=customer.tenant.pk):
        BudgetAlert.objects.for_tenant(customer.tenant).delete()
    mail.outbox.clear()
    budget(customer, 10_000)
    for minor in spends:
        spend(minor)
        services.watch(NOW)
    highest = max(spends, default=0)
    assert alerts(customer) == [share for share in (50, 80, 100) if highest * 100 >= 10_000 * share]
    assert len(mail.outbox) <= len(alerts(customer))


def test_another_month_and_another_amount_are_told_of_anew(customer, spend):
    budget(customer, 10_000, shares=[100])
    spend(11_000)
    services.watch(NOW)
    services.watch(NOW + timedelta(days=15))
    budget(customer, 11_000, shares=[100])
    services.watch(NOW + timedelta(days=15))
    budget(customer, 10_000, shares=[100])
    services.watch(NOW + timedelta(days=15))
    assert alerts(customer) == [100, 100, 100]
    assert len(mail.outbox) == 3


@pytest.mark.django_db(transaction=True)
def test_two_watchers_at_once_send_one_mail_and_one_event_of_each(customer, spend, usage):
    budget(customer, 10_000, shares=[80])
    cap(customer, quantity=10)
    spend(9_000)
    usage(fixes_accepted=11)
    ready, failed = threading.Barrier(4), []

    def look():
        try:
            ready.wait(10)
            failed.append(services.watch(NOW).failed)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == [0] * 4
    assert sorted(one.subject for one in mail.outbox) == [
        "80 % of the budget for May 2026 is spent: ours",
        "The cap on fixes accepted is reached: ours",
    ]
    assert events(customer.live, "budget.threshold_reached").count() == 1
    assert events(customer.live, "budget.cap_reached").count() == 1


def test_a_mail_server_that_is_away_loses_no_mail_and_undoes_no_cap(customer, usage, monkeypatch):
    def refuse(*_):
        raise SMTPException("busy")

    usage(fixes_accepted=11)
    with monkeypatch.context() as away:
        away.setattr("billing.guard.telling.send_mail", refuse)
        cap(customer, quantity=10)
        assert services.watch(NOW).mails == 0
    assert state(customer.live)[0] == "stopped"
    assert services.watch(NOW).mails == 1
    assert services.watch(NOW).mails == 0
    assert mail.outbox[0].to == [customer.owner.email]
    assert "Reports are answered 429" in mail.outbox[0].body


def test_a_customer_that_cannot_be_watched_holds_up_nobody(customer, rival, spend, monkeypatch):
    budget(customer, 100)
    budget(rival, 100)
    spent = sources.spent

    def broken(tenant_id, now):
        if tenant_id == customer.tenant.pk:
            raise ValueError("a mistake")
        return spent(tenant_id, now)

    spend(100)
    monkeypatch.setattr(sources, "spent", broken)
    done = services.watch(NOW)
    assert (done.failed, done.alerts) == (1, 3)
    assert alerts(rival) == [50, 80, 100]


def test_a_bill_in_another_currency_than_the_budget_alerts_nobody(customer, spend):
    budget(customer, 100)
    spend(1_000_000, "JPY")
    assert services.watch(NOW).alerts == 0


def test_a_cap_stops_live_environments_and_is_lifted_when_it_is_raised(customer, usage):
    usage(fixes_accepted=1_000)
    cap(customer, quantity=1_001)
    services.watch(NOW)
    assert state(customer.live) == ("open", 1, False)
    usage(fixes_accepted=1_001)
    services.watch(NOW)
    assert state(customer.live) == ("stopped", 1, False)
    assert state(customer.test) == ("open", 1, False)
    assert all_as_published(customer.live) == {"budget.cap_reached"}
    cap(customer, quantity=2_000)
    assert state(customer.live) == ("open", 1, False)


def test_a_cap_ends_with_its_month_and_is_told_again_in_the_next(customer, usage):
    usage(fixes_accepted=50)
    cap(customer, quantity=50)
    assert state(customer.live)[0] == "stopped"
    usage(fixes_accepted=0)
    services.watch(NOW + timedelta(days=12))
    assert state(customer.live)[0] == "open"
    usage(fixes_accepted=50)
    services.watch(NOW + timedelta(days=13))
    assert state(customer.live)[0] == "stopped"
    assert events(customer.live, "budget.cap_reached").count() == 2


@hypothesis(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(used=st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_a_cap_holds_exactly_while_it_is_reached_and_is_told_once(customer, usage, used):
    with scope.scope(tenant_id=customer.tenant.pk):
        Cap.objects.for_tenant(customer.tenant).delete()
        OutboxEvent.objects.for_environment(customer.live).delete()
    mail.outbox.clear()
    usage(fixes_accepted=0)
    cap(customer, quantity=100)
    for quantity in used:
        usage(fixes_accepted=quantity)
        services.watch(NOW)
        assert state(customer.live)[0] == ("stopped" if quantity >= 100 else "open")
    told = int(max(used) >= 100)
    assert (events(customer.live, "budget.cap_reached").count(), len(mail.outbox)) == (told, told)


def test_of_several_caps_the_harshest_holds_and_the_others_take_over(customer, usage):
    usage(fixes_accepted=100, dispatch_stops=5)
    cap(customer, quantity=10, action="sample", keeps_one_in=4)
    cap(customer, customer.live, quantity=20)
    cap(customer, customer.test, quantity=20, action="sample", keeps_one_in=9)
    stops = cap(customer, meter="dispatch_stops", quantity=5)
    assert state(customer.live) == ("stopped", 1, True)
    assert state(customer.test) == ("sample", 9, False)
    with scope.scope(tenant_id=customer.tenant.pk):
        own = Cap.objects.for_tenant(customer.tenant).get(environment=customer.live)
    assert services.remove_cap(customer.tenant, own.uid, now=NOW)
    assert services.remove_cap(customer.tenant, stops.uid, now=NOW)
    assert not services.remove_cap(customer.tenant, stops.uid, now=NOW)
    assert state(customer.live) == ("sample", 4, False)


def test_a_cap_that_only_tells_changes_nothing(customer, usage):
    usage(fixes_accepted=100)
    cap(customer, quantity=10, action="tell")
    services.watch(NOW)
    assert state(customer.live) == ("open", 1, False)
    assert len(mail.outbox) == 1


def test_a_cap_of_nothing_stops_at_once(customer, usage):
    cap(customer, quantity=0)
    assert state(customer.live)[0] == "stopped"


def test_it_all_works_on_the_records_of_use_and_the_running_invoice(customer):
    on_growth(customer)
    budget(customer, 25_000, shares=[80, 100])
    cap(customer, quantity=3_000_000, action="sample", keeps_one_in=10)
    services.watch(NOW)
    assert (alerts(customer), state(customer.live)[0]) == ([], "open")  # the fee alone is 199 of 250
    use(customer.live, 2_500_000)
    use(customer.test, 9_000_000)  # tests are never billed
    services.watch(NOW)
    assert (alerts(customer), state(customer.live)[0]) == ([80], "open")
    use(customer.live, 500_000)
    services.watch(NOW)
    assert (alerts(customer), state(customer.live)) == ([80, 100], ("sample", 10, False))
    with scope.scope(tenant_id=customer.tenant.pk):
        alert = BudgetAlert.objects.for_tenant(customer.tenant).get(share=100)
    assert alert.spent_minor == 19_900 + 10_000  # the fee, and a million fixes beyond the two that are free


@pytest.mark.parametrize(
    ("wish", "field", "says"),
    [
        ({"amount_minor": 0}, "amount", "more than nothing"),
        ({"amount_minor": -5}, "amount", "more than nothing"),
        ({"currency": "USD"}, "amount", "You are billed in EUR"),
        ({"shares": []}, "shares", "1 to 10 shares"),
        ({"shares": [0, 50]}, "shares", "from 1 to 1000"),
        ({"shares": list(range(1, 12))}, "shares", "1 to 10 shares"),
        ({"mails": ["nobody"]}, "mails", "nobody is no mail address"),
        ({"mails": [f"a{n}@example.com" for n in range(11)]}, "mails", "At most 10"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_with_the_reason(customer, wish, field, says):
    with pytest.raises(GuardRefused, match=says) as refused:
        services.set_budget(customer.tenant, **({"amount_minor": 100, "currency": "EUR", "now": NOW} | wish))
    assert refused.value.field == field
    with scope.scope(tenant_id=customer.tenant.pk):
        assert not Budget.objects.for_tenant(customer.tenant).exists()


@pytest.mark.parametrize(
    ("wish", "field", "says"),
    [
        ({"meter": "moons"}, "meter", "no such meter"),
        ({"meter": "active_devices"}, "action", "A door cannot tell a device"),
        ({"meter": "webhooks_delivered", "action": "sample"}, "action", "wrong world"),
        ({"quantity": -1}, "quantity", "0 or more"),
        ({"action": "sample", "keeps_one_in": 1}, "keeps_one_in", "2 to 10,000"),
        ({"action": "explode"}, "action", "cannot be capped like that"),
    ],
)
def test_a_cap_that_would_not_hold_is_refused_with_the_reason(customer, wish, field, says):
    with pytest.raises(GuardRefused, match=says) as refused:
        cap(customer, **({"quantity": 5} | wish))
    assert refused.value.field == field


def test_another_customers_environment_cannot_be_capped(customer, rival):
    with pytest.raises(GuardRefused, match="not one of yours"):
        cap(customer, rival.live, quantity=0)
    assert state(rival.live)[0] == "open"


def test_a_look_without_a_time_zone_is_refused(customer):
    with pytest.raises(NoTimeZone):
        services.watch(datetime(2026, 5, 20))  # noqa: DTZ001


def test_rows_of_budgets_are_behind_row_security(customer, rival, usage):
    budget(customer, 100)
    cap(customer, quantity=5)
    for table in ("budget", "cap"):
        with scope.scope(tenant_id=rival.tenant.pk), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM billing_{table}")
            assert cursor.fetchone() == (0,)
