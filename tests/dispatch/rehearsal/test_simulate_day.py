"""`manage.py simulate_day` says in one line why a day cannot be."""

import pytest
from django.core.management import CommandError, call_command

from tracker.keys.models import Key
from tracker.tenants import scope


def refusal(**options) -> str:
    usual = {"environment": "env_" + "0" * 32, "base_url": "http://127.0.0.1:1"}
    with pytest.raises(CommandError) as caught:
        call_command("simulate_day", **usual | options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"drivers": 0}, "--drivers must be from 1 to 20,000, not 0."),
        ({"speed": float("nan")}, "--speed must be from 1 to 200, not nan."),
        ({"speed": float("inf")}, "--speed must be from 1 to 200, not inf."),
        ({"cities": 51, "drivers": 60}, "--cities must be from 1 to 50, not 51."),
        ({"solve_seconds": 601}, "--solve-seconds must be from 1 to 600, not 601."),
        (
            {"cities": 9, "shipments": 8},
            "Every city needs one of the shipments at least: 9 cities, 8 shipments.",
        ),
        ({"cities": 9, "drivers": 8}, "Every city needs one of the drivers at least: 9 cities, 8 drivers."),
        ({"base_url": "localhost"}, "--base-url must begin with http:// or https://, not 'localhost'."),
        ({"environment": "demo"}, "'demo' is not an id that begins with env_"),
    ],
)
def test_a_day_that_cannot_be_says_why(options, why):
    assert refusal(**options) == why


@pytest.mark.django_db
def test_an_environment_that_is_not_there_is_named():
    assert refusal() == "There is no environment env_" + "0" * 32 + "."


@pytest.mark.django_db
def test_a_live_environment_is_left_alone(customer):
    assert "is a live environment" in refusal(environment=customer.live.public_id)


@pytest.mark.django_db
def test_a_product_that_does_not_answer_ends_the_day_and_its_key(customer, monkeypatch):
    monkeypatch.setattr("dispatch.rehearsal.client.TRIES", 1)
    said = refusal(environment=customer.test.public_id)
    assert said.startswith("the day broke off: PATCH /api/v1/dispatch-settings: 0 ")
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        [key] = Key.objects.for_environment(customer.test).filter(name__startswith="simulate_day")
        assert key.revoked_at is not None
