"""Shipments that came without a place are looked up once: at hand first, then over the network; a person outranks."""

from collections.abc import Iterator

import pytest

from dispatch.fleet.models import Hub
from dispatch.intake import locating
from dispatch.intake.geocoding import lookup
from dispatch.intake.geocoding.answers import Answer
from dispatch.intake.locating import locate_waiting
from dispatch.intake.models import GazetteerPlace
from dispatch.intake.retention import forget_old
from dispatch.intake.services import load_gazetteer, point_at
from dispatch.shipments.authors import system
from dispatch.shipments.commands import Create
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import NewShipment, create
from tests.dispatch.intake.files import NOW, as_csv
from tests.dispatch.intake.geocoding.provider import Provider, a_provider
from tracker.tenants import scope

HOUSE = {
    "lat": "18.5089",
    "lon": "73.8478",
    "place_rank": 30,
    "display_name": "12, Tilak Road",
    "address": {},
}
AUTHOR = system("test")


@pytest.fixture
def hub(box) -> Hub:
    return Hub.objects.create(
        environment=box, external_id="pune", kind="centre", name="Pune", timezone="Asia/Kolkata",
        longitude=73.8567, latitude=18.5204,
    )  # fmt: skip


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    with a_provider() as made:
        settings.GEOCODER, settings.GEOCODER_URL = "nominatim", made.url
        settings.GEOCODER_ALLOW_PRIVATE, settings.GEOCODER_PER_S = True, 1_000
        yield made


def announced(box, *addresses: str) -> list[ShipmentState]:
    create(
        box.pk,
        [NewShipment(Create(address=one), f"A-{n}") for n, one in enumerate(addresses)],
        author=AUTHOR,
        now=NOW,
    )
    return list(ShipmentState.objects.for_environment(box).order_by("shipment_id"))


def after(box) -> list[ShipmentState]:
    scope.enter(environment_id=box.pk)
    return list(ShipmentState.objects.for_environment(box).order_by("shipment_id"))


def test_without_anybody_to_ask_an_address_is_looked_up_once_and_marked(box, hub):
    announced(box, "Somewhere")
    assert (locate_waiting(NOW), locate_waiting(NOW)) == (1, 0)
    [row] = after(box)
    assert (row.place_by, row.place_doubtful, row.longitude) == ("none", True, None)


def test_the_provider_is_asked_for_what_the_gazetteer_does_not_know_and_remembered(box, hub, provider):
    load_gazetteer(
        box.pk, as_csv([("name", "postcode", "lat", "lon"), ("Doddagubbi", "560077", "18.51", "73.85")])
    )
    provider.say([HOUSE])
    announced(box, "Doddagubbi, 560077", "12 Tilak Road, Pune 411030")
    assert locate_waiting(NOW) == 2
    first, second = after(box)
    assert (first.place_by, first.place_doubtful) == ("gazetteer", False)
    assert (second.place_by, second.latitude, second.place_confidence) == ("nominatim", 18.5089, 0.9)
    assert len(provider.asked) == 1
    create(box.pk, [NewShipment(Create(address="12, Tilak Rd, Pune 411030"), "B-1")], author=AUTHOR, now=NOW)
    assert locate_waiting(NOW) == 1
    assert len(provider.asked) == 1  # the same address, punctuated otherwise


def test_an_address_that_the_provider_does_not_know_is_a_persons(box, hub, provider):
    provider.say([])
    announced(box, "Nowhere in particular")
    assert locate_waiting(NOW) == 1
    [row] = after(box)
    assert (row.place_by, row.place_doubtful, row.longitude) == ("nominatim", True, None)


def test_a_provider_that_is_away_is_left_alone_for_a_while_and_nothing_is_lost(box, hub, provider):
    provider.say(b"", 503)
    announced(box, "12 Tilak Road", "13 Tilak Road")
    assert (locate_waiting(NOW), locate_waiting(NOW)) == (0, 0)
    assert len(provider.asked) == 1
    assert lookup.trouble() == "it answered 503"
    assert [row.place_by for row in after(box)] == ["", ""]


def test_a_place_in_the_sea_is_doubted_whoever_found_it(box, hub, provider):
    provider.say([HOUSE | {"lat": "17.0", "lon": "71.5"}])
    announced(box, "12 Tilak Road")
    locate_waiting(NOW)
    [row] = after(box)
    assert (row.place_by, row.place_doubtful) == ("nominatim", True)


def test_a_person_who_points_meanwhile_is_not_overruled(box, hub, monkeypatch, settings):
    settings.GEOCODER = "nominatim"
    [row] = announced(box, "12 Tilak Road")

    def ask_slowly(wanted, *, budget_s):
        with scope.scope(environment_id=box.pk):
            point_at(row, 73.9, 18.6, address=None, author=AUTHOR, now=NOW)
        return [Answer(73.1, 18.1, 0.9, "x", "nominatim") for _ in wanted]

    monkeypatch.setattr(locating, "ask", ask_slowly)
    locate_waiting(NOW)
    [found] = after(box)
    assert (found.place_by, found.longitude, found.place_doubtful) == ("person", 73.9, False)


def test_a_gazetteer_loaded_twice_holds_each_place_once_and_says_what_it_left_out(box):
    rows = [
        ("name", "pincode", "lat", "lon"),
        ("A", "411001", "18.5", "73.8"),
        ("B", "411002", "", ""),
        ("C", "1", "99", "1"),
    ]
    for _ in range(2):
        loaded, problems = load_gazetteer(box.pk, as_csv(rows))
        assert loaded == 1
        assert problems == ["C3 has no coordinates", "C4 lies nowhere on the globe"]
    assert GazetteerPlace.objects.for_environment(box).count() == 1


def test_what_is_kept_for_a_while_goes_when_it_is_over(box, hub, provider):
    provider.say([HOUSE])
    announced(box, "12 Tilak Road, Pune 411030")
    locate_waiting(NOW)
    assert forget_old(now=NOW) == 0
    assert forget_old(now=NOW.replace(year=2027)) == 1
