"""The usage page, its CSV and its API: live and test side by side, one environment's alone in the API."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.meters.models import UsageRecord
from tests.tracker.pages import Page, a_device, naughty
from tracker.ingestion.models import ActiveDevice, KeyUse
from tracker.keys.models import Key
from tracker.tenants import scope
from tracker.tenants.models import Role

pytestmark = pytest.mark.django_db
PAGE, CSV, API = "console_usage", "console_usage_csv", "/api/v1/usage"


def hour_now():
    return timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def a_record(environment, quantity, meter="fixes_accepted", hour=None):
    with scope.scope(unscoped="a test makes rows"):
        return UsageRecord.objects.create(
            environment=environment, meter=meter, hour=hour or hour_now(), quantity=quantity,
            computed_at=timezone.now(),
        )  # fmt: skip


def page(client, **query):
    return Page(client.get(reverse(PAGE), query).content.decode())


def test_live_and_test_stand_side_by_side_and_test_is_marked(customer, rival, signed_in):
    a_record(customer.live, 1234567)
    a_record(customer.test, 4321)
    a_record(rival.live, 777)
    shown = page(signed_in(customer.owner)).text
    assert "1,234,567" in shown
    assert "4,321" in shown
    assert "not billed" in shown
    assert "777" not in shown


def test_the_plot_gets_its_data_as_json_and_the_table_says_the_same(customer, signed_in):
    a_record(customer.live, 12)
    answer = signed_in(customer.owner).get(reverse(PAGE)).content.decode()
    values = json.loads(answer.split('id="usage-values" type="application/json">')[1].split("</script>")[0])
    assert sum(values["live"]) == 12
    assert len(values["days"]) == len(values["live"]) == hour_now().day


def test_a_month_that_is_none_shows_the_running_one(customer, signed_in):
    client = signed_in(customer.owner)
    running = f"{timezone.now():%B %Y}"
    for wrong in ("2026-13", "9999-12", "abc", "1900-01", "2026-1-1", "'; --"):
        assert f"Usage in {running}" in page(client, month=wrong).text


def test_a_past_month_is_shown_by_its_name(customer, signed_in):
    a_record(customer.live, 31, hour=datetime(2026, 3, 31, 23, tzinfo=UTC))
    a_record(customer.live, 5, hour=datetime(2026, 4, 1, 0, tzinfo=UTC))
    shown = page(signed_in(customer.owner), month="2026-03").text
    assert "Usage in March 2026" in shown
    assert "31" in shown


def test_usage_by_key_shows_which_integration_costs_what(customer, signed_in):
    with scope.scope(unscoped="a test makes rows"):
        key = Key.objects.for_environment(customer.test).filter(kind="pk").get()
    for what, count in (("accepted", 5001), ("duplicate", 62)):
        KeyUse.objects.create(
            environment=customer.test, hour=hour_now(), what=what, key_id=key.pk, lane=1, count=count
        )
    KeyUse.objects.create(
        environment=customer.test, hour=hour_now(), what="accepted", key_id=0, lane=1, count=17
    )
    shown = page(signed_in(customer.owner), split="key").text
    assert key.hint in shown
    assert "5,001" in shown
    assert "62" in shown
    assert "Certificates, and what late fixes changed" in shown


def test_groups_are_counted_by_what_metadata_says_and_shown_as_text(customer, signed_in):
    month = hour_now().date().replace(day=1)
    for number, name in enumerate(naughty()[:20]):
        device = a_device(customer.test, f"d-{number}")
        type(device).objects.for_environment(customer.test).filter(pk=device.pk).update(
            metadata={"depot": name}
        )
        ActiveDevice.objects.create(
            environment=customer.test, month=month, device=device, first_received_at=hour_now()
        )
    stranger = a_device(customer.test, "no-depot")
    ActiveDevice.objects.create(
        environment=customer.test, month=month, device=stranger, first_received_at=hour_now()
    )
    shown = page(signed_in(customer.owner), split="group", group="depot")
    assert "not said" in shown.text
    for name in naughty():
        page(signed_in(customer.owner), split="group", group=name)


def test_the_csv_has_a_line_a_meter_and_day(customer, signed_in):
    a_record(customer.live, 12)
    a_record(customer.test, 3, meter="shipments_tracked")
    answer = signed_in(customer.owner).get(reverse(CSV))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["meter"], row["live"], row["test_not_billed"]) for row in rows] == [
        ("fixes_accepted", "12", "0"),
        ("shipments_tracked", "0", "3"),
    ]
    assert "attachment" in answer["Content-Disposition"]


def test_the_page_asks_no_more_for_a_full_month(customer, signed_in, django_assert_max_num_queries):
    client = signed_in(customer.owner)
    page(client)
    with django_assert_max_num_queries(60) as few:
        page(client)
    for days in range(hour_now().day):
        a_record(customer.live, 1, hour=hour_now() - timedelta(days=days, hours=hour_now().hour))
    with django_assert_max_num_queries(len(few.captured_queries)):
        page(client)


def test_a_viewer_sees_usage_and_a_stranger_is_sent_to_sign_in(customer, signed_in):
    viewer = customer.member(Role.VIEWER)
    assert signed_in(viewer).get(reverse(PAGE)).status_code == 200
    assert Client().get(reverse(PAGE)).status_code == 302


def test_the_api_answers_for_its_keys_environment_alone(customer, api):
    a_record(customer.test, 12)
    a_record(customer.test, 4, meter="webhooks_delivered")
    a_record(customer.live, 99)
    answer = api.get(API)
    assert answer.status_code == 200
    body = answer.json()
    assert body["billed"] is False
    assert {one["meter"]: one["quantity"] for one in body["totals"] if one["quantity"]} == {
        "fixes_accepted": 12,
        "webhooks_delivered": 4,
    }
    assert [day["quantity"] for day in body["days"]] == [12, 4]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("from=2026-05-02&to=2026-05-02", "to"),
        ("from=2024-05-02&to=2026-05-02", "from"),
        ("from=yesterday", "from"),
        ("meter=fixes", "meter"),
        ("metre=fixes_accepted", "metre"),
    ],
)
def test_the_api_refuses_a_wrong_question_by_its_name(api, query, param):
    answer = api.get(f"{API}?{query}")
    assert answer.status_code == 400
    assert answer.json()["param"] == param
