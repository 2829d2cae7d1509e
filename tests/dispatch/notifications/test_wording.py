"""Every message in every language, with whatever somebody wrote into a name."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.notifications.catalogue import TEMPLATES, TO_CUSTOMERS
from dispatch.notifications.models import Notification
from dispatch.notifications.wording import customers_text, plain, team_item, team_text
from dispatch.shipments.models import ShipmentState
from dispatch.tracking.languages import LANGUAGES
from tests.dispatch.rounds import a_round
from tests.tracker.pages import naughty

FOLDER = Path(__file__).resolve().parents[3] / "templates/dispatch/notifications"
NOW = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
FACTS = {
    "attempt": 1,
    "reason": "nobody_home",
    "again": True,
    "eta_at": "2026-05-04T05:00:00+00:00",
    "eta_latest_at": "2026-05-04T05:40:00+00:00",
}


def words_of(language: str, name: str) -> str:
    return (FOLDER / language / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", TO_CUSTOMERS)
def test_every_language_says_the_same_with_the_same_names(name):
    found = {
        language: sorted(set(re.findall(r"{{ (\w+)", words_of(language, name)))) for language in LANGUAGES
    }
    assert len({tuple(names) for names in found.values()}) == 1, found
    for language in LANGUAGES:
        assert words_of(language, name).count("\n---\n") == 2
        assert "{{ link }}" in words_of(language, name)


def test_there_is_no_text_for_a_message_that_is_none():
    for language in LANGUAGES:
        assert {path.stem for path in (FOLDER / language).iterdir()} == set(TO_CUSTOMERS)
    team = {name for name, one in TEMPLATES.items() if one.to_team}
    assert {path.stem for path in (FOLDER / "team").iterdir()} == team | {"mail"}


@pytest.fixture
def state(box) -> ShipmentState:
    made = a_round(box, 1, now=NOW - timedelta(hours=1), email="a@example.com")
    rows = ShipmentState.objects.for_environment(box).select_related("hub", "shipment")
    return rows.get(pk=made.stops[0].shipment_id)


def a_row(state: ShipmentState, template: str, language: str) -> Notification:
    return Notification(
        environment_id=state.environment_id, shipment=state.shipment, template=template, channel="mail",
        language=language, facts=FACTS,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TO_CUSTOMERS)
def test_a_message_is_whole_in_every_language(state, name, language):
    text = customers_text(a_row(state, name, language), state, "Kirana Express", now=NOW)
    assert "Kirana Express" in text.subject
    assert "MP-1001" in text.short
    for part in (text.subject, text.short, text.body):
        assert "{" not in part
        assert "  " not in part.replace("\n", "")
    assert re.search(r"https?://\S+/s/\S{43}", text.body)
    assert re.search(r"https?://\S+/s/\S{43}$", text.short), (
        "the link ends a text message, so it can be tapped"
    )


def test_times_are_those_of_the_place_of_delivery(state):
    text = customers_text(a_row(state, "arriving_soon", "en"), state, "Kirana", now=NOW)
    assert "today, 10:30\u201311:10" in text.body  # half past ten in Pune is five in the world
    hindi = customers_text(a_row(state, "arriving_soon", "hi"), state, "Kirana", now=NOW)
    assert "आज, 10:30\u201311:10" in hindi.body


def test_an_estimate_that_has_passed_is_not_promised_again(state):
    text = customers_text(a_row(state, "arriving_soon", "en"), state, "Kirana", now=NOW + timedelta(hours=4))
    assert "10:30" not in text.body


def test_no_name_breaks_a_message_or_writes_into_its_head(state):
    for name in naughty():
        state.recipient = name
        state.shipment.external_id = name
        text = customers_text(a_row(state, "failed_attempt", "en"), state, name, now=NOW)
        assert "\n" not in text.subject
        assert len(text.subject) <= 200
        assert len(text.body.split("\n")) == 8, "a name adds no line"
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", text.subject + text.short + text.body)


def test_a_name_with_our_own_marks_in_it_is_a_name():
    assert plain("a\n---\nb") == "a --- b"
    assert plain("{{ link }}") == "{{ link }}"


def test_what_a_team_is_told_names_the_thing_and_leads_to_it(box, state):
    row = Notification(
        environment_id=box.pk, shipment=state.shipment, template="team_undelivered", channel="mail",
        about=f"sga_{'0' * 32} attempt 2 mbr_1", facts={"name": "MP-1001", "attempts": 2, "reason": "refused"},
    )  # fmt: skip
    item = team_item(row, ZoneInfo("Asia/Kolkata"))
    assert item.text.startswith("Parcel MP-1001 was not delivered at attempt 2 (the parcel was not accepted)")
    assert item.link.endswith(f"/console/dispatch/sagas/sga_{'0' * 32}/")
    mail = team_text([item], box)
    assert item.link in mail.body
    assert "MP-1001" in mail.subject
