"""The map page and what its script fetches beside the socket."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone

from tracker.devices.models import Device
from tracker.live import selectors
from tracker.live.views import day_start, parse_range
from tracker.positions.models import Position

NOW = datetime(2026, 3, 29, 10, 30, tzinfo=UTC)


def with_track(environment, times, *, name="a") -> Device:
    device = Device.objects.create(environment=environment, external_id=name)
    rows = [
        Position(
            environment=environment,
            device=device,
            recorded_at=at,
            received_at=at,
            stored_at=at,
            location=Point(12 + n / 1e5, 41.9, srid=4326),
            request_id=uuid.uuid4(),
        )
        for n, at in enumerate(times)
    ]
    Position.objects.unscoped("fills a test's own table").bulk_create(rows)
    return device


def test_the_page_names_its_environment_and_holds_no_script_of_its_own(customer, signed_in):
    page = signed_in(customer.owner).get("/map")
    assert page.status_code == 200
    text = page.content.decode()
    assert f'"environment": "{customer.test.public_id}"' in text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "vendor/maplibre-gl" in text


def test_a_stranger_is_sent_to_sign_in(client, db):
    for address in ("/map", f"/map/devices/dev_{'0' * 32}/track", "/map/basemap.pmtiles"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert "/accounts/login/" in answer.url


def test_the_track_holds_todays_positions_in_order_with_their_times(customer, signed_in):
    now = timezone.now()
    midnight = day_start("UTC", now=now)
    times = [midnight - timedelta(seconds=1), midnight, midnight + (now - midnight) / 2]
    device = with_track(customer.test, times)
    track = signed_in(customer.owner).get(f"/map/devices/{device.public_id}/track?tz=UTC").json()
    assert track["geometry"] == {"type": "LineString", "coordinates": [[12.00001, 41.9], [12.00002, 41.9]]}
    assert track["properties"]["positions"] == 2
    assert track["properties"]["times"][0] == int(midnight.timestamp() * 1000)


@pytest.mark.parametrize(("count", "kind"), [(0, None), (1, "Point")])
def test_too_few_positions_make_no_line(customer, signed_in, count, kind):
    midnight = day_start("UTC", now=timezone.now())
    device = with_track(customer.test, [midnight + timedelta(microseconds=n) for n in range(count)])
    geometry = signed_in(customer.owner).get(f"/map/devices/{device.public_id}/track").json()["geometry"]
    assert (geometry and geometry["type"]) == kind


def test_a_long_track_is_thinned_and_keeps_its_ends(customer, monkeypatch):
    monkeypatch.setattr(selectors, "TRACK_POINTS", 10)
    start = timezone.now() - timedelta(hours=1)
    device = with_track(customer.test, [start + timedelta(seconds=n) for n in range(96)])
    track = selectors.track_of(customer.test.pk, device.uid, start, start + timedelta(hours=1))
    assert track is not None
    coordinates = track["geometry"]["coordinates"]
    assert 10 <= len(coordinates) <= 11
    assert (coordinates[0][0], coordinates[-1][0]) == (12.0, 12.00095)
    assert len(track["properties"]["times"]) == len(coordinates)
    assert track["properties"]["positions"] == 96


def test_a_rivals_device_and_another_environments_device_have_no_track(customer, rival, signed_in):
    theirs = with_track(rival.test, [timezone.now()])
    other = with_track(customer.live, [timezone.now()])
    browser = signed_in(customer.owner)
    for wanted in (theirs.public_id, other.public_id, f"dev_{uuid.uuid4().hex}", "dev_x", "1"):
        assert browser.get(f"/map/devices/{wanted}/track").status_code == 404


def test_every_device_comes_with_its_last_position_and_deleted_ones_do_not(customer):
    waiting = Device.objects.create(environment=customer.test, external_id="w", name="<b>")
    Device.objects.create(environment=customer.test, external_id="d", deleted_at=timezone.now())
    [row] = selectors.devices_now(customer.test.pk)
    assert (row.device_id, row.recorded_at) == (waiting.public_id, None)
    assert '"recorded_at":null' in row.text


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("UTC", "2026-03-29T00:00:00+00:00"),
        ("Europe/Rome", "2026-03-28T23:00:00+00:00"),  # the night the clocks went forward
        ("Asia/Kolkata", "2026-03-28T18:30:00+00:00"),
        ("Nowhere/Land", "2026-03-29T00:00:00+00:00"),
        ("../../etc/passwd", "2026-03-29T00:00:00+00:00"),
        (None, "2026-03-29T00:00:00+00:00"),
    ],
)
def test_today_begins_at_the_readers_midnight(zone, start):
    assert day_start(zone, now=NOW) == datetime.fromisoformat(start)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-99", (0, 99)),
        ("bytes=900-", (900, 999)),
        ("bytes=10-5000", (10, 999)),
        ("bytes=1000-", None),
        ("bytes=-5", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("", None),
    ],
)
def test_a_byte_range_is_cut_to_the_file(header, span):
    assert parse_range(header, 1000) == span


def test_the_basemap_file_is_served_in_parts(customer, signed_in, settings, tmp_path):
    file = tmp_path / "city.pmtiles"
    file.write_bytes(bytes(range(100)))
    browser = signed_in(customer.owner)
    assert browser.get("/map/basemap.pmtiles").status_code == 404
    settings.MAP_PMTILES = str(file)
    part = browser.get("/map/basemap.pmtiles", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["Content-Range"] == "bytes 10-19/100"
