"""Nominatim and Google over real HTTP: what is asked, what an answer is worth, and what is not believed."""

from collections.abc import Iterator

import pytest

from dispatch.intake.geocoding.answers import NotNow, Wanted
from dispatch.intake.geocoding.asking import LARGEST_ANSWER, asking
from dispatch.intake.geocoding.google import Google
from dispatch.intake.geocoding.nominatim import Nominatim
from tests.dispatch.intake.geocoding.provider import Provider, a_provider

WANTED = Wanted("12 Tilak Road, Sadashiv Peth", "Pune", "411030")
HOUSE = {
    "lat": "18.5089",
    "lon": "73.8478",
    "place_rank": 30,
    "display_name": "12, Tilak Road",
    "address": {},
}
ROOFTOP = {
    "geometry": {"location": {"lat": 18.5089, "lng": 73.8478}, "location_type": "ROOFTOP"},
    "formatted_address": "x",
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as made:
        yield made


async def nominatim(provider: Provider, wanted: Wanted = WANTED, *, allow_private: bool = True):
    async with asking("Test/1", allow_private=allow_private) as asker:
        made = Nominatim(asker, provider.url, per_s=1, countries=["in"], contact="ops@example.com")
        return await made.find(wanted)


async def google(provider: Provider):
    async with asking("Test/1", allow_private=True) as asker:
        return await Google(asker, provider.url, per_s=50, countries=["in"], key="secret").find(WANTED)


async def test_nominatim_is_asked_as_its_terms_want_it(provider):
    provider.say([HOUSE])
    answer = await nominatim(provider)
    assert provider.agents == ["Test/1"]
    assert provider.asked[0]["q"] == "12 Tilak Road, Sadashiv Peth, Pune, 411030"
    assert provider.asked[0]["countrycodes"] == "in"
    assert provider.asked[0]["email"] == "ops@example.com"
    assert (answer.longitude, answer.latitude, answer.confidence, answer.provider) == (
        73.8478,
        18.5089,
        0.9,
        "nominatim",
    )


@pytest.mark.parametrize(
    ("found", "confidence"),
    [
        ([HOUSE | {"place_rank": 26}], 0.65),
        ([HOUSE | {"place_rank": 12}], 0.15),
        ([HOUSE | {"address": {"postcode": "560001"}}], 0.54),  # another town's
        ([HOUSE, HOUSE | {"lat": "19.5"}], 0.63),  # two houses of that address, far apart
    ],
)
async def test_an_answer_is_worth_as_much_as_it_is_precise(provider, found, confidence):
    provider.say(found)
    assert (await nominatim(provider)).confidence == confidence


async def test_google_says_how_it_knows_and_a_partial_match_is_worth_less(provider):
    provider.say({"status": "OK", "results": [ROOFTOP]})
    provider.say({"status": "OK", "results": [ROOFTOP | {"partial_match": True}]})
    provider.say({"status": "ZERO_RESULTS", "results": []})
    answers = [await google(provider) for _ in range(3)]
    assert [answer and answer.confidence for answer in answers] == [0.95, 0.57, None]
    assert provider.asked[0]["components"] == "country:in"


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"", "answered 500"),
        (403, b"", "refuses us"),
        (302, b"", "answered 302"),
        (200, b"<html>", "no JSON"),
        (200, {"error": "x"}, "no list"),
        (200, [{"lat": "north"}], "without coordinates"),
        (200, b"[" + b" " * LARGEST_ANSWER + b"]", "larger"),
    ],
)
async def test_an_answer_that_is_none_is_asked_for_again_later(provider, status, body, why):
    provider.say(body, status)
    with pytest.raises(NotNow, match=why):
        await nominatim(provider)


async def test_a_key_that_google_does_not_take_is_no_unknown_address(provider):
    provider.say({"status": "REQUEST_DENIED"})
    with pytest.raises(NotNow, match="REQUEST_DENIED"):
        await google(provider)


async def test_a_private_address_is_asked_only_where_the_operator_says_so(provider):
    with pytest.raises(NotNow):
        await nominatim(provider, allow_private=False)
    assert provider.asked == []
