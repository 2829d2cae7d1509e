"""The pages of shipments, uploads and places, as people with different rights come to them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dispatch.fleet.models import Hub
from dispatch.intake.models import GeocodedAddress, ShipmentUpload
from dispatch.intake.reading import read_waiting
from dispatch.shipments.models import ShipmentState
from tests.dispatch.intake.files import HEADING, NOW, a_row, as_csv
from tests.tracker.pages import Page, naughty
from tracker.tenants import scope
from tracker.tenants.models import Role


@pytest.fixture
def hub(box) -> Hub:
    return Hub.objects.create(
        environment=box, external_id="pune", kind="centre", name="Pune", timezone="Asia/Kolkata",
        longitude=73.8567, latitude=18.5204,
    )  # fmt: skip


@pytest.fixture
def browser(customer, signed_in):
    return signed_in(customer.owner)


def page(answer) -> Page:
    assert answer.status_code == 200, answer.content[:2000]
    found = Page(answer.content.decode())
    assert found.faults == []
    return found


def send(browser, content: bytes, name: str = "orders.csv", **more: str):
    file = SimpleUploadedFile(name, content)
    return browser.post(reverse("console_uploads"), {"file": file, "past_slots": "refuse", **more})


def read(box) -> None:
    read_waiting(NOW)
    scope.enter(environment_id=box.pk)


@pytest.mark.parametrize("name", ["shipments", "uploads", "places", "gazetteer", "shipment_new"])
def test_the_pages_are_sound_with_nothing_to_show(browser, box, name):
    page(browser.get(reverse(f"console_{name}")))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_is_itself_an_upload_that_is_taken(browser, box, hub, kind):
    template = browser.get(reverse("console_upload_template", args=[kind]))
    answer = send(browser, template.content, f"shipments.{kind}")
    assert answer.status_code == 302
    read(box)
    upload = ShipmentUpload.objects.for_environment(box).get()
    assert (upload.state, upload.created, upload.refused) == ("done", 1, 0), upload.problem
    page(browser.get(answer["Location"]))


def test_an_upload_shows_each_fault_by_its_cell_and_gives_them_as_csv(browser, box, hub):
    rows = [HEADING, a_row(), a_row(Order="A-2", COD='=HYPERLINK("http://evil")')]
    answer = send(browser, as_csv(rows))
    read(box)
    shown = page(browser.get(answer["Location"]))
    assert "I3" in shown.text
    assert "is no amount" in shown.text
    lines = browser.get(answer["Location"] + "faults.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Row,Cell,Column,Value,Reason")
    assert "'=HYPERLINK" in lines[1]  # no spreadsheet runs it
    assert page(browser.get(reverse("console_shipments"))).text.count("Asha") == 1


def test_headings_nobody_knows_are_mapped_by_a_person_and_the_file_is_read(browser, box, hub):
    rows = [["wohin", "breit", "lang", "zzz"], ["Tilak Road 1", "18.51", "73.84", "x"]]
    answer = send(browser, as_csv(rows))
    shown = page(browser.get(answer["Location"]))
    assert "Which column is which" in shown.text
    mapped = {"column_0": "address", "column_1": "latitude", "column_2": "longitude", "column_3": "ignore"}
    browser.post(answer["Location"] + "columns", mapped)
    read(box)
    assert ShipmentState.objects.for_environment(box).get().address == "Tilak Road 1"


def test_a_file_that_is_no_table_says_what_would_help(browser, box):
    answer = send(browser, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, "old.xls")
    assert "Save it as .xlsx" in page(browser.get(answer["Location"])).text


def test_naughty_strings_are_shown_and_run_nothing(browser, box, hub):
    texts = [text for text in naughty() if text.strip()][:300]
    rows = [HEADING, *(a_row(Order=f"N-{n}", Name=text, Remarks=text) for n, text in enumerate(texts))]
    answer = send(browser, as_csv(rows))
    read(box)
    upload = ShipmentUpload.objects.for_environment(box).get()
    assert upload.state == "done", upload.problem
    assert upload.created + upload.refused == len(texts)
    page(browser.get(answer["Location"]))
    page(browser.get(reverse("console_shipments")))
    for row in ShipmentState.objects.for_environment(box)[:20]:
        page(browser.get(reverse("console_shipment", args=[row.shipment.public_id])))


def test_a_person_types_a_shipment_and_is_told_what_is_wrong_with_which_field(browser, box, hub):
    form = {
        "recipient": "Asha",
        "address": "12 Tilak Road",
        "parcels": "1",
        "priority": "0",
        "hub": hub.public_id,
    }
    wrong = browser.post(reverse("console_shipment_new"), form | {"cash": "450", "coordinates": "here"})
    told = Page(wrong.content.decode()).text
    assert "Says no currency" in told
    assert "Must hold a latitude and a longitude" in told
    made = browser.post(reverse("console_shipment_new"), form | {"coordinates": "18.5, 73.85", "kg": "2,5"})
    assert made.status_code == 302
    assert "Asha" in page(browser.get(made["Location"])).text
    scope.enter(environment_id=box.pk)
    state = ShipmentState.objects.for_environment(box).get()
    assert (state.place_by, state.place_doubtful, state.size) == ("given", False, {"parcels": 1, "kg": 2.5})


def test_what_is_legal_now_is_offered_and_done_once(browser, box, hub):
    send(browser, as_csv([HEADING, a_row()]), hub=hub.public_id)
    read(box)
    row = ShipmentState.objects.for_environment(box).get()
    address = reverse("console_shipment", args=[row.shipment.public_id])
    shown = page(browser.get(address))
    assert "It is here" in shown.text
    assert "It was returned" not in shown.text
    do = reverse("console_shipment_act", args=[row.shipment.public_id, "confirm_pickup"])
    assert browser.post(do, {"sequence": "1"}, follow=True).status_code == 200
    again = browser.post(do, {"sequence": "1"}, follow=True)
    assert "something happened to the shipment since you looked" in again.content.decode()
    scope.enter(environment_id=box.pk)
    row.refresh_from_db()
    assert (row.state, row.sequence) == ("ready", 2)
    past = page(browser.get(address, {"at": "2026-11-22T00:00"}))
    assert "not announced yet" in past.text


def test_the_list_is_narrowed_by_state_hub_day_and_text(browser, box, hub):
    other = Hub.objects.create(
        environment=box, external_id="m", kind="centre", name="Mumbai", timezone="Asia/Kolkata"
    )
    rows = [
        ("Order", "Name", "Address", "Lat", "Lng", "Slot", "Hub"),
        ("P-1", "Asha", "Tilak Road", "18.50", "73.85", "2026-11-23T09:00/12:00", "pune"),
        ("M-1", "Ravi", "Marine Drive", "18.94", "72.82", "2026-11-24T09:00/12:00", "Mumbai"),
    ]
    send(browser, as_csv(rows))
    read(box)
    for query, shown in [
        ({}, {"P-1", "M-1"}),
        ({"hub": other.public_id}, {"M-1"}),
        ({"day": "2026-11-23"}, {"P-1"}),
        ({"q": "marine"}, {"M-1"}),
        ({"q": "P-1"}, {"P-1"}),
        ({"show": "delivered"}, set()),
    ]:
        text = page(browser.get(reverse("console_shipments"), query)).text
        assert {one for one in ("P-1", "M-1") if one in text} == shown, query


def test_a_person_points_at_a_doubtful_place_and_their_word_stands_for_the_next_parcel(browser, box, hub):
    send(browser, as_csv([HEADING, a_row(Lat="", Lng="")]), hub=hub.public_id)
    read(box)
    row = ShipmentState.objects.for_environment(box).get()
    assert row.place_doubtful
    assert "not found" in page(browser.get(reverse("console_places"))).text
    where = {"latitude": "18.51", "longitude": "73.85", "address": row.address, "remember": "on"}
    answer = browser.post(
        reverse("console_place", args=[row.shipment.public_id]), where, headers={"accept": "application/json"}
    )
    assert answer.json() == {"left": 0}
    scope.enter(environment_id=box.pk)
    row.refresh_from_db()
    assert (row.place_by, row.place_doubtful, row.latitude) == ("person", False, 18.51)
    assert GeocodedAddress.objects.for_environment(box).get().provider == "person"
    send(browser, as_csv([HEADING, a_row(Order="A-2", Lat="", Lng="")]), hub=hub.public_id)
    read(box)
    second = ShipmentState.objects.for_environment(box).get(shipment__external_id="A-2")
    assert (second.place_by, second.place_doubtful, second.latitude) == ("person", False, 18.51)


def test_a_viewer_looks_and_changes_nothing(customer, signed_in, box, hub):
    viewer = signed_in(customer.member(Role.VIEWER))
    shown = page(viewer.get(reverse("console_uploads")))
    assert "Upload a file" not in shown.text
    send(viewer, as_csv([HEADING, a_row()]))
    assert not ShipmentUpload.objects.for_environment(box).exists()
    assert viewer.get(reverse("console_shipment_new")).status_code == 403


def test_a_gazetteer_places_what_waited_for_it(browser, box, hub):
    send(browser, as_csv([HEADING, a_row(Lat="", Lng="", Address="Doddagubbi, 560077")]), hub=hub.public_id)
    read(box)
    places = as_csv(
        [
            ("office", "district", "pincode", "lat", "lon"),
            ("Doddagubbi B.O", "Bengaluru", "560077", "18.5", "73.8"),
        ]
    )
    file = SimpleUploadedFile("places.csv", places)
    answer = browser.post(reverse("console_gazetteer"), {"file": file}, follow=True)
    assert "1 places are loaded" in answer.content.decode()
    scope.enter(environment_id=box.pk)
    row = ShipmentState.objects.for_environment(box).get()
    assert (row.place_by, row.place_doubtful, row.latitude) == ("gazetteer", False, 18.5)
