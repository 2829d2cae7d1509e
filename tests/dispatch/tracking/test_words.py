"""What customers are told: every language says the same sentences, with the same things put in."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from dispatch.driving.deeds import REASONS
from dispatch.tracking.glance import WAYS as STATES
from dispatch.tracking.glance import Glance
from dispatch.tracking.languages import DEFAULT, LANGUAGES, language_for
from dispatch.tracking.saying import MONTHS, WEEKDAYS, amount, day, said, slot_text
from dispatch.tracking.words import SENTENCES, WAYS, reason

PUNE = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 5, 4, 20, 0, tzinfo=UTC)  # half past one in the morning of Tuesday there
DEVANAGARI = re.compile(r"[ऀ-ॿ]")


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_names_in_it(language):
    english = SENTENCES[DEFAULT]
    own = SENTENCES[language]
    assert own.keys() == english.keys()
    assert {key: names(text) for key, text in own.items()} == {
        key: names(text) for key, text in english.items()
    }
    assert WAYS[language].keys() == WAYS[DEFAULT].keys()
    assert set(STATES.values()) <= WAYS[language].keys()
    assert (len(MONTHS[language]), len(WEEKDAYS[language])) == (12, 7)


@pytest.mark.parametrize("language", ["hi", "mr"])
def test_nothing_is_left_in_english(language):
    texts = [*SENTENCES[language].values(), *(part for way in WAYS[language].values() for part in way)]
    assert [text for text in texts if not DEVANAGARI.search(text)] == []


def test_every_reason_a_driver_can_give_is_said():
    for language in LANGUAGES:
        assert all(reason(language, code) for code in REASONS)
        assert reason(language, "a reason of tomorrow") == reason(language, "other")


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (["", "mr"], "mr"),
        (["hi-IN"], "hi"),
        (["fr-FR,fr;q=0.9,hi;q=0.5,en;q=0.8"], "en"),
        (["de", "", "mr_IN"], "mr"),
        (["hi;q=0, en;q=0.1"], "en"),
        (["", ""], "en"),
        (["\x00<script>;q=nan", "x" * 9000], "en"),
        (["hi;q=banana", "mr"], "mr"),
    ],
)
def test_the_first_language_that_is_spoken_here_is_used(wishes, language):
    assert language_for(*wishes) == language


def test_days_are_those_of_the_place_of_delivery():
    zone = PUNE
    at = datetime(2026, 5, 5, 12, 0, tzinfo=zone)
    assert day(at, "en", now=NOW, zone=zone) == "today"  # in UTC it still is the day before
    assert day(at + timedelta(days=1), "mr", now=NOW, zone=zone) == "उद्या"
    assert day(at + timedelta(days=2), "hi", now=NOW, zone=zone) == "गुरुवार, 7 मई"
    slot = (datetime(2026, 5, 5, 3, 30, tzinfo=UTC), datetime(2026, 5, 5, 6, 30, tzinfo=UTC))
    assert slot_text(slot, "en", zone, now=NOW) == "Planned for today, 09:00 to 12:00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_that_may_be_chosen_is_not_called_settled(language):
    slot = (datetime(2026, 5, 5, 3, 30, tzinfo=UTC), datetime(2026, 5, 5, 6, 30, tzinfo=UTC))
    offer = slot_text(slot, language, PUNE, now=NOW, sentence="offer")
    settled = SENTENCES[language]["slot"].split("{")[0]
    assert settled
    assert settled not in offer
    assert re.findall(r"\d\d:\d\d", offer) == ["09:00", "12:00"]


SHOWN = Glance(way="failed", reference="", brand="", failed_reason="nobody_home", attempts=1)
PAST = (NOW - timedelta(hours=5), NOW - timedelta(hours=2))
COMING = (NOW + timedelta(hours=12), NOW + timedelta(hours=15))


@pytest.mark.parametrize(
    ("changes", "when"),
    [
        ({"slot": PAST}, "The day of the next attempt is not decided yet"),
        ({"slot": PAST, "may_move": True}, "Choose a time below"),
        ({}, "is not decided yet"),
        ({"slot": COMING, "may_move": True}, "Planned for today, 13:30 to 16:30"),
        ({"way": "ready", "slot": PAST, "not_before": NOW + timedelta(days=1)}, "Not before: tomorrow"),
    ],
)
def test_who_was_missed_is_told_when_it_goes_on(changes, when):
    assert when in said(replace(SHOWN, **changes), "en", PUNE, now=NOW).when


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(125_050, "INR", "1,250.50 INR"), (900, "JPY", "900 JPY"), (1, "KWD", "0.001 KWD"), (0, "", "0.00")],
)
def test_money_has_the_places_its_currency_has(minor, currency, text):
    assert amount(minor, currency) == text
