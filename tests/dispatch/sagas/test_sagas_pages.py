"""The pages about exceptions: the list, one with its timeline and buttons, who and what is silent. No script."""

import pytest
from django.urls import reverse
from django.utils import timezone

from dispatch.sagas.models import Saga, SagaStep
from tests.dispatch.sagas.world import MINUTE, START, World, a_world
from tests.tracker.pages import Page, naughty
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(customer) -> World:
    made = a_world(customer.test, 2, cash_minor=50_000, currency="INR")
    made.begin()
    made.run()
    made.fail(1)
    made.run()
    return made


def page_of(browser, name: str, *given: str, query: str = "") -> Page:
    answer = browser.get(reverse(name, args=given) + query)
    assert answer.status_code == 200
    page = Page(answer.content.decode())
    assert page.faults == []
    return page


def test_the_list_shows_what_is_under_way_and_the_timeline_what_was_done_and_what_is_next(
    world, signed_in, customer
):
    browser = signed_in(customer.member(Role.VIEWER))
    listed = page_of(browser, "console_sagas")
    assert "MP-1001" in listed.text
    assert "Failed delivery" in listed.text
    saga = world.saga("failed_delivery")
    page = page_of(browser, "console_saga", saga.public_id)
    for words in (
        "Attempt 1 failed; the customer is told.", "Allow the next attempt", "Tell the supervisors", "Next",
    ):  # fmt: skip
        assert words in page.text
    assert "Take back and end it" not in page.text, "a viewer looks"


@pytest.mark.parametrize(
    "query", ["?state=stuck", "?kind=sla", "?state=any&kind=failed_delivery", "?kind=x&state=y"]
)
def test_the_list_narrows(world, signed_in, customer, query):
    page = page_of(signed_in(customer.owner), "console_sagas", query=query)
    assert ("MP-1001" in page.text) == (query in {"?state=any&kind=failed_delivery", "?kind=x&state=y"})


def test_a_stuck_one_says_why_and_a_supervisor_lets_it_go_on(world, signed_in, customer):
    with world.open():
        Saga.objects.for_environment(customer.test).update(state="stuck", due_at=None, problem="It broke.")
    browser = signed_in(customer.member(Role.SUPERVISOR))
    saga = world.saga("failed_delivery")
    assert "It broke." in page_of(browser, "console_saga", saga.public_id).text
    viewer = signed_in(customer.member(Role.VIEWER))
    path = reverse("console_saga_continue", args=[saga.public_id])
    assert viewer.post(path).status_code == 403
    assert world.saga("failed_delivery").state == "stuck"
    assert browser.post(path).status_code == 302
    assert world.saga("failed_delivery").state == "open"
    assert "not stuck any more" in browser.post(path, follow=True).content.decode()


def test_calling_off_takes_back_and_shows_it(world, signed_in, customer):
    browser = signed_in(customer.member(Role.SUPERVISOR))
    saga = world.saga("failed_delivery")
    browser.post(reverse("console_saga_call_off", args=[saga.public_id]), {"note": "by phone"})
    page = page_of(browser, "console_saga", saga.public_id)
    assert "Taken back" in page.text
    assert "by phone" in page.text


def test_the_count_of_a_day_is_written_down_by_its_form(world, signed_in, customer):
    world.deliver(2, cash_minor=50_000)
    for moment in (START.replace(hour=16, minute=30), START.replace(hour=18)):
        world.heard(moment)
        world.now = moment
        world.run()
    saga = world.saga("end_of_day")
    browser = signed_in(customer.member(Role.SUPERVISOR))
    page = page_of(browser, "console_saga", saga.public_id)
    [cash] = [values for values in page.of("input") if values["name"].startswith("cash-")]
    assert cash["value"] == "500.00"
    path = reverse("console_saga_count", args=[saga.public_id])
    wrong = browser.post(path, {cash["name"]: "much"})
    assert wrong.status_code == 400
    assert "is no amount" in wrong.content.decode()
    assert browser.post(path, {cash["name"]: "1,499.50", "note": "<b>late</b>"}).status_code == 302
    counted = world.saga("end_of_day").data["counted"]
    assert list(counted["cash"].values()) == [149_950]
    assert counted["missing"] == [one["shipment"] for one in saga.data["back"]], "none was ticked"
    world.now = timezone.now()  # pages go by the real clock
    world.run()
    assert "&lt;b&gt;late" in browser.get(reverse("console_saga", args=[saga.public_id])).content.decode()
    assert world.saga("end_of_day").state == "done"


