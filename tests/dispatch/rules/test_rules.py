"""The settings of dispatch: by page and by API the same rules, all or none, with the reason at the field."""

import pytest
from django.urls import reverse

from dispatch.planning.services import settings_of
from dispatch.rules.fields import RULES, read
from tests.tracker.pages import Page, naughty
from tracker.tenants import scope
from tracker.tenants.models import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("most_attempts", 0, "from 1 to 10"),
        ("most_attempts", True, "whole number"),
        ("first_wait_s", -1, "from 0"),
        ("proofs", ["dna"], "photo, signature, code"),
        ("notify_channels", "mail", "must be a list"),
        ("language", "tlh", "one of en, hi, mr"),
        ("slots_offered", [["9:00", "12:00"]], "pairs of times"),
        ("slots_offered", [["09:00", "09:00"]], "the same"),
        ("slots_offered", [["09:00", "10:00"]] * 13, "at most 12"),
        ("customers_note", "yes", "true or false"),
        ("weights", {"beauty": 1}, "prices nothing"),
        ("weights", {"fair_km": -1}, "from 0"),
        ("weights", {"fair_km": float("nan")}, "from 0"),
        ("weights", {"speed_kmh": 0}, "above nought"),
        ("weights", {"pace_by_hour": [["8", 1]]}, "pace_by_hour"),
        ("brand", "x" * 101, "at most 100"),
        ("quiet_from", "25:00", "time of day"),
        ("day_ends_at", None, "time of day"),
        ("colour", "red", "is no rule"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_the_reason(name, value, why):
    kept, wrong = read({name: value, "customers_reschedule": False})
    assert kept == {"customers_reschedule": False}
    assert why in wrong[name]


def test_the_api_changes_all_or_nothing(api, customer):
    before = api.json("dispatch-settings")
    assert set(before) == set(RULES)
    answer = api.patch("dispatch-settings", {"brand": "Kiran", "most_attempts": 99})
    assert (answer.status_code, answer.json()["param"]) == (422, "/most_attempts")
    assert api.json("dispatch-settings") == before
    changed = api.patch("dispatch-settings", {"brand": " Kiran  Stores ", "proofs": ["code", "photo"]}).json()
    assert (changed["brand"], changed["proofs"]) == ("Kiran Stores", ["photo", "code"])
    assert api.json("dispatch-settings") == changed


def test_the_page_saves_what_it_shows(customer, signed_in):
    admin = signed_in(customer.member(Role.ADMIN))
    path = reverse("console_dispatch_settings")
    page = Page(admin.get(path).content.decode())
    assert page.faults == []
    with scope.scope(environment_id=customer.test.pk):
        before = settings_of(customer.test.pk)
    values = filled(page) | {"brand": "Kiran", "first_wait_s": "90", "slots_offered": "10:00\u201313:00, 16:00-19:00",
                             "price_fair_hours": "2.5"}  # fmt: skip
    assert admin.post(path, values).status_code == 302
    with scope.scope(environment_id=customer.test.pk):
        after = settings_of(customer.test.pk)
    assert (after.brand, after.first_wait_s, after.second_wait_s) == ("Kiran", 5400, before.second_wait_s)
    assert after.slots_offered == [["10:00", "13:00"], ["16:00", "19:00"]]
    assert after.weights == {"fair_hours": 2.5}


def filled(page: Page) -> dict[str, str]:
    """What a browser would send of the form as it is."""
    inputs = {v["name"]: v for tag, v in page.tags if tag == "input" and "name" in v}
    sent = {n: v.get("value", "") for n, v in inputs.items() if v.get("type") not in {"checkbox", "hidden"}}
    return sent | {"language": "en", "customers_note": "on", "customers_reschedule": "on"}


def test_what_cannot_be_is_said_at_its_field_and_nothing_is_saved(customer, signed_in):
    admin = signed_in(customer.member(Role.ADMIN))
    path = reverse("console_dispatch_settings")
    values = filled(Page(admin.get(path).content.decode())) | {"most_attempts": "0", "brand": "changed"}
    answer = admin.post(path, values)
    assert answer.status_code == 422
    assert "from 1 to 10" in answer.content.decode()
    with scope.scope(environment_id=customer.test.pk):
        assert settings_of(customer.test.pk).brand == ""


def test_a_name_is_text_whatever_it_is(customer, signed_in):
    admin = signed_in(customer.member(Role.ADMIN))
    path = reverse("console_dispatch_settings")
    values = filled(Page(admin.get(path).content.decode()))
    for name in naughty()[:20]:
        admin.post(path, values | {"brand": name[:100]})
        assert Page(admin.get(path).content.decode()).faults == []


def test_supervisors_do_not_set_rules(customer, signed_in):
    assert (
        signed_in(customer.member(Role.SUPERVISOR)).get(reverse("console_dispatch_settings")).status_code
        == 403
    )
