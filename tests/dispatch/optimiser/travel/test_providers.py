"""Travel times from straight lines, OSRM and Valhalla: tables, blocks, places in the sea, servers that are away."""

import json
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel import UNREACHABLE
from dispatch.optimiser.travel.layers import ByHour, Cached, Fallback
from dispatch.optimiser.travel.osrm import Osrm
from dispatch.optimiser.travel.provider import TravelUnavailable, fetch, travel_of
from dispatch.optimiser.travel.straight import StraightLine
from dispatch.optimiser.travel.valhalla import Valhalla

MUMBAI = [Place(longitude=72.80 + n / 100, latitude=19.00 + n / 200) for n in range(7)]
NOWHERE = [Place(), Place(longitude=float("nan"), latitude=1.0), Place(longitude=10.0, latitude=95.0)]


class Streets:
    """A server of both kinds, with streets that are longer eastwards; some places have none near."""

    def __init__(self, sea: tuple[int, ...] = (), most: int = 100) -> None:
        self.sea, self.most = {f"{MUMBAI[n].longitude:.6f}" for n in sea}, most
        self.asked: list[str] = []

    def __call__(self, url: str, body: bytes | None) -> bytes:
        self.asked.append(url)
        return self._osrm(url) if body is None else self._valhalla(json.loads(body))

    def _osrm(self, url: str) -> bytes:
        parts = urlsplit(url)
        places = parts.path.split("/")[-1].split(";")
        if len(places) > self.most:
            return b'{"code":"TooBig","message":"Too many table coordinates"}'
        for number, text in enumerate(places):
            if text.split(",")[0] in self.sea:
                says = f"Could not find a matching segment for coordinate {number}"
                return json.dumps({"code": "NoSegment", "message": says}).encode()
        rows, columns = (
            [int(n) for n in dict(parse_qsl(parts.query, separator="&"))[name].split(";")]
            for name in ("sources", "destinations")
        )
        metres = [[self._metres(places[a], places[b]) for b in columns] for a in rows]
        seconds = [[m / 10 for m in row] for row in metres]
        return json.dumps({"code": "Ok", "distances": metres, "durations": seconds}).encode()

    def _valhalla(self, body: dict) -> bytes:
        def name(place: dict) -> str:
            return f"{place['lon']:.6f},{place['lat']:.6f}"

        assert len(body["sources"]) * len(body["targets"]) <= 2500
        rush = 2 if body.get("date_time", {}).get("value", "").endswith("08:00") else 1
        rows: list[list[dict[str, float | None]]] = []
        for source in body["sources"]:
            row: list[dict[str, float | None]] = []
            for target in body["targets"]:
                wet = {name(source).split(",")[0], name(target).split(",")[0]} & self.sea
                metres = self._metres(name(source), name(target))
                row.append(
                    {"distance": None, "time": None}
                    if wet
                    else {"distance": metres / 1000, "time": rush * metres / 10}
                )
            rows.append(row)
        return json.dumps({"sources_to_targets": rows}).encode()

    def _metres(self, here: str, there: str) -> float:
        (a, b), (c, d) = ([float(x) for x in text.split(",")] for text in (here, there))
        east = c - a
        return round(100_000 * (abs(east) + abs(d - b)) * (1.2 if east > 0 else 1.0), 3)


def osrm(client) -> Osrm:
    return Osrm("http://roads/", client=client, most=4)


def valhalla(client) -> Valhalla:
    return Valhalla("http://roads/", client=client, most=6)


NO_TABLES = [
    b"<html>",
    b"[]",
    b"{}",
    b'{"code":"Ok"}',
    b'{"code":"Ok","distances":[[1]],"durations":[[1]]}',
    b'{"sources_to_targets":[[]]}',
]


