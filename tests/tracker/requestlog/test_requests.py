"""The request log: what API and door answered is found again by its id, by nobody else, and forgotten in time."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingest_lambda.request_log import REQUESTS, Entry, RequestLog, Told, encode
from tests.tracker.caller import Caller, a_device
from tests.tracker.pages import Page, nasty
from tracker.http.connections import redis_client
from tracker.keys.selectors import keys_of
from tracker.privacy.declared import forget_letters
from tracker.requestlog import posting
from tracker.requestlog.booking import KEPT_FOR, book, forget
from tracker.requestlog.models import RequestCount, RequestRecord
from tracker.tenants import scope
from tracker.tenants.models import Role

WHY = "a test looks"
PAGE = "/console/requests/"


@pytest.fixture(autouse=True)
def poster(monkeypatch, db):
    """A log of this test's own, handed on by hand, and an empty stream."""
    client = redis_client(settings.REDIS_URL)
    client.delete(REQUESTS)
    own = posting.Poster(alone=True)
    monkeypatch.setattr(posting, "poster", own)
    yield own
    client.delete(REQUESTS)


def booked(poster):
    poster.hand_on()
    return book()


def kept(environment):
    with scope.scope(unscoped=WHY):
        return list(RequestRecord.objects.for_environment(environment).order_by("pk"))


def entry(environment, **facts):
    """One request at the door, as it is told."""
    values = {
        "environment_id": environment.pk, "key_id": 0, "at_us": time.time_ns() // 1000,
        "request_id": f"req_{uuid.uuid4().hex}", "door": "ingest", "method": "POST", "route": "/ingest/v1/positions",
        "status": 202, "outcome": "accepted", "reason": "", "duration_us": 1234, "device": "van-1", "accepted": 3,
        "refused": 0,
    }  # fmt: skip
    return Entry(**values | facts)


def tell(*entries, mark=None):
    """As a door does."""
    hour = time.time_ns() // 3_600_000_000_000
    counts = [(one.environment_id, hour, one.door, one.key_id, one.outcome, 1) for one in entries]
    told = Told(mark or uuid.uuid4().bytes[:8], list(entries), counts)
    redis_client(settings.REDIS_URL).xadd(REQUESTS, {"t": encode(told)})


def page_of(browser, **query):
    answer = browser.get(PAGE, query)
    assert answer.status_code == 200
    page = Page(answer.content.decode())
    assert page.faults == []
    return page


def test_what_a_call_of_the_api_returned_is_found_by_its_id(customer, api, signed_in, poster):
    device = a_device(customer.test, "van-7")
    good = api.get(f"devices/{device.public_id}")
    bad = api.get("devices/dev_nothing", secret="sk_live_abcdefgh12345678")
    assert (good.status_code, bad.status_code) == (200, 400)
    assert booked(poster) == 2
    browser = signed_in(customer.owner)
    page = page_of(browser, request=good["X-Request-Id"])
    assert "/api/v1/devices/" in page.text
    assert "van-7" in page.text, "by the name its owner gave it"
    assert "200" in page.text
    assert bad["X-Request-Id"] not in page.text
    page = page_of(browser, request=bad["X-Request-Id"])
    assert "400" in page.text
    assert json.loads(bad.content)["code"] in page.text
    assert "abcdefgh" not in browser.get(PAGE).content.decode(), "no query is kept"
    [first, second] = kept(customer.test)
    assert (first.method, first.device, first.outcome, first.reason) == ("GET", "van-7", "accepted", "")
    assert (second.outcome, second.accepted) == ("refused", None)
    assert first.duration_us > 0


def test_refused_keys_are_told_to_whoever_they_belong_to_and_strangers_to_nobody(customer, poster):
    Caller(customer.publishable_key).get("devices")
    Caller("sk_test_" + "0" * 66).get("devices")
    Caller("nonsense").get("devices")
    assert booked(poster) == 1
    [row] = kept(customer.test)
    assert (row.status, row.reason) == (401, "wrong_key_kind")


