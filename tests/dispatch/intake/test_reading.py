"""From a file to shipments: what is created, repeated, refused, and where a broken reading goes on."""

from datetime import timedelta

import pytest

from dispatch.fleet.models import Hub
from dispatch.intake import reading, settling
from dispatch.intake.models import ShipmentUpload, ShipmentUploadRow
from dispatch.intake.options import Options
from dispatch.intake.reading import read_waiting
from dispatch.intake.services import take_upload
from dispatch.shipments.authors import system
from dispatch.shipments.models import Shipment, ShipmentState
from tests.dispatch.intake.files import HEADING, NOW, a_row, as_csv, as_workbook
from tracker.tenants import scope


@pytest.fixture
def hub(box) -> Hub:
    return Hub.objects.create(
        environment=box, external_id="pune", kind="centre", name="Pune", timezone="Asia/Kolkata",
        longitude=73.8567, latitude=18.5204,
    )  # fmt: skip


def upload(box, content: bytes, hub: Hub | None = None, **options) -> ShipmentUpload:
    return take_upload(
        box.pk, content, Options(**options), file_name="orders.csv", hub=hub, author=system("test"), by=None
    )


def read(box, made: ShipmentUpload, now=NOW) -> ShipmentUpload:
    read_waiting(now)
    scope.enter(environment_id=box.pk)
    made.refresh_from_db()
    return made


def faults(made: ShipmentUpload) -> dict[int, list[dict]]:
    rows = ShipmentUploadRow.objects.for_environment(made.environment_id).filter(upload=made)
    return {row.number: row.faults for row in rows}


def test_good_rows_are_kept_and_bad_ones_named_by_their_cell(box, hub):
    rows = [
        HEADING,
        a_row(),
        a_row(Order="A-2", COD="about 5"),
        a_row(Order="A-3", Slot="2026-13-01T09:00/12:00"),
    ]
    made = read(box, upload(box, as_csv(rows), hub))
    assert (made.state, made.rows, made.created, made.refused) == ("done", 3, 1, 2)
    state = ShipmentState.objects.for_environment(box).get()
    assert (state.recipient, state.cash_minor, state.currency) == ("Asha", 45000, "INR")
    assert state.due_from is not None
    assert state.due_from.isoformat() == "2026-11-23T03:30:00+00:00"  # nine in Pune
    assert state.size == {"parcels": 1, "kg": 2.5}
    assert [(fault["cell"], fault["column"]) for fault in faults(made)[3]] == [("I3", "COD")]
    assert faults(made)[4][0]["cell"] == "G4"
    assert "calendar" in faults(made)[4][0]["reason"]


@pytest.mark.parametrize("make", [as_csv, as_workbook])
def test_the_same_file_twice_is_harmless(box, hub, make):
    content = make([HEADING, a_row(), a_row(Order="", Name="No id"), a_row(Order="", Name="No id")])
    first = read(box, upload(box, content, hub))
    second = read(box, upload(box, content, hub))
    assert (first.created, second.created, second.repeated, second.refused) == (3, 0, 3, 0)
    assert second.pk != first.pk
    assert Shipment.objects.for_environment(box).count() == 3


def test_a_file_that_waits_and_comes_again_is_the_same_upload(box, hub):
    content = as_csv([HEADING, a_row()])
    assert upload(box, content, hub).pk == upload(box, content, hub).pk


def test_a_known_id_with_another_content_is_refused_with_what_differs_or_changed_where_asked(box, hub):
    read(box, upload(box, as_csv([HEADING, a_row()]), hub))
    other = as_csv([HEADING, a_row(COD="500")])
    refused = read(box, upload(box, other, hub))
    assert (refused.refused, refused.repeated) == (1, 0)
    assert "cash_minor" in faults(refused)[2][0]["reason"]
    changed = read(box, upload(box, other, hub, change=True))
    assert (changed.changed, changed.refused) == (1, 0)
    assert ShipmentState.objects.for_environment(box).get().cash_minor == 50000


