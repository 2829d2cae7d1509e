"""Geofences over REST: made, changed, uploaded, published, compared, gone back to; refusals with their places."""

import json
from pathlib import Path

import pytest

from tests.tracker.caller import problem
from tests.tracker.geofences.drawing import collection, feature, polygon
from tracker.geofences.models import Geofence, GeofenceShape

WARDS = Path(__file__).resolve().parents[4] / "shared" / "data" / "geofences" / "pune_metro_wards.geojson"
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[73.85, 18.52], [73.86, 18.53], [73.86, 18.52], [73.85, 18.53], [73.85, 18.52]]],
}


def post(api, path, body, **headers):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.send("POST", path, body=text, **headers)


def made(api, **facts):
    answer = post(api, "geofences", {"name": "Depot", "geometry": polygon(73.8, 18.5)} | facts)
    assert answer.status_code == 201, answer.content
    return json.loads(answer.content)


def test_a_geofence_is_made_changed_published_and_taken_out(api):
    depot = made(api, external_id="d-1", dwell_s=600, alert_on_enter=True)
    assert depot["state"] == "new"
    assert depot["published"] is None
    assert depot["draft"]["dwell_s"] == 600
    assert api.json("geofences/external:d-1") == depot
    published = post(api, "geofence-versions", {"note": "First"})
    assert published.status_code == 201
    assert json.loads(published.content)["number"] == 1
    changed = api.patch(f"geofences/{depot['id']}", {"margin_m": 0, "metadata": {"crew": "A"}})
    assert changed.status_code == 200
    document = json.loads(changed.content)
    assert (document["state"], document["draft"]["margin_m"], document["published"]["margin_m"]) == (
        "changed",
        0,
        None,
    )
    assert document["draft"]["geometry"] == polygon(73.8, 18.5)
    assert api.json("geofence-versions/next")["changed"][0]["changes"] == ["margin", "metadata"]
    assert api.delete(f"geofences/{depot['id']}?publish=true").status_code == 204
    problem(api.get(f"geofences/{depot['id']}"), 404, "not_found")
    assert [one["number"] for one in api.json("geofence-versions")["data"]] == [2, 1]


def test_making_and_publishing_at_once_publishes_nothing_else(api):
    made(api, name="Other", geometry=polygon(73.9, 18.5))
    depot = made(api, publish=True)
    assert depot["state"] == "published"
    assert {one["state"] for one in api.json("geofences")["data"]} == {"new", "published"}


def test_circles_and_corridors_are_given_by_their_metres(api):
    circle = made(api, geometry={"type": "Point", "coordinates": [73.85, 18.52]}, radius_m=100)
    assert circle["draft"]["kind"] == "circle"
    assert circle["draft"]["area_m2"] == pytest.approx(31_416, rel=0.002)
    line = {"type": "LineString", "coordinates": [[73.85, 18.52], [73.86, 18.52]]}
    corridor = made(api, geometry=line, width_m=60)
    assert (corridor["draft"]["kind"], corridor["draft"]["radius_m"]) == ("corridor", 30)
    wider = json.loads(api.patch(f"geofences/{corridor['id']}", {"width_m": 80}).content)
    assert wider["draft"]["radius_m"] == 40


def test_a_bad_geometry_is_refused_with_its_ring_and_vertex(api):
    answer = post(api, "geofences", {"name": "Bow tie", "geometry": BOW_TIE})
    problem(answer, 400, "invalid_geofence", "/geometry/coordinates/0/0")
    [fault] = json.loads(answer.content)["faults"]
    assert (fault["ring"], fault["vertex"], fault["longitude"], fault["latitude"]) == (0, 0, 73.855, 18.525)
    assert api.json("geofences")["data"] == []


