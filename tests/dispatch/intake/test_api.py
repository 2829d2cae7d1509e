"""Uploads and the gazetteer over the API."""

from dispatch.fleet.models import Hub
from dispatch.intake.reading import read_waiting
from tests.dispatch.intake.files import HEADING, NOW, a_row, as_csv, as_workbook
from tests.tracker.caller import problem
from tracker.tenants import scope

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def hub_in(environment) -> Hub:
    with scope.scope(environment_id=environment.pk):
        return Hub.objects.create(
            environment=environment, external_id="pune", kind="centre", name="Pune", timezone="Asia/Kolkata",
            longitude=73.8567, latitude=18.5204,
        )  # fmt: skip


def test_a_file_is_sent_read_and_its_faults_are_listed_by_cell(api, customer):
    hub_in(customer.test)
    rows = [HEADING, a_row(), a_row(Order="A-2", Weight="heavy"), a_row(Order="A-3", Phone="9.1E+11")]
    answer = api.post(
        "shipment-uploads?hub=external:pune&file_name=monday.csv", as_csv(rows), content_type=CSV
    )
    assert answer.status_code == 202, answer.content
    waiting = answer.json()
    assert (waiting["state"], waiting["total_rows"], waiting["file_name"]) == ("waiting", 3, "monday.csv")
    read_waiting(NOW)
    done = api.json(f"shipment-uploads/{waiting['id']}")
    assert (done["state"], done["created"], done["refused"], done["columns"]["COD"]) == ("done", 2, 1, "cash")
    listed = api.json(f"shipment-uploads/{waiting['id']}/rows", limit=1)
    assert [fault["cell"] for fault in listed["data"][0]["faults"]] == ["H3"]
    assert listed["data"][0]["shipment"] is None
    rest = api.json(f"shipment-uploads/{waiting['id']}/rows", limit=1, cursor=listed["next_cursor"])
    assert rest["data"][0]["faults"][0]["refused"] is False
    assert rest["next_cursor"] is None
    refused = api.json(f"shipment-uploads/{waiting['id']}/rows", refused="true")
    assert [row["row"] for row in refused["data"]] == [3]
    assert len(api.json("shipments")["data"]) == 2


def test_a_workbook_is_taken_by_its_bytes_whatever_it_is_called(api, customer):
    hub_in(customer.test)
    answer = api.post("shipment-uploads", as_workbook([HEADING, a_row()]), content_type=XLSX)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    again = api.post(
        "shipment-uploads", as_workbook([HEADING, a_row()]), content_type="application/octet-stream"
    )
    assert again.status_code == 202


def test_what_is_no_file_or_no_option_is_refused_by_name(api):
    problem(api.post("shipment-uploads", b"", content_type=CSV), 400, "invalid_file")
    problem(api.post("shipment-uploads", {"a": 1}), 415, "unsupported_media_type", "Content-Type")
    problem(api.post("shipment-uploads?hub=external:x", b"a,b\n", content_type=CSV), 404, "not_found")
    problem(
        api.post("shipment-uploads?currency=rupies", b"a,b\n", content_type=CSV),
        400,
        "invalid_parameter",
        "currency",
    )
    problem(
        api.post("shipment-uploads?date_form=x", b"a,b\n", content_type=CSV),
        400,
        "invalid_parameter",
        "date_form",
    )
    unreadable = api.post("shipment-uploads", b"%PDF-1.7", content_type=CSV).json()
    assert (unreadable["state"], "PDF" in unreadable["problem"]) == ("failed", True)


def test_a_rival_sees_no_upload(api, rival_api, customer):
    made = api.post("shipment-uploads", as_csv([HEADING, a_row()]), content_type=CSV).json()
    problem(rival_api.get(f"shipment-uploads/{made['id']}"), 404, "not_found")
    assert rival_api.json("shipment-uploads")["data"] == []


def test_a_gazetteer_is_loaded_and_one_without_places_refused(api):
    places = as_csv([("name", "postcode", "lat", "lon"), ("Doddagubbi", "560077", "13.06", "77.65")])
    assert api.post("gazetteer", places, content_type=CSV).json() == {
        "places": 1,
        "loaded": 1,
        "left_out": [],
    }
    assert api.json("gazetteer")["places"] == 1
    problem(api.post("gazetteer", as_csv([("name", "x"), ("a", "b")]), content_type=CSV), 400, "invalid_file")


def test_a_shipment_of_the_api_is_doubted_where_it_cannot_be_meant_and_finds_its_time_zone(api, customer):
    hub = hub_in(customer.test)
    body = {"external_id": "P-1", "hub": hub.public_id, "longitude": 18.5204, "latitude": 73.8567}
    assert api.post("shipments", body).json()["place"]["doubtful"] is True
    sound = {"external_id": "P-2", "hub": hub.public_id, "longitude": 73.85, "latitude": 18.52}
    answers = api.post("shipments/batch", {"shipments": [sound, body]}).json()
    assert (answers["created"], answers["repeated"]) == (
        1,
        1,
    )  # the doubt is ours, and makes no other content
    assert api.json("shipments/external:P-2")["place"]["doubtful"] is False
