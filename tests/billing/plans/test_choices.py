"""Who is on which plan when: choosing, changing, and what a month is cut into."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.meters.catalogue import METERS
from billing.plans import services
from billing.plans.checks import faults_of_currency, faults_of_limits, faults_of_price
from billing.plans.errors import PlanRefused
from billing.plans.models import Plan, PlanChoice
from billing.plans.selectors import choices_of, plan_at, prices_of, tariff_of
from billing.plans.wording import METER_WORDS
from tracker.tenants import scope

NOW = datetime(2026, 11, 10, 12, 34, tzinfo=UTC)
FIRST, LAST = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def plan(code: str, currency: str = "EUR") -> Plan:
    return Plan.objects.get(code=code, currency=currency)


def test_the_plans_of_a_new_installation_are_sound(db):
    for one in Plan.objects.prefetch_related("prices"):
        assert faults_of_currency(one.currency) + faults_of_limits(one.limits) == []
        assert {price.meter for price in one.prices.all()} - {""} == set(METER_WORDS)
        for price in one.prices.all():
            assert faults_of_price(vars(price), METER_WORDS) == []
        assert len(prices_of(one)) == len(one.prices.all())


def test_who_chose_nothing_is_on_the_default_plan(customer, settings):
    assert plan_at(customer.tenant.pk, NOW).code == "free"
    settings.DEFAULT_PLAN = "none"
    nothing = plan_at(customer.tenant.pk, NOW)
    assert (nothing.code, nothing.limits, prices_of(nothing)) == ("none", {}, ())


def test_a_choice_begins_with_its_hour_and_ends_the_one_before(customer):
    services.choose(customer.tenant, plan("starter"), now=NOW)
    later = NOW + timedelta(days=5)
    services.choose(customer.tenant, plan("growth"), now=later)
    one, two = choices_of(customer.tenant.pk)
    assert one.starts_at == NOW.replace(minute=0)
    assert one.ends_at == two.starts_at == later.replace(minute=0)
    found = [
        (part.plan.code, part.first, part.last) for part in tariff_of(customer.tenant.pk).parts(FIRST, LAST)
    ]
    assert found == [
        ("free", FIRST, one.starts_at), ("starter", one.starts_at, two.starts_at), ("growth", two.starts_at, LAST)
    ]  # fmt: skip


def test_another_choice_in_the_same_hour_takes_its_place(customer):
    services.choose(customer.tenant, plan("starter"), now=NOW)
    services.choose(customer.tenant, plan("growth"), now=NOW + timedelta(minutes=5))
    assert [choice.plan.code for choice in choices_of(customer.tenant.pk)] == ["growth"]


def test_a_planned_change_is_replaced_by_a_new_wish(customer):
    services.choose(customer.tenant, plan("starter"), now=NOW)
    services.choose(customer.tenant, plan("growth"), starts_at=LAST, now=NOW)
    services.choose(customer.tenant, plan("free"), starts_at=LAST - timedelta(days=2), now=NOW)
    assert [choice.plan.code for choice in choices_of(customer.tenant.pk)] == ["starter", "free"]


def test_neighbouring_parts_on_one_plan_are_one(customer):
    services.choose(customer.tenant, plan("free"), now=NOW)
    (part,) = tariff_of(customer.tenant.pk).parts(FIRST, LAST)
    assert (part.first, part.last) == (FIRST, LAST)


def test_a_new_version_of_a_plan_cuts_the_month(customer):
    services.choose(customer.tenant, plan("starter"), now=NOW)
    middle = datetime(2026, 11, 20, tzinfo=UTC)
    Plan.objects.filter(pk=plan("starter").pk).update(effective_until=middle)
    Plan.objects.create(code="starter", name="Starter", currency="EUR", effective_from=middle)
    found = tariff_of(customer.tenant.pk).parts(NOW.replace(minute=0), LAST)
    assert [part.first for part in found] == [NOW.replace(minute=0), middle]


@pytest.mark.parametrize(
    ("code", "currency", "starts_at", "words"),
    [
        ("starter", "EUR", NOW - timedelta(hours=2), "cannot begin in the past"),
        ("starter", "USD", None, "is billed in EUR"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_with_the_reason(customer, code, currency, starts_at, words):
    services.choose(customer.tenant, plan("growth"), now=NOW)
    with pytest.raises(PlanRefused, match=words):
        services.choose(customer.tenant, plan(code, currency), starts_at=starts_at, now=NOW)
    assert [choice.plan.code for choice in choices_of(customer.tenant.pk)] == ["growth"]


def test_a_version_that_is_over_cannot_be_chosen(customer):
    Plan.objects.filter(code="starter").update(effective_until=NOW - timedelta(days=1))
    with pytest.raises(PlanRefused, match="not in force"):
        services.choose(customer.tenant, plan("starter"), now=NOW)


def test_the_database_refuses_two_choices_at_one_time(customer, rival):
    services.choose(customer.tenant, plan("starter"), now=NOW)
    with scope.scope(unscoped="a test writes past the service"):
        PlanChoice.objects.create(tenant=rival.tenant, plan=plan("free"), starts_at=NOW)
        with pytest.raises(IntegrityError, match="plan_choices_do_not_overlap"), transaction.atomic():
            PlanChoice.objects.create(tenant=customer.tenant, plan=plan("free"), starts_at=NOW)


def test_limits_are_handed_on_when_the_choice_begins(customer, monkeypatch):
    handed = []
    monkeypatch.setattr(services, "hand_limits_on", lambda tenant, one: handed.append((tenant.pk, one.code)))
    services.choose(customer.tenant, plan("starter"), now=NOW)
    assert handed == [(customer.tenant.pk, "starter")]
    services.choose(customer.tenant, plan("growth"), starts_at=LAST, now=NOW)
    assert services.begin_due(now=NOW) == 0
    assert services.begin_due(now=LAST) == 1
    assert services.begin_due(now=LAST) == 0
    assert handed == [(customer.tenant.pk, "starter"), (customer.tenant.pk, "growth")]


def test_lines_have_words_for_every_meter():
    assert set(METER_WORDS) == set(METERS)
