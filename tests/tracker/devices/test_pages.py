"""The devices pages: list, search, paging, one device, its name and metadata, its end."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.tracker.pages import Page, a_device, naughty
from tracker.devices.models import Device
from tracker.tenants.models import Role

LIST = "console_devices"


def _text(browser, name=LIST, **query):
    return browser.get(reverse(name), query).content.decode()


def test_a_list_without_devices_leads_to_the_quickstart(customer, signed_in):
    assert "Send a first position" in _text(signed_in(customer.owner))


def test_search_finds_a_part_of_the_name_or_of_the_device_id(customer, signed_in):
    a_device(customer.test, "unit-17", name="Harbour van")
    a_device(customer.test, "unit-99", name="Bicycle")
    browser = signed_in(customer.owner)
    assert "Bicycle" not in _text(browser, q="harBOUR")
    assert "Harbour van" not in _text(browser, q="t-99")
    assert "No device matches" in _text(browser, q="%")


@pytest.mark.parametrize("status", ["active", "idle", "offline", "waiting"])
def test_the_list_is_narrowed_by_status_and_the_overview_counts_the_same(customer, signed_in, status):
    ages = {"active": 1, "idle": 10, "offline": 60}
    for name, minutes in ages.items():
        a_device(customer.test, f"the-{name}-one", age=timedelta(minutes=minutes))
    a_device(customer.test, "the-waiting-one")
    browser = signed_in(customer.owner)
    text = _text(browser, status=status)
    assert [n for n in (*ages, "waiting") if f"the-{n}-one" in text] == [status]
    assert f'?status={status}"><strong class="number">1<' in _text(browser, "console")


def test_pages_of_a_long_list_hold_every_device_once(customer, signed_in):
    for number in range(120):
        a_device(customer.test, f"unit-{number:03}")
    browser, address, seen = signed_in(customer.owner), reverse(LIST), []
    while address:
        page = Page(browser.get(address).content.decode())
        seen += [word for word in page.text.split() if word.startswith("unit-")]
        links = [v["href"] for v in page.of("a") if v.get("rel") == "next"]
        address = reverse(LIST) + links[0] if links else ""
    assert len(seen) == 120
    assert len(set(seen)) == 120


@pytest.mark.parametrize(
    "query", [{"after": "nonsense"}, {"status": "on fire"}, {"q": "\x00"}, {"after": "1:2:3"}]
)
def test_a_query_that_makes_no_sense_shows_the_list(customer, signed_in, query):
    a_device(customer.test, "unit-1")
    assert "unit-1" in _text(signed_in(customer.owner), **query)


def test_a_supervisor_names_a_device_and_gives_it_metadata(customer, signed_in):
    device = a_device(customer.test)
    browser = signed_in(customer.member(Role.SUPERVISOR))
    values = {"name": "Van 1", "metadata": '{"plate": "B-MP 1", "gone": "a\\u0000b"}'}
    assert browser.post(reverse("console_device_edit", args=[device.public_id]), values).status_code == 302
    stored = Device.objects.for_environment(customer.test).get()
    assert (stored.name, stored.metadata) == ("Van 1", {"plate": "B-MP 1", "gone": "ab"})


@pytest.mark.parametrize(
    "metadata",
    [
        "[1]",
        '"text"',
        "{",
        "NaN",
        '{"n": NaN}',
        '{"n": 1e999}',
        "[" * 5000,
        "7" * 6000,
        '{"a":' * 40 + "1" + "}" * 40,
    ],
)
def test_metadata_that_cannot_be_kept_is_refused_beside_its_field_and_kept_in_the_form(
    customer, signed_in, metadata
):
    device = a_device(customer.test, name="before")
    answer = signed_in(customer.owner).post(
        reverse("console_device_edit", args=[device.public_id]), {"name": "after", "metadata": metadata}
    )
    assert answer.status_code == 200
    assert 'id="id_metadata_error"' in answer.content.decode()
    assert Device.objects.for_environment(customer.test).get().name == "before"


def test_deleting_asks_first_and_leaves_no_trace_on_the_pages(customer, signed_in):
    device = a_device(customer.test, "soon-gone", age=timedelta(0))
    browser = signed_in(customer.owner)
    address = reverse("console_device_delete", args=[device.public_id])
    assert "for good" in browser.get(address).content.decode()
    assert browser.get(reverse("console_device", args=[device.public_id])).status_code == 200
    browser.post(address, follow=True)
    assert "soon-gone" not in _text(browser)
    assert browser.get(reverse("console_device", args=[device.public_id])).status_code == 404


def test_names_and_ids_are_shown_as_the_text_they_are(customer, signed_in):
    texts = naughty()
    Device.objects.unscoped("rows to show").bulk_create(
        [
            Device(
                environment=customer.test, external_id=f"{n}{text}"[:200], name=text, metadata={"note": text}
            )
            for n, text in enumerate(texts)
        ]
    )
    browser, address = signed_in(customer.owner), reverse(LIST)
    while address:
        page = Page(browser.get(address).content.decode())
        assert page.faults == []
        links = [v["href"] for v in page.of("a") if v.get("rel") == "next"]
        address = reverse(LIST) + links[0] if links else ""
    for device in Device.objects.for_environment(customer.test).order_by("pk")[: len(texts) : 7]:
        answer = browser.get(reverse("console_device", args=[device.public_id]))
        assert Page(answer.content.decode()).faults == [], device.name
    for text in texts[:10]:
        assert browser.get(reverse(LIST), {"q": text}).status_code == 200