@pytest.mark.parametrize(
    ("facts", "param"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"margin_m": -1}, "/margin_m"),
        ({"dwell_s": 1.5}, "/dwell_s"),
        ({"dwell_s": "60"}, "/dwell_s"),
        ({"alert_on_exit": 1}, "/alert_on_exit"),
        ({"colour": "red"}, "/colour"),
        ({"metadata": []}, "/metadata"),
        ({"geometry": None}, "/geometry"),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, "/radius_m"),
        (
            {"geometry": {"type": "Point", "coordinates": [1, 89.9]}, "radius_m": 99_000},
            "/geometry/coordinates",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(api, facts, param):
    answer = post(api, "geofences", {"name": "Depot", "geometry": polygon(73.8, 18.5)} | facts)
    problem(answer, 400, "invalid_geofence", param)
    assert not Geofence.objects.unscoped("nothing was stored").exists()


def test_an_unknown_field_is_refused(api):
    problem(post(api, "geofences", {"colour_": "x"}), 400, "unknown_field", "/colour_")


def test_an_external_id_that_is_taken_is_a_conflict(api):
    made(api, external_id="d-1")
    answer = post(api, "geofences", {"name": "B", "external_id": "d-1", "geometry": polygon(73.9, 18.5)})
    problem(answer, 409, "external_id_taken")


def test_an_upload_is_stored_as_a_whole_or_refused_with_all_its_faults(api):
    good, bad = feature(polygon(73.8, 18.5), code="a"), feature(BOW_TIE, code="b", name="Bow tie")
    unclosed = feature({"type": "Polygon", "coordinates": [[[73, 18], [74, 18], [74, 19]]]})
    body = collection(good, bad, unclosed)
    answer = post(api, "geofences/upload", body)
    problem(answer, 400, "invalid_upload", "/features/1/geometry/coordinates/0/0")
    faults = json.loads(answer.content)["faults"]
    assert [(one["feature"], one["name"], one["code"]) for one in faults] == [
        (1, "Bow tie", "self_intersection"),
        (2, "", "ring_not_closed"),
    ]
    assert api.json("geofences")["data"] == []
    taken = post(api, "geofences/upload?skip_invalid=true", body)
    assert taken.status_code == 200
    result = json.loads(taken.content)
    assert (result["created"], result["skipped"], len(result["faults"])) == (1, 2, 2)


def test_replacing_the_set_spares_what_a_refused_feature_names(api):
    body = collection(feature(polygon(73.8, 18.5), code="a"), feature(polygon(73.9, 18.5), code="b"))
    assert post(api, "geofences/upload?publish=true", body).status_code == 200
    broken = collection(feature(polygon(73.8, 18.5), code="a"), feature(BOW_TIE, code="b"))
    result = json.loads(post(api, "geofences/upload?mode=replace&skip_invalid=true", broken).content)
    assert (result["taken_out"], result["unchanged"]) == (0, 1)
    result = json.loads(post(api, "geofences/upload?mode=replace", collection(body["features"][0])).content)
    assert result["taken_out"] == 1
    assert [one["external_id"] for one in api.json("geofence-versions/next")["removed"]] == ["b"]


def test_what_is_downloaded_can_be_uploaded_again_and_changes_nothing(api):
    made(api, external_id="a", margin_m=30, colour="#1b6fa3", metadata={"crew": "A"})
    line = {"type": "LineString", "coordinates": [[73.85, 18.52], [73.86, 18.52]]}
    made(api, external_id="b", name="Road", geometry=line, width_m=60, dwell_s=60, alert_on_exit=True)
    post(api, "geofence-versions", {})
    answer = api.get("geofences/geojson")
    assert answer["Content-Type"] == "application/geo+json"
    result = json.loads(
        post(api, "geofences/upload", answer.content, content_type="application/geo+json").content
    )
    assert (result["created"], result["changed"], result["unchanged"]) == (0, 0, 2)
    assert json.loads(api.get("geofence-versions/1/geojson").content) == json.loads(answer.content)


def test_a_byte_order_mark_is_no_obstacle_and_a_text_that_is_not_json_is_one(api):
    text = b"\xef\xbb\xbf" + json.dumps(feature(polygon(73.8, 18.5))).encode()
    assert post(api, "geofences/upload", text).status_code == 200
    problem(post(api, "geofences/upload", b'{"type": NaN}'), 400, "invalid_json")


def test_more_than_a_megabyte_is_taken_and_more_than_eight_refused(api):
    wide = feature(polygon(73.8, 18.5)) | {"note": "x" * 1_500_000}
    assert post(api, "geofences/upload", wide).status_code == 200
    problem(post(api, "geofences/upload", b" " * (8 * 1024 * 1024 + 1)), 413, "body_too_large")


def test_versions_are_compared_and_gone_back_to(api):
    depot = made(api)
    post(api, "geofence-versions", {"note": "First"})
    api.patch(f"geofences/{depot['id']}", {"name": "Wrong"})
    post(api, "geofence-versions", {})
    document = api.json("geofence-versions/2")
    assert document["against"] == 1
    assert document["difference"]["changed"][0]["changes"] == ["name"]
    assert api.json("geofence-versions/1")["against"] is None
    back = post(api, "geofence-versions/1/rollback", {"note": "Undo"})
    assert json.loads(back.content)["restores"] == 1
    assert api.json(f"geofences/{depot['id']}")["draft"]["name"] == "Depot"
    problem(post(api, "geofence-versions/1/rollback", {}), 409, "nothing_to_publish")
    problem(post(api, "geofence-versions/9/rollback", {}), 404, "not_found")
    problem(post(api, "geofence-versions", {}), 409, "nothing_to_publish")
    assert api.json("geofence-versions/3", against=1)["difference"]["unchanged"] == 1


def test_a_publish_can_be_limited_to_some(api):
    depot, _ = made(api), made(api, name="Yard", geometry=polygon(73.9, 18.5))
    answer = post(api, "geofence-versions", {"geofences": [depot["id"]]})
    assert answer.status_code == 201
    assert [one["state"] for one in api.json("geofences")["data"]] == ["published", "new"]
    problem(post(api, "geofence-versions", {"geofences": ["gf_x"]}), 400, "invalid_field", "/geofences/0")


def test_the_list_has_pages_and_finds_names_and_ids(api):
    for number in range(5):
        made(api, name=f"Zone {number}", external_id=f"z{number}", geometry=polygon(73 + number, 18))
    first = api.json("geofences", limit=3)
    rest = api.json("geofences", limit=3, cursor=first["next_cursor"])
    assert [one["draft"]["name"] for one in first["data"] + rest["data"]] == [f"Zone {n}" for n in range(5)]
    assert rest["next_cursor"] is None
    assert [one["external_id"] for one in api.json("geofences", q="ZONE 3")["data"]] == ["z3"]
    assert [one["external_id"] for one in api.json("geofences", q="z4")["data"]] == ["z4"]


def test_a_rival_sees_none_of_it(api, rival_api):
    depot = made(api, external_id="d-1", publish=True)
    assert rival_api.json("geofences")["data"] == []
    assert rival_api.json("geofence-versions")["data"] == []
    problem(rival_api.get(f"geofences/{depot['id']}"), 404, "not_found")
    problem(rival_api.get("geofence-versions/1"), 404, "not_found")


@pytest.mark.skipif(not WARDS.is_file(), reason="the shared data are not here")
def test_a_metro_of_124_wards_is_uploaded_whole(api, customer):
    answer = post(api, "geofences/upload?publish=true", WARDS.read_bytes())
    assert json.loads(answer.content)["created"] == 124
    stored = GeofenceShape.objects.for_environment(customer.test)
    assert stored.count() == 124
    given = json.loads(WARDS.read_bytes())["features"][7]["geometry"]
    kept = stored.get(
        geofence__external_id=json.loads(WARDS.read_bytes())["features"][7]["properties"]["code"]
    )
    assert kept.source == given