def test_what_a_post_to_the_door_returned_is_found_by_id_device_and_outcome(customer, signed_in):
    good = entry(customer.test)
    partly = entry(customer.test, outcome="partly", refused=2, reason="bad_latitude", device="van-2")
    limited = entry(
        customer.test, outcome="limited", status=429, reason="over_quota", accepted=-1, refused=-1
    )
    tell(good, partly, limited)
    assert book() == 3
    assert book() == 0
    browser = signed_in(customer.owner)
    page = page_of(browser, request=partly.request_id)
    assert "3 accepted, 2 refused" in page.text
    assert "bad_latitude" in page.text
    for query, found in (
        ({}, {good, partly, limited}),
        ({"device": "van-2"}, {partly}),
        ({"outcome": "limited"}, {limited}),
        ({"outcome": "nonsense"}, {good, partly, limited}),
        ({"door": "api"}, set()),
        ({"device": "van-1", "outcome": "accepted"}, {good}),
        ({"request": "not an id"}, set()),
    ):
        text = page_of(browser, **query).text
        assert {one for one in (good, partly, limited) if one.request_id in text} == found, query
    assert "is no id to follow" in page_of(browser, request="not an id").text
    assert "look for its reports" in page_of(browser, request=f"req_{uuid.uuid4().hex}").text
    assert "3 requests in 7 days" in page_of(browser).text
    stories = [link["href"] for link in page_of(browser).of("a") if "?id=" in link.get("href", "")]
    assert sorted(stories) == sorted(
        f"{reverse('console_request')}?id={one.request_id}" for one in (good, partly)
    ), "of what brought reports alone there is a story"


def test_a_device_is_found_by_our_id_of_it_too(customer, signed_in):
    device = a_device(customer.test, "van-7")
    tell(entry(customer.test, device="van-7"), entry(customer.test, device="other"))
    book()
    text = page_of(signed_in(customer.owner), device=device.public_id).text
    assert "van-7" in text
    assert "other" not in text


def test_nobody_sees_another_customers_requests(customer, rival, signed_in):
    ours, theirs = entry(customer.test, device="ours"), entry(rival.test, device="theirs")
    live = entry(customer.live, device="of-live")
    tell(ours, theirs, live)
    book()
    browser = signed_in(rival.owner)
    assert ours.request_id not in page_of(browser).text
    for query in ({"request": ours.request_id}, {"device": "ours"}):
        assert "Nothing here" in page_of(browser, **query).text
    text = page_of(signed_in(customer.owner)).text
    assert live.request_id not in text, "of the environment that is shown alone"
    assert ours.request_id in text
    assert signed_in(customer.member(Role.VIEWER)).get(PAGE).status_code == 200


def test_nasty_names_are_shown_as_the_text_they_are(customer, signed_in):
    entries = [entry(customer.test, device=text, route=text, reason=text) for text in nasty(80)]
    tell(*entries, entry(customer.test, device="a\x00b\ud800", method="X" * 99))
    book()
    browser = signed_in(customer.owner)
    page = page_of(browser)
    [older] = [values["href"] for values in page.of("a") if values.get("rel") == "next"]
    assert Page(browser.get(PAGE + older).content.decode()).faults == []
    for text in nasty(20):
        page_of(browser, device=text, request=text, outcome=text)
    page_of(browser, device="a\x00b")


def test_a_key_that_was_put_where_a_device_belongs_is_not_kept(customer):
    tell(entry(customer.test, device=customer.publishable_key, route=f"/x/{customer.secret_key}"))
    book()
    [row] = kept(customer.test)
    assert customer.publishable_key[8:] not in row.device
    assert customer.secret_key[8:] not in row.route


