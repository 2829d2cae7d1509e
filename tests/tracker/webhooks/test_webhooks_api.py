"""`/api/v1/webhook-endpoints` as a customer's server uses it."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.tracker.caller import Caller, problem
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.webhooks.lifecycle import note_verified
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage

URL = "https://hooks.example.com/milepost"


def made(api: Caller, **facts: Any) -> dict[str, Any]:
    """A new endpoint and its secret, as the API answers."""
    answer = api.post("webhook-endpoints", {"url": URL} | facts)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


@pytest.fixture
def enabled(api, customer) -> str:
    """The id of an endpoint that answered its challenge."""
    endpoint = made(api)["endpoint"]["id"]
    with scope.scope(environment_id=customer.test.pk):
        row = WebhookEndpoint.objects.for_environment(customer.test).get()
        assert note_verified(row.pk, customer.test.pk, row.url, now=timezone.now())
    return str(endpoint)


def an_event(environment, kind: str = "device.silent", *, age: timedelta = timedelta(0)) -> OutboxEvent:
    now = timezone.now()
    event = OutboxEvent.objects.create(
        environment=environment, kind=kind, data={"n": 1}, occurred_at=now - age, relayed_at=now
    )
    OutboxEvent.objects.for_environment(environment).filter(pk=event.pk).update(created_at=now - age)
    return event


def a_message(environment, event: OutboxEvent, state: str = "delivered") -> WebhookMessage:
    now = timezone.now()
    with scope.scope(environment_id=environment.pk):
        endpoint = WebhookEndpoint.objects.for_environment(environment).get()
        message = WebhookMessage.objects.create(
            environment=environment,
            endpoint=endpoint,
            event=event,
            state=state,
            due_at=now,
            ended_at=None if state == "pending" else now,
            attempts=1,
        )
        WebhookAttempt.objects.create(
            environment=environment,
            message=message,
            number=1,
            started_at=now,
            duration_ms=12,
            status=200,
            answer="thanks",
        )
        return message


def test_a_new_endpoint_shows_its_secret_once_and_waits_for_its_challenge(api):
    found = made(api, description="Orders", kinds=["geofence.*", "device.silent"])
    assert len(base64.b64decode(found["secret"].removeprefix("whsec_"))) == 32
    endpoint = found["endpoint"]
    assert (endpoint["state"], endpoint["verifying"]) == ("unverified", True)
    assert endpoint["kinds"] == ["device.silent", "geofence.*"]
    shown = api.json(f"webhook-endpoints/{endpoint['id']}")
    assert shown == endpoint
    assert api.json("webhook-endpoints")["data"] == [endpoint]
    assert found["secret"] not in json.dumps(shown)


def test_a_repeat_of_the_create_does_not_show_the_secret_again(api):
    key = {"Idempotency-Key": "once"}
    first = api.post("webhook-endpoints", {"url": URL}, **key)
    again = api.post("webhook-endpoints", {"url": URL}, **key)
    secret = json.loads(first.content)["secret"]
    assert secret not in again.content.decode()
    assert len(api.json("webhook-endpoints")["data"]) == 1


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"url": "http://hooks.example.com/"}, "bad_url", "/url"),
        ({"url": "https://127.0.0.1/"}, "bad_url", "/url"),
        ({"url": "https://user:pass@hooks.example.com/"}, "bad_url", "/url"),
        ({"url": URL, "kinds": ["geofence.eaten"]}, "unknown_kind", "/kinds"),
        ({"url": URL, "content_type": "text/html"}, "invalid_body", "/content_type"),
        ({"url": URL, "description": "x" * 201}, "invalid_body", "/description"),
        ({"url": 5}, "invalid_body", "/url"),
        ({"url": URL, "kinds": [7]}, "invalid_body", "/kinds/0"),
        ({}, "invalid_body", None),
        ({"url": URL, "colour": "red"}, "unknown_field", "/colour"),
    ],
)
def test_what_cannot_be_is_refused_by_the_fields_name_and_makes_nothing(api, body, code, param):
    problem(api.post("webhook-endpoints", body), 400, code, param)
    assert api.json("webhook-endpoints")["data"] == []


def test_a_change_leaves_alone_what_it_does_not_name(api, enabled):
    answer = api.patch(f"webhook-endpoints/{enabled}", {"kinds": ["trip.*"], "content_type": "text/plain"})
    found = json.loads(answer.content)
    assert (found["kinds"], found["content_type"]) == (["trip.*"], "text/plain")
    assert (found["url"], found["state"]) == (URL, "enabled")


def test_another_url_must_be_verified_before_it_is_sent_anything(api, enabled):
    answer = api.patch(f"webhook-endpoints/{enabled}", {"url": "https://elsewhere.example.com/"})
    found = json.loads(answer.content)
    assert (found["state"], found["verifying"]) == ("unverified", True)


def test_a_rotated_secret_overlaps_with_the_one_before(api, enabled):
    answer = api.post(f"webhook-endpoints/{enabled}/rotate-secret", {"overlap_s": 3600})
    found = json.loads(answer.content)
    assert found["secret"].startswith("whsec_")
    assert [one["expires_at"] is None for one in found["secrets"]] == [True, False]
    answer = api.post(f"webhook-endpoints/{enabled}/rotate-secret", {"overlap_s": 0})
    assert len(json.loads(answer.content)["secrets"]) == 1
    too_long = api.post(f"webhook-endpoints/{enabled}/rotate-secret", {"overlap_s": 10**9})
    problem(too_long, 400, "invalid_body", "/overlap_s")


def test_a_test_goes_to_an_enabled_endpoint_alone(api, enabled):
    answer = api.post(f"webhook-endpoints/{enabled}/test")
    assert answer.status_code == 202
    message = json.loads(answer.content)
    assert (message["type"], message["state"], message["number"]) == ("webhook.test", "pending", 0)
    assert json.loads(api.post(f"webhook-endpoints/{enabled}/disable").content)["state"] == "disabled"
    problem(api.post(f"webhook-endpoints/{enabled}/test"), 409, "endpoint_not_enabled")
    [withheld] = api.json(f"webhook-endpoints/{enabled}/messages")["data"]
    assert withheld["state"] == "withheld"
    assert json.loads(api.post(f"webhook-endpoints/{enabled}/enable").content)["state"] == "enabled"
    problem(api.post(f"webhook-endpoints/{enabled}/enable"), 409, "endpoint_not_disabled")


def test_it_can_be_asked_again_whether_it_wants_to_be_told(api, enabled):
    answer = api.post(f"webhook-endpoints/{enabled}/verify")
    assert answer.status_code == 202
    assert json.loads(answer.content)["verifying"] is True


def test_a_deleted_endpoint_is_gone(api, enabled):
    assert api.delete(f"webhook-endpoints/{enabled}").status_code == 204
    problem(api.get(f"webhook-endpoints/{enabled}"), 404, "not_found")
    problem(api.delete(f"webhook-endpoints/{enabled}"), 404, "not_found")
    assert api.json("webhook-endpoints")["data"] == []


def test_the_log_is_paged_and_narrowed(api, customer, enabled):
    for number in range(5):
        kind = "device.online" if number % 2 else "device.silent"
        a_message(customer.test, an_event(customer.test, kind), "failed" if number == 4 else "delivered")
    path = f"webhook-endpoints/{enabled}/messages"
    first = api.json(path, limit=3)
    rest = api.json(path, limit=3, cursor=first["next_cursor"])
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (3, 2, None)
    assert len({one["id"] for one in first["data"] + rest["data"]}) == 5
    assert len(api.json(path, type="device.online")["data"]) == 2
    assert len(api.json(path, state="failed")["data"]) == 1
    now = timezone.now()
    assert api.json(path, from_=(now + timedelta(hours=1)).isoformat())["data"] == []
    assert len(api.json(path, to=(now + timedelta(hours=1)).isoformat())["data"]) == 5
    problem(api.get(path, state="lost"), 400, "invalid_parameter", "state")


def test_a_message_shows_its_payload_and_every_attempt(api, customer, enabled):
    event = an_event(customer.test)
    message = a_message(customer.test, event)
    found = api.json(f"webhook-endpoints/{enabled}/messages/{message.public_id}")
    assert found["message"]["event"] == found["payload"]["id"] == event.public_id
    assert found["payload"]["environment"] == customer.test.public_id
    assert found["payload"]["data"] == {"n": 1}
    [attempt] = found["attempts"]
    assert (attempt["status"], attempt["duration_ms"], attempt["answer"]) == (200, 12, "thanks")


def test_one_message_is_sent_again_under_the_same_event(api, customer, enabled):
    message = a_message(customer.test, an_event(customer.test))
    path = f"webhook-endpoints/{enabled}/messages/{message.public_id}/replay"
    again = json.loads(api.post(path).content)
    assert (again["event"], again["number"], again["state"]) == (message.event.public_id, 1, "pending")
    problem(api.post(path), 409, "already_waiting")


def test_a_range_and_all_that_is_missing_are_sent_again(api, customer, enabled):
    path, now = f"webhook-endpoints/{enabled}/replay", timezone.now()
    a_message(customer.test, an_event(customer.test), "delivered")
    a_message(customer.test, an_event(customer.test), "failed")
    an_event(customer.test, "device.online")  # never owed, and wanted
    since = (now - timedelta(minutes=5)).isoformat()
    assert json.loads(api.post(path, {"from": since, "kinds": ["device.silent"]}).content) == {"messages": 1}
    assert json.loads(api.post(path).content) == {"messages": 1}
    assert json.loads(api.post(path, {"from": since, "delivered_too": True}).content) == {"messages": 1}
    assert json.loads(api.post(path).content) == {"messages": 0}
    problem(api.post(path, {"to": since}), 400, "invalid_body", "/from")
    problem(api.post(path, {"from": "yesterday"}), 400, "invalid_body", "/from")
    problem(api.post(path, {"from": since, "to": since}), 400, "bad_range", "/to")


def test_a_rivals_key_opens_none_of_it(rival_api, customer, enabled):
    message = a_message(customer.test, an_event(customer.test))
    for path in ("", "/messages", f"/messages/{message.public_id}"):
        problem(rival_api.get(f"webhook-endpoints/{enabled}{path}"), 404, "not_found")
    assert rival_api.json("webhook-endpoints")["data"] == []
