"""Every refusal is one kind of document, also where no view was reached; pages stay pages."""

import json

import pytest
from django.db import OperationalError
from django.http import Http404
from django.test import Client

from tests.tracker.caller import a_device, problem
from tracker.devices import api as devices_api
from tracker.devices.models import Device


def test_an_address_that_does_not_exist_gets_a_document(api):
    problem(api.get("nothing/here"), 404, "not_found")
    problem(api.get("/api/"), 404, "not_found")
    problem(api.get("/api/v2/devices"), 404, "not_found")


def test_outside_the_api_it_is_a_page(db):
    answer = Client(raise_request_exception=False).get("/nothing/here")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_every_answer_carries_its_request_id(api):
    answer = api.get("devices")
    assert answer["X-Request-Id"].startswith("req_")
    own = "req_" + "ab" * 16
    assert api.send("GET", "nothing", **{"X-Request-Id": own})["X-Request-Id"] == own


def test_no_answer_may_be_kept_on_the_way(api):
    for path in ("devices", "outcomes", "quarantine", "environment"):
        assert api.get(path)["Cache-Control"] == "no-store"


def test_a_wrong_host_gets_a_document(api):
    problem(api.send("GET", "devices", host="evil.example"), 400, "bad_request")


def _breaks(error):
    def find(*args, **kwargs):
        raise error

    return find


def test_a_mistake_of_ours_is_a_document_without_its_inside(api, monkeypatch):
    monkeypatch.setattr(devices_api, "devices_after", _breaks(RuntimeError("secret inside")))
    assert "secret" not in problem(api.get("devices"), 500, "internal_error")


def test_a_database_that_is_away_is_worth_another_try(api, monkeypatch):
    monkeypatch.setattr(devices_api, "devices_after", _breaks(OperationalError("gone")))
    answer = api.get("devices")
    problem(answer, 503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"


def test_a_view_that_finds_nothing_gives_the_same_document(api, monkeypatch):
    monkeypatch.setattr(devices_api, "devices_after", _breaks(Http404("inside")))
    assert "inside" not in problem(api.get("devices"), 404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_a_refusal_undoes_what_the_request_wrote(api, customer, monkeypatch):
    van = a_device(customer.test, name="before")
    monkeypatch.setattr(devices_api, "device_document", _breaks(Http404()))
    problem(api.patch("devices/external:van-1", {"name": "after"}), 404, "not_found")
    assert Device.objects.for_environment(customer.test).get(pk=van.pk).name == "before"


def test_a_long_detail_is_cut(api):
    answer = api.get("devices", status="x" * 400)
    assert len(json.loads(answer.content)["detail"]) <= 500
