"""The geofences pages: found, changed, uploaded, published without a script; what the editor asks."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.tracker.geofences.drawing import a_square, collection, feature, polygon
from tests.tracker.geofences.test_geofences_api import BOW_TIE
from tracker.geofences.models import Geofence
from tracker.geofences.selectors import drafts_of, find_geofence, latest_version, state_of
from tracker.geofences.services import create_geofence
from tracker.tenants.models import Role

ROOT = "/console/geofences/"


@pytest.fixture
def client(customer, signed_in):
    return signed_in(customer.owner)


def a_file(document) -> SimpleUploadedFile:
    return SimpleUploadedFile(
        "zones.geojson", json.dumps(document).encode(), content_type="application/geo+json"
    )


def state_now(customer, made) -> str:
    found = find_geofence(customer.test.pk, made.public_id)
    assert found is not None
    return state_of(found)


def test_the_list_finds_by_name_and_by_id(client, customer):
    for number, name in enumerate(("Depot", "Yard")):
        create_geofence(customer.test.pk, a_square(name, east=number, external_id=f"id-{name}"), by=None)
    page = client.get(ROOT).content.decode()
    assert "Depot" in page
    assert "Yard" in page
    assert "2 new" in page
    found = client.get(ROOT, {"q": "id-yard"}).content.decode()
    assert "Yard" in found
    assert "Depot" not in found


def test_a_name_with_markup_is_text_everywhere(client, customer):
    name = "<img src=x onerror=alert(1)>"
    made = create_geofence(customer.test.pk, a_square(name), by=None)
    for path in ("", f"{made.public_id}/", "publish/"):
        page = client.get(ROOT + path).content.decode()
        assert "&lt;img src=x" in page
        assert name not in page


def test_what_is_said_of_a_geofence_is_changed_without_touching_its_border(client, customer):
    made = create_geofence(customer.test.pk, a_square("Depot", external_id="d-1"), by=None)
    assert made.draft is not None
    border = made.draft.source
    sent = {"name": "Main depot", "external_id": "d-1", "margin_m": "40", "dwell_s": "", "colour": "#1B6FA3"}
    answer = client.post(f"{ROOT}{made.public_id}/", sent | {"alert_on_exit": "on"})
    assert answer.status_code == 302
    [shape] = drafts_of(customer.test.pk).values()
    assert (shape.name, shape.margin_m, shape.dwell_s, shape.colour) == ("Main depot", 40, None, "#1b6fa3")
    assert (shape.alert_on_enter, shape.alert_on_exit, shape.source) == (False, True, border)
    refused = client.post(f"{ROOT}{made.public_id}/", sent | {"margin_m": "-5"})
    assert refused.status_code == 200


def test_an_upload_without_a_script_lists_every_problem_and_stores_nothing(client, customer):
    file = a_file(collection(feature(polygon(73.8, 18.5), name="Good"), feature(BOW_TIE, name="Bow tie")))
    answer = client.post(f"{ROOT}upload/", {"file": file})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Feature 1, <bdi>Bow tie</bdi>" in page
    assert "/features/1/geometry/coordinates/0/0" in page
    assert not Geofence.objects.for_environment(customer.test).exists()
    file.seek(0)
    assert client.post(f"{ROOT}upload/", {"file": file, "skip_invalid": "on"}).status_code == 302
    assert [shape.name for shape in drafts_of(customer.test.pk).values()] == ["Good"]


def test_the_editor_gets_the_same_problems_as_data(client):
    file = a_file(feature(BOW_TIE, name="Bow tie"))
    answer = client.post(f"{ROOT}upload/", {"file": file}, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["fault_count"] == 1
    assert answer.json()["faults"][0]["longitude"] == 73.855
    nonsense = SimpleUploadedFile("x.json", b"{nonsense")
    answer = client.post(f"{ROOT}upload/", {"file": nonsense}, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert "not valid JSON" in answer.json()["detail"]


def test_publishing_shows_the_difference_first_and_takes_a_note(client, customer):
    create_geofence(customer.test.pk, a_square("Depot"), by=None)
    assert "Depot" in client.get(f"{ROOT}publish/").content.decode()
    assert client.post(f"{ROOT}publish/", {"note": "The first ones"}).status_code == 302
    version = latest_version(customer.test.pk)
    assert version is not None
    assert (version.number, version.note, version.published_by) == (1, "The first ones", customer.owner)
    history = client.get(f"{ROOT}versions/").content.decode()
    assert "The first ones" in history
    assert "In force" in history
    assert "No difference" in client.get(f"{ROOT}publish/").content.decode()


def test_one_goes_back_to_a_version_from_its_page(client, customer):
    made = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    client.post(f"{ROOT}publish/")
    client.post(f"{ROOT}{made.public_id}/", {"name": "Wrong"})
    client.post(f"{ROOT}publish/")
    page = client.get(f"{ROOT}versions/2/").content.decode()
    assert "was <bdi>Depot</bdi>" in page
    assert "Go back to version 1" in client.get(f"{ROOT}versions/1/").content.decode()
    assert client.post(f"{ROOT}versions/1/rollback/", {"note": "Undo"}).status_code == 302
    assert [shape.name for shape in drafts_of(customer.test.pk).values()] == ["Depot"]
    assert "Taken out" not in client.get(f"{ROOT}versions/3/?against=1").content.decode()


def test_taking_out_and_keeping_after_all(client, customer):
    made = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    client.post(f"{ROOT}publish/")
    client.post(f"{ROOT}{made.public_id}/take-out/")
    assert state_now(customer, made) == "retiring"
    client.post(f"{ROOT}{made.public_id}/discard/")
    assert state_now(customer, made) == "published"


def test_the_editor_saves_reads_and_draws(client, customer):
    page = client.get(f"{ROOT}editor/").content.decode()
    assert "editor-values" in page
    body = {"name": "Depot", "geometry": {"type": "Point", "coordinates": [73.85, 18.52]}, "radius_m": 100}
    saved = client.post(f"{ROOT}editor/save/", json.dumps(body), content_type="application/json").json()
    assert saved["draft"]["kind"] == "circle"
    [border] = client.get(f"{ROOT}editor/borders.geojson").json()["features"]
    assert border["properties"] | {"of": "draft", "state": "new", "name": "Depot"} == border["properties"]
    changed = {"id": saved["id"], "name": "Depot", "radius_m": 150}
    again = client.post(f"{ROOT}editor/save/", json.dumps(changed), content_type="application/json").json()
    assert again["draft"]["radius_m"] == 150
    assert client.get(f"{ROOT}{saved['id']}/shape.json").json() == again
    bad = {"name": "Bow tie", "geometry": BOW_TIE}
    refused = client.post(f"{ROOT}editor/save/", json.dumps(bad), content_type="application/json")
    assert (refused.status_code, refused.json()["fault_count"]) == (400, 1)
    assert Geofence.objects.for_environment(customer.test).count() == 1
    difference = client.get(f"{ROOT}publish/difference.geojson").json()
    assert [one["properties"]["became"] for one in difference["features"]] == ["added"]


def test_viewers_look_and_do_not_touch(customer, signed_in):
    made = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    viewer = signed_in(customer.member(Role.VIEWER))
    for path in ("", "editor/", f"{made.public_id}/", "versions/", "editor/borders.geojson"):
        assert viewer.get(ROOT + path).status_code == 200
    for path in (
        "upload/",
        "publish/",
        "editor/save/",
        f"{made.public_id}/take-out/",
        "versions/1/rollback/",
    ):
        assert viewer.post(ROOT + path).status_code == 403
    viewer.post(f"{ROOT}{made.public_id}/", {"name": "Mine"})
    assert [shape.name for shape in drafts_of(customer.test.pk).values()] == ["Depot"]
