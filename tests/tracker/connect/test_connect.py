"""Connect a device: each app's address and link hold the key and the device, and the live check tells the truth."""

import base64
import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.urls import reverse

from tests.tracker.caller import a_device, a_set_aside, a_state
from tracker.connect.apps import APPS, GPSLOGGER_QUERY, Place, app_named, gpslogger_profile
from tracker.connect.qr import svg
from tracker.tenants.models import Role

PLACE = Place("https://track.example.com", "pk_test_abc", "van 7/ü")
ESCAPED = "van%207%2F%C3%BC"


def set_up(name, place=PLACE):
    return app_named(name).set_up(place)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.id)
def test_each_app_has_an_address_with_the_key_and_steps_to_follow(app):
    made = app.set_up(PLACE)
    assert any("https://track.example.com/ingest/" in entry.value for entry in made.entries)
    assert any(PLACE.key in entry.value for entry in made.entries)
    assert made.steps


def test_traccars_code_is_the_address_with_the_settings_in_its_query():
    code = urlsplit(set_up("traccar").code)
    assert f"{code.scheme}://{code.netloc}{code.path}" == "https://track.example.com/ingest/pk_test_abc"
    assert parse_qs(code.query)["id"] == [PLACE.device]


def test_owntracks_link_holds_a_configuration_it_can_import():
    link = set_up("owntracks").link
    assert link.startswith("owntracks:///config?inline=")
    configuration = json.loads(base64.b64decode(unquote(link.partition("inline=")[2])))
    assert configuration["_type"] == "configuration"
    assert configuration["mode"] == 3
    assert configuration["url"].endswith(f"/ingest/pk_test_abc/{ESCAPED}")


def test_overlands_link_carries_endpoint_and_device():
    query = parse_qs(urlsplit(set_up("overland").link).query)
    assert query["url"] == ["https://track.example.com/ingest/pk_test_abc"]
    assert query["device_id"] == [PLACE.device]


def test_gpsloggers_profile_is_a_properties_file_that_reads_back_to_the_address():
    lines = dict(line.split("=", 1) for line in gpslogger_profile(PLACE).splitlines())
    plain = {name: re.sub(r"\\([:=\\])", r"\1", value) for name, value in lines.items()}
    assert (
        plain["log_customurl_url"]
        == f"https://track.example.com/ingest/pk_test_abc/{ESCAPED}?{GPSLOGGER_QUERY}"
    )
    assert plain["log_customurl_enabled"] == "true"
    assert "\\u00fc" in plain["current_profile_name"]


def test_a_code_holds_no_style_and_no_script():
    text = svg("https://track.example.com/ingest/pk_test_abc?id=van")
    assert text.startswith("<svg")
    assert not re.search(r"style=|<script|<style|on\w+=", text)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.id)
def test_each_tab_shows_the_readers_own_key(customer, signed_in, app):
    browser = signed_in(customer.owner)
    answer = browser.get(reverse("console_connect"), {"app": app.id, "device": "rider-7"})
    text = answer.content.decode()
    assert customer.publishable_key in text
    assert "rider-7" in text
    assert text.count('aria-current="page"') == 2  # in the navigation and among the apps
    assert ("<svg" in text) == bool(app.set_up(PLACE).code)


@pytest.mark.parametrize("device", ["", " ", "x" * 201, "a\nb", "\x00"])
def test_an_id_no_device_can_have_is_replaced_by_the_usual_one(customer, signed_in, device):
    text = signed_in(customer.owner).get(reverse("console_connect"), {"device": device}).content.decode()
    assert 'value="my-phone"' in text


def test_a_very_long_id_leaves_the_link_where_no_code_holds_it(customer, signed_in):
    text = signed_in(customer.owner).get(
        reverse("console_connect"), {"app": "owntracks", "device": "ü" * 200}
    )
    assert b"owntracks:///config" in text.content


def checked(browser, device="van-1"):
    return json.loads(browser.get(reverse("console_connect_check"), {"device": device}).content)


def test_the_check_says_whether_a_position_came(customer, signed_in):
    browser = signed_in(customer.member(Role.VIEWER))
    assert checked(browser) == {"arrived": False}
    a_state(a_device(customer.test), datetime.now(UTC))
    assert checked(browser) == {"arrived": True}
    assert checked(browser, "another") == {"arrived": False}


def test_the_check_says_why_a_report_was_not_kept(customer, signed_in):
    a_set_aside(customer.test, datetime.now(UTC), detail="latitude 99 is outside -90..90")
    found = checked(signed_in(customer.owner))
    assert found["arrived"] is False
    assert found["detail"] == "latitude 99 is outside -90..90"
    assert found["advice"]


def test_another_customers_device_is_not_seen(customer, rival, signed_in):
    a_state(a_device(customer.test), datetime.now(UTC))
    assert checked(signed_in(rival.owner)) == {"arrived": False}


def test_the_profile_is_given_for_a_publishable_key_and_nothing_else(customer, client):
    url = reverse("connect_gpslogger", kwargs={"key": customer.publishable_key, "device": "rider 7"})
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert f"/ingest/{customer.publishable_key}/rider%207" in answer.content.decode()
    for key in ("pk_test_nonsense", customer.secret_key):
        assert client.get(reverse("connect_gpslogger", kwargs={"key": key, "device": "x"})).status_code == 404