def test_a_slot_that_is_over_refuses_a_row_but_not_one_that_was_announced_in_time(box, hub):
    content = as_csv([HEADING, a_row()])
    read(box, upload(box, content, hub))
    later = NOW + timedelta(days=1)
    again = read(box, upload(box, as_csv([HEADING, a_row(), a_row(Order="A-2")]), hub), later)
    assert (again.repeated, again.refused) == (1, 1)
    assert "it ended on 2026-11-23 12:00" in faults(again)[3][0]["reason"]
    kept = read(box, upload(box, as_csv([HEADING, a_row(Order="A-3")]), hub, past_slots="keep"), later)
    assert kept.created == 1
    assert not faults(kept)[2][0]["refused"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "why"),
    [
        ("73.8478", "18.5089", "swapped"),
        ("17.0", "70.5", "sea"),
        ("0", "0", "not found"),
        ("48.1", "11.5", "km from the nearest hub"),
    ],
)
def test_a_place_that_cannot_be_meant_is_taken_and_marked_doubtful(box, hub, latitude, longitude, why):
    made = read(box, upload(box, as_csv([HEADING, a_row(Lat=latitude, Lng=longitude)]), hub))
    assert (made.created, made.doubtful) == (1, 1)
    assert ShipmentState.objects.for_environment(box).get().place_doubtful
    assert why in faults(made)[2][0]["reason"]


def test_a_reader_that_died_leaves_a_clean_border_and_the_next_goes_on(box, hub, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 2)
    alike = [a_row(Order="", Name="Twin")] * 5  # without an id they are told apart by how often they came
    made = upload(box, as_csv([HEADING, *alike]), hub)
    asked = [False, False, True, True]
    assert read_waiting(NOW, going=lambda: asked.pop()) == 2
    made = read(box, made, NOW + timedelta(minutes=5))
    assert (made.state, made.rows, made.created, made.repeated) == ("done", 5, 5, 0)
    assert made.content is None


def test_a_reader_whose_lease_was_taken_over_writes_nothing_more(box, hub, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 2)
    made = upload(box, as_csv([HEADING, *(a_row(Order=f"A-{n}") for n in range(4))]), hub)

    def stolen() -> bool:
        if ShipmentUpload.objects.unscoped("a test").filter(pk=made.pk, rows__gte=2).exists():
            with scope.scope(environment_id=box.pk):
                ShipmentUpload.objects.for_environment(box).update(leased_until=NOW + timedelta(hours=1))
        return True

    with scope.scope(unscoped="a test watches"):
        read_waiting(NOW, going=stolen)
    scope.enter(environment_id=box.pk)
    made.refresh_from_db()
    assert (made.state, made.rows) == ("reading", 2)
    assert Shipment.objects.for_environment(box).count() == 2


def test_a_file_that_comes_again_after_zones_and_hubs_changed_is_still_the_same(box, hub, monkeypatch):
    zone = Hub.objects.create(environment=box, kind="zone", name="Zone", timezone="Asia/Kolkata", parent=hub)
    content = as_csv([HEADING, a_row()])
    monkeypatch.setattr(settling, "hub_for", lambda environment, places: [zone.pk for _ in places])
    first = read(box, upload(box, content))
    assert (first.created, ShipmentState.objects.for_environment(box).get().hub_id) == (1, zone.pk)
    monkeypatch.setattr(settling, "hub_for", lambda environment, places: [hub.pk for _ in places])
    Hub.objects.for_environment(box).filter(pk=hub.pk).update(
        longitude=10.0, latitude=50.0
    )  # far from all of them
    again = read(box, upload(box, content))
    assert (again.repeated, again.refused) == (1, 0), faults(again)
    assert ShipmentState.objects.for_environment(box).get().hub_id == zone.pk


def test_a_place_at_nought_nought_says_so_even_where_the_address_is_not_found(box, hub):
    made = read(box, upload(box, as_csv([HEADING, a_row(Lat="0", Lng="0", Address="Nowhere Lane")]), hub))
    [fault] = faults(made)[2]
    assert fault["reason"].startswith("0, 0 is what broken software writes")
    assert "the address was not found" in fault["reason"]
