"""Geofences in a real browser: drawn, published, found again; and a refused upload that shows its vertex."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import new_customer
from tests.e2e.test_browser import shows, sign_in
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
PATIENCE_S = 60.0
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[73.85, 18.52], [73.87, 18.52], [73.87, 18.54], [73.85, 18.54], [73.85, 18.52]]],
}
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[73.90, 18.52], [73.91, 18.53], [73.91, 18.52], [73.90, 18.53], [73.90, 18.52]]],
}


def open_editor(page: Page) -> None:
    page.goto("/console/geofences/editor/")
    shows(page, "window.milepostEditor?.ready === true", timeout_s=PATIENCE_S)


def click(page: Page, x: float, y: float) -> None:
    """On the map, from its upper left corner."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.click(box["x"] + x, box["y"] + y)
    # the drawing takes a second click so soon after the first for a double click
    shows(page, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")


def test_a_zone_is_drawn_published_and_listed(stack, new_page):
    customer = new_customer(stack, "drawer")
    page = sign_in(new_page(), customer)
    open_editor(page)
    page.locator("[data-tool=polygon]").click()
    corners = [(300, 200), (520, 220), (500, 420), (320, 400)]
    for x, y in corners:
        click(page, x, y)
    click(page, *corners[0])
    expect(page.locator("#f-name")).to_be_focused()
    page.locator("#f-name").fill("Drawn by hand")
    page.locator("#f-margin").fill("40")
    page.locator("#f-enter").check()
    page.locator("#f-save").click()
    expect(page.locator("#list")).to_contain_text("Drawn by hand")
    [kept] = customer.get("geofences")["data"]
    assert (kept["state"], kept["draft"]["margin_m"], kept["draft"]["alert_on_enter"]) == ("new", 40, True)
    assert len(kept["draft"]["geometry"]["coordinates"][0]) == 5

    page.locator("#publish").click()
    expect(page.locator(".difference")).to_contain_text("Drawn by hand")
    page.get_by_label("Note").fill("The first one")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 is published")
    row = page.get_by_role("row").filter(has_text="Drawn by hand")
    expect(row).to_contain_text("Published")
    page.goto("/console/geofences/versions/")
    expect(page.locator("tbody")).to_contain_text("The first one")


def test_a_refused_upload_marks_its_vertex_and_the_good_ones_can_be_taken(stack, new_page, tmp_path: Path):
    customer = new_customer(stack, "uploader")
    page = sign_in(new_page(), customer)
    open_editor(page)
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
        for name, geometry in (("Good", SQUARE), ("Bow tie", BOW_TIE))
    ]
    file = tmp_path / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    page.locator("#file").set_input_files(file)
    fault = page.locator("#faults-list button").first
    expect(fault).to_contain_text("Feature 1, Bow tie")
    expect(fault).to_contain_text("/features/1/geometry/coordinates/0/0")
    assert customer.get("geofences")["data"] == []
    # the map flies to the crossing and marks it
    shows(
        page,
        "Math.abs(milepostEditor.map.getCenter().lng - 73.905) < 1e-3"
        " && Math.abs(milepostEditor.map.getCenter().lat - 18.525) < 1e-3",
        timeout_s=PATIENCE_S,
    )
    marked = (
        "milepostEditor.map.queryRenderedFeatures({layers: ['wrong-place']}).some((f) => f.properties.chosen)"
    )
    shows(page, marked, timeout_s=PATIENCE_S)
    page.locator("#faults-skip").click()
    expect(page.locator("#list")).to_contain_text("Good")
    until(lambda: [one["draft"]["name"] for one in customer.get("geofences")["data"]] == ["Good"])


def test_moving_a_vertex_changes_that_vertex_alone(stack, new_page):
    customer = new_customer(stack, "mover")
    page = sign_in(new_page(), customer)
    open_editor(page)
    page.evaluate(
        """(geometry) => fetch("/console/geofences/editor/save/", {
          method: "POST", credentials: "same-origin",
          headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value,
          },
          body: JSON.stringify({ name: "Square", geometry }),
        }).then((answer) => answer.json())""",
        SQUARE,
    )
    open_editor(page)
    page.locator("#list button").click()
    shows(
        page,
        "milepostEditor.drawing.pieces.size === 1 && !milepostEditor.map.isMoving()",
        timeout_s=PATIENCE_S,
    )
    place = page.evaluate("milepostEditor.map.project([73.87, 18.54])")
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + place["x"], box["y"] + place["y"]
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x + 8 * step, y - 4 * step)
    page.mouse.up()
    shows(page, "milepostEditor.drawing.touched")
    page.locator("#f-save").click()
    shows(page, "milepostEditor.opened === null")
    [kept] = customer.get("geofences")["data"]
    ring = kept["draft"]["geometry"]["coordinates"][0]
    assert len(ring) == 5
    assert ring[2] != [73.87, 18.54]
    assert [ring[0], ring[1], ring[3], ring[4]] == [
        [73.85, 18.52],
        [73.87, 18.52],
        [73.85, 18.54],
        [73.85, 18.52],
    ]