def test_straight_lines_are_longer_by_the_factor_and_never_shorter_than_the_ground() -> None:
    block = StraightLine(1.0, default_mps=10).block(MUMBAI[:1], MUMBAI[1:2], "default")
    assert 1180 < block.distance_m[0, 0] < 1195  # 0.01 of longitude at 19 degrees, 0.005 of latitude
    longer = StraightLine(1.3, default_mps=10).block(MUMBAI[:1], MUMBAI[1:2], "default")
    assert longer.distance_m[0, 0] == pytest.approx(1.3 * block.distance_m[0, 0], abs=2)
    assert longer.durations_s[0][0, 0] == -(-longer.distance_m[0, 0] // 10)


def test_each_profile_has_its_speed() -> None:
    provider = StraightLine(speeds_mps={"bicycle": 4.0}, default_mps=8.0)
    slow, fast = (provider.block(MUMBAI[:1], MUMBAI[1:2], p).durations_s[0][0, 0] for p in ("bicycle", "car"))
    assert slow == pytest.approx(2 * fast, abs=1)


def test_a_place_without_usable_coordinates_is_unreachable_and_no_error() -> None:
    travel = travel_of(StraightLine(), [*MUMBAI[:2], *NOWHERE])
    distance = travel.tables["default"].distance_m
    assert (distance[:2, 2:] == UNREACHABLE).all()
    assert (distance[2:, :2] == UNREACHABLE).all()
    assert (distance[:2, :2] >= 0).all()


@pytest.mark.parametrize("make", [osrm, valhalla])
def test_many_places_are_asked_in_blocks_that_the_server_takes(make) -> None:
    server = Streets(most=4)
    table = travel_of(make(server), MUMBAI).tables["default"]
    assert len(server.asked) > 1
    assert table.distance_m[0, 1] == 1800
    assert table.distance_m[1, 0] == 1500  # asymmetric, as streets are
    assert table.durations_s[0][0, 1] == 180
    assert (np.diag(table.distance_m) == 0).all()


@pytest.mark.parametrize("make", [osrm, valhalla])
def test_a_place_in_the_sea_is_unreachable_and_the_others_are_not(make) -> None:
    table = travel_of(make(Streets(sea=(2, 5))), [*MUMBAI, NOWHERE[0]]).tables["default"]
    dry = [0, 1, 3, 4, 6]
    assert (table.distance_m[np.ix_(dry, dry)] >= 0).all()
    for wet in (2, 5, 7):
        assert (np.delete(table.distance_m[wet], wet) == UNREACHABLE).all()
        assert (np.delete(table.distance_m[:, wet], wet) == UNREACHABLE).all()


def test_valhalla_is_asked_for_each_period_of_the_day() -> None:
    provider = Valhalla(
        "http://roads", client=Streets(), periods=[(0, "2026-11-23T03:00"), (28_800, "2026-11-23T08:00")]
    )
    table = travel_of(provider, MUMBAI).tables["default"]
    assert table.starts_s == (0, 28_800)
    assert table.durations_s[1][0, 1] == 2 * table.durations_s[0][0, 1]


def test_valhallas_short_form_is_read_too() -> None:
    answer = {"sources_to_targets": {"distances": [[0, 1.5]], "durations": [[0, None]]}}
    block = Valhalla("http://roads", client=lambda *_: json.dumps(answer).encode()).block(
        MUMBAI[:1], MUMBAI[:2], "car"
    )
    assert block.durations_s[0].tolist() == [[0, UNREACHABLE]]
    assert block.distance_m.tolist() == [[0, UNREACHABLE]]


@pytest.mark.parametrize("answer", NO_TABLES)
@pytest.mark.parametrize("kind", [Osrm, Valhalla])
def test_an_answer_that_is_no_table_is_unavailable_and_no_crash(kind, answer: bytes) -> None:
    with pytest.raises(TravelUnavailable):
        travel_of(kind("http://roads", client=lambda *_: answer), MUMBAI)


def test_a_server_that_is_away_leaves_straight_lines_and_says_so() -> None:
    def away(url: str, body: bytes | None) -> bytes:
        raise TravelUnavailable("roads: refused")

    provider = Fallback(Osrm("http://roads", client=away), StraightLine())
    assert (travel_of(provider, MUMBAI).tables["default"].distance_m >= 0).all()
    assert provider.fell_back == "roads: refused"


def test_the_plain_client_reads_no_files_and_names_what_refuses() -> None:
    with pytest.raises(TravelUnavailable, match="neither http"):
        fetch("file:///etc/passwd")
    with pytest.raises(TravelUnavailable, match=r"127\.0\.0\.1"):
        fetch("http://127.0.0.1:9/table", timeout_s=2)


def test_hours_make_a_plain_provider_slower() -> None:
    provider = ByHour(StraightLine(), [(0, 1.0), (28_800, 1.5)])
    table = travel_of(provider, [*MUMBAI, NOWHERE[0]]).tables["default"]
    assert table.by_hour
    assert table.durations_s[1][0, 1] == -(-3 * table.durations_s[0][0, 1] // 2)
    assert table.durations_s[1][0, 7] == UNREACHABLE


def test_what_was_asked_once_is_remembered_and_only_new_places_are_asked() -> None:
    server = Streets()
    plain, cached = Osrm("http://roads", client=Streets()), Cached(Osrm("http://roads", client=server))
    travel_of(cached, MUMBAI[:4])
    once = len(server.asked)
    travel_of(cached, MUMBAI[1:3])
    assert len(server.asked) == once
    grown = travel_of(cached, [MUMBAI[6], *MUMBAI[2:5], NOWHERE[0]]).tables["default"]
    wanted = travel_of(plain, [MUMBAI[6], *MUMBAI[2:5], NOWHERE[0]]).tables["default"]
    assert np.array_equal(grown.distance_m[:4, :4], wanted.distance_m[:4, :4])
    assert (grown.distance_m[4, :4] == UNREACHABLE).all()


def test_a_full_memory_begins_anew_and_an_old_one_asks_again() -> None:
    now = [0.0]
    server = Streets()
    cached = Cached(Osrm("http://roads", client=server), most=4, keeps_s=100, clock=lambda: now[0])
    first = travel_of(cached, MUMBAI[:3]).tables["default"].distance_m
    travel_of(cached, MUMBAI[3:6])
    asked = len(server.asked)
    assert np.array_equal(travel_of(cached, MUMBAI[:3]).tables["default"].distance_m, first)
    assert len(server.asked) > asked
    asked = len(server.asked)
    now[0] = 101.0
    travel_of(cached, MUMBAI[:3])
    assert len(server.asked) > asked
    travel_of(cached, MUMBAI)  # more than it keeps: asked straight through
    assert len(server.asked) > asked + 1