def test_silent_drivers_and_unconfirmed_shipments_are_views(world, signed_in, customer):
    browser = signed_in(customer.member(Role.VIEWER))
    assert "Everybody is heard of" not in page_of(browser, "console_silent_drivers").text, "by the real clock"
    assert "Asha Kulkarni" in page_of(browser, "console_silent_drivers").text
    page = page_of(browser, "console_unconfirmed_shipments")
    assert "MP-1002" in page.text
    assert "MP-1001" not in page.text, "that attempt was reported"
    with world.open():
        now = timezone.now()
    world.heard(now)
    assert "Everybody is heard of" in page_of(browser, "console_silent_drivers").text


def test_a_limited_member_sees_the_sagas_of_their_hubs_alone(world, signed_in, customer):
    person = customer.member(Role.SUPERVISOR, "limited@example.com")
    with scope.scope(tenant_id=customer.tenant.pk):
        Membership.objects.for_tenant(customer.tenant).filter(user=person).update(sees_listed_geofences=True)
    browser = signed_in(person)
    assert "MP-1001" not in page_of(browser, "console_sagas").text
    assert "MP-1002" not in page_of(browser, "console_unconfirmed_shipments").text
    assert "Asha" not in page_of(browser, "console_silent_drivers").text
    saga = world.saga("failed_delivery")
    for name in ("console_saga", "console_saga_continue", "console_saga_call_off", "console_saga_count"):
        path = reverse(name, args=[saga.public_id])
        assert (browser.get if name == "console_saga" else browser.post)(path).status_code == 404


def test_pages_hold_whatever_somebody_wrote(world, signed_in, customer):
    browser, saga = signed_in(customer.owner), world.saga("failed_delivery")
    for number, text in enumerate(naughty()[:40]):
        with world.open():
            rows = Saga.objects.for_environment(customer.test).filter(pk=saga.pk)
            rows.update(problem=text, state="stuck", data={"counted": {"by": text, "note": text}})
            SagaStep.objects.create(
                environment=customer.test, saga=saga, number=100 + number, name=text[:40], outcome=text, taken_at=START,
            )  # fmt: skip
    page_of(browser, "console_saga", saga.public_id)
    page_of(browser, "console_sagas")


def test_a_list_that_is_long_goes_on_page_by_page(world, signed_in, customer):
    with world.open():
        Saga.objects.for_environment(customer.test).bulk_create(
            Saga(
                environment=customer.test, kind="unconfirmed", subject=f"shp_{number:032x}", key=str(number),
                step="alert", begun_at=START + number * MINUTE,
            )
            for number in range(60)
        )  # fmt: skip
    browser = signed_in(customer.owner)
    seen, query = 0, ""
    while True:
        page = page_of(browser, "console_sagas", query=query)
        seen += page.text.count("Shipment unconfirmed ·") or page.text.count("shp_")
        after = [values["href"] for _, values in page.tags if values.get("rel") == "next"]
        if not after:
            break
        query = after[0]
    assert seen >= 60


def test_the_api_lists_shows_and_acts(world, api, rival_api):
    saga = world.saga("failed_delivery")
    [listed] = api.json("sagas", kind="failed_delivery", state="open")["data"]
    assert (listed["id"], listed["step"], listed["tries"]) == (saga.public_id, "allow_attempt", 0)
    whole = api.json(f"sagas/{saga.public_id}")
    assert [line["place"] for line in whole["timeline"]][:3] == ["taken", "next", "ahead"]
    assert "until" not in whole["data"]
    assert rival_api.get(f"sagas/{saga.public_id}").status_code == 404
    assert api.post(f"sagas/{saga.public_id}/continue").json()["code"] == "saga_not_stuck"
    assert api.post(f"sagas/{saga.public_id}/count", {}).json()["code"] == "nothing_to_count"
    assert api.post(f"sagas/{saga.public_id}/count", {"cash": {"a": 1.5}}).status_code == 400
    assert api.post(f"sagas/{saga.public_id}/call-off", {"note": "x" * 301}).status_code == 400
    done = api.post(f"sagas/{saga.public_id}/call-off", {"note": "called"})
    assert (done.status_code, done.json()["state"]) == (200, "compensated")
    assert api.post(f"sagas/{saga.public_id}/call-off").json()["code"] == "saga_is_over"


def test_the_api_says_who_is_silent_and_what_is_unconfirmed(world, api):
    [driver] = api.json("silent-drivers")["data"]
    assert driver["name"] == "Asha Kulkarni"
    page = api.json("unconfirmed-shipments", limit=1)
    assert [one["external_id"] for one in page["data"]] == ["MP-1002"]
    assert page["next_cursor"] is None
