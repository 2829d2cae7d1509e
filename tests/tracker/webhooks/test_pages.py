"""The webhook pages, which work without a script: from a new endpoint to a replay, and who may press what."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.tracker.pages import Page, naughty
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.tenants.models import Role
from tracker.webhooks.claims import claim
from tracker.webhooks.contents import body_bytes
from tracker.webhooks.lifecycle import note_verified
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tracker.webhooks.services import create_endpoint

URL = "https://hooks.example.com/milepost"


@pytest.fixture
def endpoint(customer) -> WebhookEndpoint:
    """An enabled endpoint."""
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        now = timezone.now()
        made, _ = create_endpoint(customer.test, url=URL, description="Orders", by=customer.owner, now=now)
        note_verified(made.pk, customer.test.pk, URL, now=now)
        made.refresh_from_db(from_queryset=WebhookEndpoint.objects.for_environment(customer.test))
    return made


@pytest.fixture
def message(customer, endpoint) -> WebhookMessage:
    """A delivered message with two attempts."""
    return a_message(customer, endpoint)


def a_message(customer, endpoint, *, data: object = None, answer: str = "thanks") -> WebhookMessage:
    now = timezone.now()
    event = OutboxEvent.objects.create(
        environment=customer.test,
        kind="device.silent",
        data=data or {"a": 1},
        occurred_at=now,
        relayed_at=now,
    )
    with scope.scope(environment_id=customer.test.pk):
        made = WebhookMessage.objects.create(
            environment=customer.test, endpoint=endpoint, event=event, state="delivered", due_at=now,
            attempts=2, ended_at=now,
        )  # fmt: skip
        for number, status, error in ((1, 500, "it answered 500"), (2, 200, "")):
            WebhookAttempt.objects.create(
                environment=customer.test, message=made, number=number, started_at=now, duration_ms=12,
                status=status, error=error, answer=answer,
            )  # fmt: skip
    return made


def seen(browser: Client, name: str, *words: str) -> Page:
    answer = browser.get(reverse(name, args=words))
    assert answer.status_code == 200, name
    page = Page(answer.content.decode())
    assert page.faults == [], name
    return page


def test_a_new_endpoint_shows_its_secret_in_the_answer_and_nowhere_else(customer, signed_in):
    browser = signed_in(customer.owner)
    assert "No endpoint yet" in seen(browser, "console_webhooks").text
    seen(browser, "console_webhook_create")
    sent = {"url": URL, "content_type": "application/json", "kinds": ["trip.*", "device.silent"]}
    answer = browser.post(reverse("console_webhook_create"), sent)
    assert answer["Cache-Control"] == "no-store"
    page = Page(answer.content.decode())
    assert page.faults == []
    [secret] = set(re.findall(r"whsec_[A-Za-z0-9+/=]{44}", page.text))
    with scope.scope(environment_id=customer.test.pk):
        made = WebhookEndpoint.objects.for_environment(customer.test).get()
    assert (made.kinds, made.created_by) == (["device.silent", "trip.*"], customer.owner)
    for name in ("console_webhook", "console_webhook_edit"):
        assert secret not in seen(browser, name, made.public_id).html
    assert "being asked whether it wants to be told" in seen(browser, "console_webhook", made.public_id).text
    assert URL in seen(browser, "console_webhooks").text


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"url": "https://10.0.0.1/", "content_type": "application/json"}, "The URL"),
        ({"url": "", "content_type": "application/json"}, "This field is required"),
        ({"url": URL, "content_type": "text/html"}, "Select a valid choice"),
        ({"url": URL, "content_type": "text/plain", "kinds": ["door.opened"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_in_the_form_and_nothing_is_made(customer, signed_in, sent, says):
    answer = signed_in(customer.owner).post(reverse("console_webhook_create"), sent)
    page = Page(answer.content.decode())
    assert page.faults == []
    assert says in page.text
    with scope.scope(environment_id=customer.test.pk):
        assert not WebhookEndpoint.objects.for_environment(customer.test).exists()


def test_the_page_of_an_endpoint_says_how_it_stands_and_what_it_was_sent(
    customer, signed_in, endpoint, message
):
    page = seen(signed_in(customer.owner), "console_webhook", endpoint.public_id)
    for words in ("Enabled", "Orders", "Last success", "device.silent", "Delivered", "Send a test event"):
        assert words in page.text, words
    narrowed = signed_in(customer.owner).get(
        reverse("console_webhook", args=[endpoint.public_id]), {"state": "failed", "type": "device.online"}
    )
    assert "No message matches" in narrowed.content.decode()


def test_a_message_shows_its_payload_its_headers_and_each_answer(customer, signed_in, endpoint, message):
    page = seen(signed_in(customer.owner), "console_webhook_message", endpoint.public_id, message.public_id)
    for words in (message.event.public_id, '"a": 1', "webhook-signature", "v1,", "It answered 500", "12 ms"):
        assert words in page.text, words


def test_each_button_does_its_one_thing(customer, signed_in, endpoint, message):
    browser, names = signed_in(customer.owner), (endpoint.public_id,)

    def press(name: str, sent: dict[str, object] | None = None) -> str:
        answer = browser.post(reverse(name, args=names), sent or {}, follow=True)
        assert answer.status_code == 200, name
        page = Page(answer.content.decode())
        assert page.faults == [], name
        return page.text

    assert "webhook.test" in press("console_webhook_test")
    assert "whsec_" in press("console_webhook_rotate", {"overlap": "3600"})
    assert "in force until" in seen(browser, "console_webhook", *names).text
    assert "Choose for how long" in press("console_webhook_rotate", {"overlap": "5"})
    assert "being asked" in press("console_webhook_verify")
    assert "Nothing to send" in press("console_webhook_replay_missing")
    since = timezone.now() - timedelta(hours=1)
    sent: dict[str, object] = {"since": since.strftime("%Y-%m-%dT%H:%M"), "delivered_too": "on"}
    assert "One event is sent again" in press("console_webhook_replay_range", sent)
    assert "Say from which time" in press("console_webhook_replay_range", {"since": "noon"})
    assert "Nothing is sent to it" in press("console_webhook_disable")
    assert "Only a verified, enabled endpoint" in press("console_webhook_test")
    assert "sent events again" in press("console_webhook_enable")
    changed: dict[str, object] = {
        "url": URL,
        "content_type": "text/plain",
        "description": "Other",
        "kinds": ["trip.*"],
    }
    assert "text/plain" in press("console_webhook_edit", changed)
    assert "Delete this endpoint?" in seen(browser, "console_webhook_delete", *names).text
    assert "The endpoint is deleted" in press("console_webhook_delete")
    assert browser.get(reverse("console_webhook", args=names)).status_code == 404


def test_a_message_is_sent_again_and_its_page_follows(customer, signed_in, endpoint, message):
    browser = signed_in(customer.owner)
    address = reverse("console_webhook_message_replay", args=[endpoint.public_id, message.public_id])
    answer = browser.post(address, follow=True)
    assert "replay 1" in Page(answer.content.decode()).text
    assert "on its way to this endpoint already" in browser.post(address, follow=True).content.decode()


def test_a_viewer_looks_and_changes_nothing(customer, signed_in, endpoint, message):
    browser = signed_in(customer.member(Role.VIEWER))
    for page in (
        seen(browser, "console_webhooks"),
        seen(browser, "console_webhook", endpoint.public_id),
        seen(browser, "console_webhook_message", endpoint.public_id, message.public_id),
    ):
        buttons = [form["action"] for form in page.of("form") if "/webhooks/" in form.get("action", "")]
        assert buttons == []
    for name in ("test", "rotate", "verify", "disable", "enable", "delete", "replay_missing", "edit"):
        answer = browser.post(reverse(f"console_webhook_{name}", args=[endpoint.public_id]))
        assert answer.status_code == 403, name
    assert browser.get(reverse("console_webhook_create")).status_code == 403


def test_whatever_text_comes_in_is_shown_as_text(customer, signed_in, endpoint):
    for text in naughty()[:40]:
        message = a_message(customer, endpoint, data={"name": text}, answer=text[:1000])
        seen(signed_in(customer.owner), "console_webhook_message", endpoint.public_id, message.public_id)


def test_the_bytes_shown_are_the_bytes_that_are_sent(customer, endpoint):
    now = timezone.now()
    data = {"share": 0.1, "large": 1e21, "name": "Grüße", "zz": None, "a": [1.0, 2]}
    event = OutboxEvent.objects.create(
        environment=customer.test, kind="device.silent", data=data, occurred_at=now, relayed_at=now
    )
    with scope.scope(environment_id=customer.test.pk):
        message = WebhookMessage.objects.create(
            environment=customer.test, endpoint=endpoint, event=event, due_at=now
        )
    [delivery] = claim(now=now, limit=5, busy={})
    with scope.scope(environment_id=customer.test.pk):
        assert body_bytes(customer.test, message) == delivery.body
