"""The log of messages and one of them, by page and by API; and what events make somebody owe."""

import pytest
from django.urls import reverse

from dispatch.notifications.arriving import owe_arriving
from dispatch.notifications.models import Notification
from dispatch.planning.services import settings_of
from dispatch.shipments.commands import Reschedule
from tests.dispatch.sagas.world import HOUR, MINUTE, WHY, World, a_world
from tests.tracker.pages import Page, naughty
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(customer) -> World:
    made = a_world(customer.test, 2)
    made.begin()
    made.run()
    return made


def again(world: World) -> None:
    """Every event comes once more."""
    with scope.scope(unscoped=WHY):
        OutboxEvent.objects.unscoped(WHY).update(relayed_at=None)
    world.run()


def page_of(browser, name: str, *given: str, query: str = "") -> Page:
    answer = browser.get(reverse(name, args=given) + query)
    assert answer.status_code == 200
    page = Page(answer.content.decode())
    assert page.faults == []
    return page


def test_a_parcels_life_tells_its_customer_each_thing_once(world):
    assert world.owed() == ["out_for_delivery mail pending"] * 2
    world.deliver(1)
    world.do(2, Reschedule(slots=((world.now + 24 * HOUR, world.now + 26 * HOUR),)))
    world.do(2, Reschedule(slots=((world.now + 48 * HOUR, world.now + 50 * HOUR),)))
    world.later(MINUTE)
    expected = ["delivered", "out_for_delivery", "out_for_delivery", "rescheduled", "rescheduled"]
    assert [one.partition(" ")[0] for one in world.owed()] == expected
    again(world)
    assert [one.partition(" ")[0] for one in world.owed()] == expected


def test_who_is_next_is_told_that_it_arrives_soon_once(world):
    assert owe_arriving(now=world.now - 2 * HOUR) == 0
    assert owe_arriving(now=world.now) == 2
    assert owe_arriving(now=world.now) == 0
    with world.open():
        rows = Notification.objects.for_environment(world.environment).filter(template="arriving_soon")
        assert {row.facts["eta_at"] for row in rows} == {None}, "a plan of the morning is no estimate"


def test_the_log_and_a_message_in_its_words_without_the_customers_link(world, signed_in, customer):
    browser = signed_in(customer.member(Role.VIEWER))
    assert "asha@example.com" in page_of(browser, "console_notifications").text
    with world.open():
        row = Notification.objects.for_environment(customer.test).first()
    assert row is not None
    page = page_of(browser, "console_notification", row.public_id)
    assert "is out for delivery" in page.text
    assert "/s/" not in page.html, "who may look at the log need not be able to act as the customer"
    assert "the customer's link" in page.text


def test_the_log_narrows(world, signed_in, customer):
    browser = signed_in(customer.owner)
    assert "MP-1002" not in page_of(browser, "console_notifications", query="?shipment=MP-1001").text
    assert "MP-1001" in page_of(browser, "console_notifications", query="?shipment=MP-1001").text
    for query in ("?state=sent", "?channel=sms", "?template=delivered", "?shipment=nothing%00x"):
        assert "No message matches" in page_of(browser, "console_notifications", query=query).text


def test_a_supervisor_sends_again_what_was_given_up(world, signed_in, customer):
    with world.open():
        rows = Notification.objects.for_environment(customer.test)
        rows.update(state="given_up", due_at=None, problem="The gateway: it answered 500")
        row = rows.first()
    assert row is not None
    path = reverse("console_notification_again", args=[row.public_id])
    assert signed_in(customer.member(Role.VIEWER)).post(path).status_code == 403
    browser = signed_in(customer.member(Role.SUPERVISOR))
    assert "tried again" in browser.post(path, follow=True).content.decode()
    assert "not given up any more" in browser.post(path, follow=True).content.decode()


def test_a_limited_member_sees_no_message_of_other_hubs(world, signed_in, customer):
    person = customer.member(Role.SUPERVISOR, "limited@example.com")
    with scope.scope(tenant_id=customer.tenant.pk):
        Membership.objects.for_tenant(customer.tenant).filter(user=person).update(sees_listed_geofences=True)
    with world.open():
        row = Notification.objects.for_environment(customer.test).first()
    assert row is not None
    browser = signed_in(person)
    assert "asha@example.com" not in page_of(browser, "console_notifications").text
    assert browser.get(reverse("console_notification", args=[row.public_id])).status_code == 404
    assert browser.post(reverse("console_notification_again", args=[row.public_id])).status_code == 404


def test_pages_hold_whatever_somebody_wrote(world, signed_in, customer):
    browser = signed_in(customer.owner)
    with world.open():
        row = Notification.objects.for_environment(customer.test).first()
        assert row is not None
        rules = settings_of(customer.test.pk)
    for text in naughty()[:40]:
        with world.open():
            rules.brand = text[:100]
            rules.save()
            Notification.objects.for_environment(customer.test).filter(pk=row.pk).update(
                address=text[:200], problem=text, about=text[:150]
            )
        page_of(browser, "console_notification", row.public_id)
    page_of(browser, "console_notifications")


def test_the_api_lists_shows_and_sends_again(world, api, rival_api):
    page = api.json("notifications", shipment="MP-1001", state="pending", channel="mail")
    [one] = page["data"]
    assert (one["template"], one["address"], one["about"]) == (
        "out_for_delivery", "asha@example.com", "attempt 1",
    )  # fmt: skip
    assert api.json(f"notifications/{one['id']}") == one
    assert rival_api.get(f"notifications/{one['id']}").status_code == 404
    assert api.post(f"notifications/{one['id']}/send-again").json()["code"] == "not_given_up"
    first = api.json("notifications", limit=1)
    second = api.json("notifications", limit=1, cursor=first["next_cursor"])
    assert first["data"] != second["data"]
    assert second["next_cursor"] is None