def test_what_is_told_or_booked_twice_is_kept_and_counted_once(customer):
    one, mark = entry(customer.test), uuid.uuid4().bytes[:8]
    tell(one, mark=mark)
    tell(one, mark=mark)
    redis_client(settings.REDIS_URL).xadd(REQUESTS, {"t": b"of another release"})
    assert book() == 1
    assert book() == 0
    assert len(kept(customer.test)) == 1
    with scope.scope(unscoped=WHY):
        assert [row.count for row in RequestCount.objects.for_environment(customer.test)] == [1]


def test_an_environment_that_is_gone_costs_the_others_nothing(customer):
    gone = entry(customer.test, environment_id=2**40)
    tell(gone, entry(customer.test))
    assert book() == 1


def test_a_week_is_kept(customer, signed_in):
    now = datetime.now(UTC)
    old, new = now - KEPT_FOR - timedelta(minutes=1), now - KEPT_FOR + timedelta(hours=1)
    entries = [entry(customer.test, at_us=int(at.timestamp() * 1e6)) for at in (old, new)]
    tell(*entries)
    book()
    text = page_of(signed_in(customer.owner)).text
    assert entries[0].request_id not in text
    assert entries[1].request_id in text
    assert forget(now=now, at_once=1) == 1
    assert [row.public_id for row in kept(customer.test)] == [entries[1].request_id]
    forget(now=now + timedelta(days=100))
    assert kept(customer.test) == []
    with scope.scope(unscoped=WHY):
        assert not RequestCount.objects.for_environment(customer.test).exists()


def test_no_call_fails_or_waits_when_it_cannot_be_noted(api, poster, monkeypatch):
    def broken(*_):
        raise RuntimeError("no room")

    monkeypatch.setattr(RequestLog, "admits", broken)
    assert api.get("environment").status_code == 200


def test_more_than_fits_is_counted_and_said_to_be_lost(customer, api, poster):
    for _ in range(20):
        api.get("environment")
    assert booked(poster) == 5
    with scope.scope(unscoped=WHY):
        [row] = RequestCount.objects.for_environment(customer.test)
    assert (row.count, row.outcome, row.door) == (20, "accepted", "api")
    for _ in range(70):
        api.get("environment")
        poster.log.close_second()
    assert poster.log.lost == 10


def test_the_page_costs_the_same_few_queries_however_many_requests(customer, signed_in):
    browser = signed_in(customer.owner)
    counts = []
    for many in (1, 60):
        tell(*(entry(customer.test) for _ in range(many)))
        book()
        with CaptureQueriesContext(connection) as queries:
            browser.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_a_keys_page_shows_its_calls(customer, api, signed_in, poster):
    api.get("environment")
    api.get("devices/dev_nothing")
    booked(poster)
    with scope.scope(unscoped=WHY):
        key = next(key for key in keys_of(customer.test) if key.kind == "sk")
    page = Page(signed_in(customer.owner).get(reverse("console_key", args=[key.public_id])).content.decode())
    assert page.faults == []
    assert "Calls of the API, last 30 days" in page.text
    assert f"{datetime.now(UTC):%Y-%m-%d}10100" in page.text, "one accepted, one refused"


def test_a_devices_requests_go_with_it(customer):
    tell(entry(customer.test, device="van-1"), entry(customer.test, device="van-2"))
    book()
    with scope.scope(unscoped=WHY):
        gone = forget_letters(customer.test.pk, 1, "van-1")
    assert gone["tracker.RequestRecord"] == 1
    assert [row.device for row in kept(customer.test)] == ["van-2"]


def test_the_thread_of_a_process_hands_on_by_itself(customer, api, monkeypatch):
    monkeypatch.setattr(posting, "EVERY_S", 0.01)
    monkeypatch.setattr(posting, "poster", posting.Poster())
    api.get("environment")
    client, until = redis_client(settings.REDIS_URL), time.monotonic() + 10
    while not client.xlen(REQUESTS) and time.monotonic() < until:
        pass
    assert book() == 1
