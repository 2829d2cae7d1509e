"""Every page of the console can be reached by the navigation, in one row or two."""

import re

import pytest

from tracker.console.navigation import SECTIONS

pytestmark = pytest.mark.django_db


def rows(page):
    """The labels of each row of navigation in the head of a page, with the marked ones in brackets."""
    head = page.content.decode().partition("<main")[0]
    found = re.findall(r'<nav aria-label="(\w+)"[^>]*>(.*?)</nav>', head, re.DOTALL)
    return {
        name: [
            f"[{label}]" if mark else label
            for mark, label in re.findall(r"<a href=\"[^\"]+\"( aria[^>]+)?>([^<]+)", row)
        ]
        for name, row in found
    }


def test_the_first_row_is_short_enough_for_a_laptop(customer, signed_in):
    shown = rows(signed_in(customer.owner).get("/console/"))
    assert shown == {
        "Console": [
            "[Overview]", "Map", "Alerts", "Dispatch", "Devices", "Trips", "Geofences", "Developers", "Billing",
            "Organisation",
        ]
    }  # fmt: skip
    # some 8 px a character, 21 px around each entry: a small laptop shows all of it
    labels = [label.strip("[]") for label in shown["Console"]]
    assert sum(21 + 8 * len(label) for label in labels) < 1024


@pytest.mark.parametrize("code", sorted(SECTIONS))
def test_each_page_of_a_section_shows_the_others_and_marks_itself(customer, signed_in, code):
    section = SECTIONS[code]
    browser = signed_in(customer.owner)
    page = browser.get("/console/")
    assert section.label not in rows(page)
    for address in re.findall(rf'<a href="([^"]+)">{section.label}<', page.content.decode()):
        shown = rows(browser.get(address))
        labels = [label for _, label in section.entries]
        assert f"[{section.label}]" in shown["Console"]
        assert [label.strip("[]") for label in shown[section.label]][: len(labels)] == labels
        assert shown[section.label][0] == f"[{labels[0]}]"


def test_another_page_of_a_section_marks_itself(customer, signed_in):
    shown = rows(signed_in(customer.owner).get("/console/settings/"))
    assert shown["Organisation"] == ["Members", "Environments", "Data", "[Settings]", "Audit log"]
