"""The quarantine page: every reason explained, every payload shown as the text it is."""

import json

import pytest
from django.urls import reverse

from ingest_lambda.outcomes import Filter, Quarantine
from ingest_lambda.report import Refusal
from tests.tracker.pages import Page, a_report_set_aside, naughty
from tracker.ingestion.reasons import FILTERED, QUARANTINED, reason_of
from tracker.ingestion.set_aside import readable

ADDRESS = "console_quarantine"


def test_every_reason_the_edge_can_give_is_explained_and_no_other():
    assert {r.code for r in FILTERED} == {f.value for f in Filter}
    assert {r.code for r in QUARANTINED} == {r.value for r in Refusal} | {q.value for q in Quarantine}
    assert all(r.meaning and r.advice for r in FILTERED + QUARANTINED)


def test_a_reason_newer_than_this_page_still_has_a_title():
    assert reason_of("gone_fishing").title == "Gone fishing"


def test_the_newest_report_comes_first_with_its_reason_in_words(customer, signed_in):
    a_report_set_aside(customer.test, "bad_latitude", detail="the first")
    a_report_set_aside(customer.test, "teleport", outcome="filtered", detail="the second")
    page = Page(signed_in(customer.owner).get(reverse(ADDRESS)).content.decode())
    assert page.text.index("the second") < page.text.index("the first")
    assert "Impossible jump" in page.text
    assert "req_" in page.text


def test_a_report_of_no_device_says_that_none_could_be_told(customer, signed_in):
    a_report_set_aside(customer.test, "unrecognised", external_id="")
    page = Page(signed_in(customer.owner).get(reverse(ADDRESS)).content.decode())
    assert "Device none could be told" in page.text


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"outcome": "filtered"}, {"teleport", "too_old"}),
        ({"outcome": "quarantined"}, {"bad_latitude"}),
        ({"reason": "too_old"}, {"too_old"}),
        ({"outcome": "quarantined", "reason": "too_old"}, set()),
        ({"outcome": "nonsense", "reason": "'; --", "after": "x"}, {"teleport", "too_old", "bad_latitude"}),
    ],
)
def test_the_list_is_narrowed_by_outcome_and_reason(customer, signed_in, query, seen):
    a_report_set_aside(customer.test, "bad_latitude", detail="detail of bad_latitude")
    for reason in ("teleport", "too_old"):
        a_report_set_aside(customer.test, reason, outcome="filtered", detail=f"detail of {reason}")
    text = signed_in(customer.owner).get(reverse(ADDRESS), query).content.decode()
    assert {r for r in ("bad_latitude", "teleport", "too_old") if f"detail of {r}" in text} == seen


def test_what_a_rival_sent_is_not_there(customer, rival, signed_in):
    a_report_set_aside(rival.test, detail="of the rival")
    a_report_set_aside(customer.live, detail="of the other box")
    text = signed_in(customer.owner).get(reverse(ADDRESS)).content.decode()
    assert "of the rival" not in text
    assert "of the other box" not in text


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ('{"a":1}', '{\n  "a": 1\n}'),
        ('{"note":"\\u00dc\\u0000\\u202e"}', '{\n  "note": "Ü\\u0000\\u202e"\n}'),
        ('{"half":"\\ud83d"}', '{\n  "half": "\\ud83d"\n}'),
        ('{"cut off": "her', '{"cut off": "her'),
        ("[" * 1000, "[" * 1000),
        ("", ""),
    ],
)
def test_a_payload_is_made_readable_and_never_breaks_the_page(payload, shown):
    assert readable(payload) == shown


def test_payloads_ids_and_details_are_shown_as_the_text_they_are(customer, signed_in):
    for text in naughty()[:200]:
        a_report_set_aside(customer.test, payload=json.dumps({"x": text}), detail=text, external_id=text)
    browser, address = signed_in(customer.owner), reverse(ADDRESS)
    while address:
        page = Page(browser.get(address).content.decode())
        assert page.faults == []
        links = [v["href"] for v in page.of("a") if v.get("rel") == "next"]
        address = reverse(ADDRESS) + links[0] if links else ""
    assert Page(browser.get(reverse("console")).content.decode()).faults == []
