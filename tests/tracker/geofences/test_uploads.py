"""What is read of an upload, and what is refused and where: published cases and our own."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely

from tests.tracker.geofences.drawing import collection, feature, polygon
from tracker.geofences.uploads import read_upload

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
EDGES = DATA / "badinput" / "geofence_edge_cases.ndjson.gz"
LINT = DATA / "badinput" / "geojson_lint.ndjson.gz"
JTS = DATA / "badinput" / "polygon_validity_jts.json"
CONTAINS = DATA / "protocols" / "geofence_contains.json"
# reasons for which correct GeoJSON may still be no geofence
NO_GEOFENCE = {"no_radius", "wrong_geometry", "no_geometry", "off_the_globe"}


def cases(path: Path) -> list[dict]:
    if not path.is_file():
        return []
    if path.suffix == ".gz":
        return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    found: list[dict] = json.loads(path.read_text())
    return found


def read(text: str):
    """The upload, None where the text is no JSON."""
    try:
        return read_upload(msgspec.json.decode(text.encode().removeprefix(b"\xef\xbb\xbf")))
    except msgspec.DecodeError:
        return None


def only(document):
    upload = read_upload(document)
    assert upload.faults.kept == []
    return upload.shapes[0].outline


def fault(document):
    upload = read_upload(document)
    assert upload.shapes == []
    return upload.faults.kept[0]


def inside(outline, longitude, latitude) -> bool:
    return bool(shapely.covers(outline.geometry, shapely.Point(longitude, latitude)))


@pytest.mark.parametrize("case", cases(EDGES), ids=lambda case: case["name"])
def test_each_upload_gets_what_it_must(case):
    upload = read(case["body"])
    taken = upload is not None and upload.faults.count == 0 and len(upload.shapes) > 0
    if case["must"] == "accept":
        assert taken
    elif case["must"] in {"reject", "reject_or_repair", "reject_or_partial"}:
        assert not taken
    if upload is not None:
        assert taken or upload.faults.kept[0].sentence


@pytest.mark.parametrize("case", cases(LINT), ids=lambda case: case["id"])
def test_each_case_of_the_linter_is_judged_alike(case):
    upload = read(case["text"])
    if case["must"] == "reject":
        assert upload is None or upload.faults.count > 0
    else:
        assert upload is not None
        codes = {fault.code for fault in upload.faults.kept}
        assert codes <= NO_GEOFENCE


@pytest.mark.parametrize(
    "case", [one for one in cases(JTS) if one["geojson_lonlat"]], ids=lambda case: case["id"]
)
def test_each_case_of_validity_is_judged_alike(case):
    upload = read_upload(case["geojson_lonlat"])
    assert (upload.faults.count == 0) is case["valid"], upload.faults.kept
    for one in upload.faults.kept:
        assert one.sentence.endswith(".")
        assert one.where.path.startswith("/coordinates")


@pytest.mark.parametrize("case", cases(CONTAINS))
def test_each_published_point_lies_where_it_must(case):
    if case["kind"] == "polygon":
        document = feature({"type": "Polygon", "coordinates": case["polygon"]})
    elif case["kind"] == "circle":
        document = feature({"type": "Point", "coordinates": case["center"]}, radius_m=case["radius_m"])
    else:
        document = feature({"type": "LineString", "coordinates": case["line"]}, radius_m=case["distance_m"])
    longitude, latitude = case["point"]
    assert inside(only(document), (longitude + 180) % 360 - 180, latitude) is case["inside"]


def test_a_fault_names_feature_polygon_ring_vertex_and_place():
    two = {
        "type": "MultiPolygon",
        "coordinates": [polygon(73, 18)["coordinates"], polygon(74, 18)["coordinates"]],
    }
    two["coordinates"][1].append(
        [[74.001, 18.001], [74.002, 18.002], [74.002, 18.001], [74.001, 18.002], [74.001, 18.001]]
    )
    found = fault(collection(feature(two, name="Both")))
    assert found.where.path == "/features/0/geometry/coordinates/1/1/0"
    assert (found.where.feature, found.where.part, found.where.ring, found.where.name) == (0, 1, 1, "Both")
    assert (found.longitude, found.latitude) == (pytest.approx(74.0015), pytest.approx(18.0015))


def test_every_bad_feature_is_listed_and_the_list_has_an_end():
    unclosed = {"type": "Polygon", "coordinates": [[[73, 18], [74, 18], [74, 19], [73, 19]]]}
    upload = read_upload(collection(*[feature(unclosed)] * 250))
    assert (upload.faults.count, len(upload.faults.kept)) == (250, 100)


def test_the_coordinates_are_kept_to_the_last_bit():
    exact = [
        [73.85000000012344, 18.520000000123456],
        [73.86, 18.52],
        [73.86, 18.53],
        [73.85000000012344, 18.520000000123456],
    ]
    outline = only(feature({"type": "Polygon", "coordinates": [exact]}))
    assert shapely.get_coordinates(outline.geometry).tolist() == exact


def test_a_polygon_across_180_degrees_is_cut_and_says_so():
    ring = [[179.5, -17], [-179.5, -17], [-179.5, -16], [179.5, -16], [179.5, -17]]
    outline = only(feature({"type": "Polygon", "coordinates": [ring]}))
    assert len(outline.geometry.geoms) == 2
    assert outline.notes
    assert inside(outline, 179.9, -16.5)
    assert inside(outline, -179.9, -16.5)
    assert not inside(outline, 73.85, -16.5)
    run_on = [[179.5, -17], [180.5, -17], [180.5, -16], [179.5, -16], [179.5, -17]]
    other = only(feature({"type": "Polygon", "coordinates": [run_on]}))
    assert shapely.equals(other.geometry, outline.geometry)


def test_a_hole_across_180_degrees_stays_a_hole():
    ring = [[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]
    hole = [[-179.5, -16.7], [179.5, -16.7], [179.5, -16.3], [-179.5, -16.3], [-179.5, -16.7]]
    outline = only(feature({"type": "Polygon", "coordinates": [ring, hole]}))
    assert inside(outline, 179.2, -16.5)
    assert not inside(outline, 180, -16.5)
    assert not inside(outline, -179.9, -16.5)


def test_a_ring_round_a_pole_and_one_round_the_globe_are_refused():
    round_it = [[0, 80], [90, 80], [180, 80], [-90, 80], [0, 80]]
    assert fault(feature({"type": "Polygon", "coordinates": [round_it]})).code == "round_a_pole"
    world = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    assert fault(feature({"type": "Polygon", "coordinates": [world]})).code == "too_wide"
    assert fault(feature({"type": "Point", "coordinates": [0, 89.5]}, radius_m=1)).code == "near_pole"


@pytest.mark.parametrize(("longitude", "latitude"), [(4.9, 52.4), (179.999, -17), (-70, 80), (0, 0)])
def test_a_circle_lies_at_its_radius_all_round(longitude, latitude):
    outline = only(feature({"type": "Point", "coordinates": [longitude, latitude]}, radius_m=5000))
    degree = np.radians(1) * 6_371_008.8
    for far, is_inside in ((4990, True), (5010, False)):
        east = far / degree / np.cos(np.radians(latitude))
        for step in (east, -east):
            at = (longitude + step + 180) % 360 - 180
            assert inside(outline, at, latitude) is is_inside
        assert inside(outline, longitude, latitude + far / degree) is is_inside


def test_a_corridor_is_as_wide_at_its_northern_end_as_at_its_southern():
    line = [[10, 40], [10, 60]]
    outline = only(feature({"type": "LineString", "coordinates": line}, width_m=2000))
    degree = np.radians(1) * 6_371_008.8
    for latitude in (40.01, 45, 52.3, 59.99):
        for far, is_inside in ((990, True), (1010, False)):
            east = far / degree / np.cos(np.radians(latitude))
            assert inside(outline, 10 + east, latitude) is is_inside
            assert inside(outline, 10 - east, latitude) is is_inside


def star(points: int, inner: float) -> list[list[float]]:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = np.where(np.arange(points) % 2, inner, 1.0) * 0.01
    ring = np.column_stack((73 + reach * np.cos(angle), 18 + reach * np.sin(angle)))
    return [*ring.tolist(), ring[0].tolist()]


def test_a_shape_that_would_stall_the_check_is_refused_before_it_does():
    assert fault(feature({"type": "Polygon", "coordinates": [star(60_000, 0.01)]})).code == "too_tangled"
    many = read_upload(collection(*[feature({"type": "Polygon", "coordinates": [star(3000, 0.01)]})] * 100))
    assert {one.code for one in many.faults.kept} == {"too_tangled"}
    scribble = np.random.default_rng(1).random((3000, 2)) * 0.1 + [73, 18]
    line = {"type": "LineString", "coordinates": scribble.tolist()}
    assert fault(feature(line, width_m=50)).code == "too_many_vertices"


def test_a_long_border_is_none_of_these():
    only(feature({"type": "Polygon", "coordinates": [star(99_000, 0.99999)]}))


def test_metres_and_swapped_axes_are_told_in_the_refusal():
    swapped = {"type": "Polygon", "coordinates": [[[18, 173], [18, 174], [19, 174], [18, 173]]]}
    assert "wrong way round" in fault(feature(swapped)).sentence
    mercator = {
        "type": "Polygon",
        "coordinates": [[[8220944, 2099000], [8222057, 2099000], [8220944, 2099000]]],
    }
    assert "degrees" in fault(feature(mercator)).sentence


def test_what_else_a_feature_says_becomes_metadata():
    upload = read_upload(feature(polygon(73, 18), code=7, name=" Ward ", city="Pune", margin_m=None))
    [shape] = upload.shapes
    assert (shape.external_id, shape.rules.name, shape.rules.metadata) == ("7", "Ward", {"city": "Pune"})


def test_an_id_that_comes_twice_in_one_upload_is_refused():
    upload = read_upload(collection(feature(polygon(73, 18), code="a"), feature(polygon(74, 18), code="a")))
    assert [one.code for one in upload.faults.kept] == ["repeated_id"]


PARSING = DATA / "badinput" / "json_parsing.ndjson.gz"


def test_no_text_at_all_makes_it_fail():
    for case in cases(PARSING):
        raw = base64.b64decode(case.get("base64") or case.get("body") or "")
        try:
            document = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        read_upload(document)
    nonsense: list[Any] = [
        None,
        True,
        1,
        "x",
        [],
        {},
        {"type": []},
        {"type": "Feature", "geometry": {"type": {}}},
    ]
    for value in nonsense:
        assert read_upload(value).faults.count > 0
