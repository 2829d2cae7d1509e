"""The operator's router: asked over real HTTP, remembered, and left alone while it is away."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache

from tests.tracker.caller import a_device
from tests.tracker.trips.journeys import GOAL, a_trip, again, drive, fix, report
from tracker.trips import osrm
from tracker.trips.ticking import progress_trips

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Router:
    """A router that knows one duration, or fails in the way it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: bytes | None = json.dumps({"code": "Ok", "routes": [{"duration": 600.0}]}).encode()
        self.status = 200
        self.release = threading.Event()
        router = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                router.asked.append(self.path)
                if router.answer is None:
                    router.release.wait(30)
                    return
                self.send_response(router.status)
                self.send_header("Content-Length", str(len(router.answer)))
                self.end_headers()
                self.wfile.write(router.answer)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def router(settings) -> Iterator[Router]:
    running = Router()
    settings.OSRM_URL = running.url
    yield running
    running.close()


@pytest.fixture
def begun(monkeypatch) -> datetime:
    at = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    monkeypatch.setattr("tests.tracker.trips.journeys.START", at)
    return at


@pytest.fixture
def trip(customer, begun):
    device = a_device(customer.test)
    made = a_trip(device, now=begun)
    report(device, drive(-3000, -2000))
    return made


def test_the_second_look_has_the_routers_time(router, trip, begun):
    progress_trips(now=begun + 2 * MINUTE)
    assert again(trip).eta_by == "pace"
    [path] = router.asked
    assert path.startswith("/route/v1/driving/")
    assert path.split("/")[-1].startswith(
        f"{again(trip).device.state.longitude:.6f},52.370000;{GOAL[0]:.6f},52.370000?"
    )
    report(trip.device, [fix(110, -1000)])
    progress_trips(now=begun + 2 * MINUTE + timedelta(seconds=2))
    trip = again(trip)
    # half of the way is left, so half of the time
    assert trip.eta_by == "osrm"
    assert trip.eta_at == pytest.approx(begun + timedelta(seconds=110 + 300), abs=timedelta(seconds=1))
    assert len(router.asked) == 1


def test_it_is_asked_anew_after_half_a_minute(router, trip, begun):
    progress_trips(now=begun + 2 * MINUTE)
    report(trip.device, [fix(150, -1000)])
    progress_trips(now=begun + 3 * MINUTE)
    assert len(router.asked) == 2


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b"no"),
        (200, b"<html>"),
        (200, b'{"routes":[]}'),
        (200, b'{"routes":[{"duration":-5}]}'),
        (200, b"[]"),
        (200, None),
    ],
)
def test_where_it_fails_the_pace_serves_and_it_is_left_alone_for_a_while(router, trip, begun, status, answer):
    router.status, router.answer = status, answer
    progress_trips(now=begun + 2 * MINUTE)
    report(trip.device, [fix(110, -1000)])
    progress_trips(now=begun + 2 * MINUTE + timedelta(seconds=2))
    assert again(trip).eta_by == "pace"
    assert again(trip).eta_at is not None
    assert len(router.asked) == 1
    assert cache.get(osrm.AWAY)


def test_an_address_nobody_listens_at_costs_no_estimate(trip, begun, settings):
    settings.OSRM_URL = "http://127.0.0.1:9"
    progress_trips(now=begun + 2 * MINUTE)
    assert again(trip).eta_by == "pace"


def test_without_a_setting_nobody_is_asked(trip, begun, settings):
    settings.OSRM_URL = ""
    assert osrm.ask([again(trip)], now=begun) == 0
    assert osrm.known_routes([again(trip)]) == {}
