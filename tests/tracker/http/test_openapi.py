"""The API's description: complete, valid, what is served, what was reviewed, and what the answers really look like."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from ingest_lambda.formats import native
from tests.tracker.caller import a_count, a_device, a_position, a_set_aside, a_state, yesterday
from tests.tracker.http.outline import outline_of
from tracker.http.reference import openapi_document

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "api-outline.txt"


def test_no_change_of_the_api_goes_unnoticed():
    """After a wanted change: MILEPOST_WRITE_OPENAPI=1 and this test once more; the difference is for reviewers."""
    if os.environ.get("MILEPOST_WRITE_OPENAPI"):
        COMMITTED.write_text(outline_of(openapi_document()), encoding="utf-8")
    assert COMMITTED.read_text(encoding="utf-8") == outline_of(openapi_document())


def test_the_document_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "schema.yaml"))


def test_every_address_of_the_api_is_described():
    described = {re.sub(r"{\w+}", "*", path) for path in openapi_document()["paths"]}
    addresses: Any = get_resolver().reverse_dict
    found = set()
    for name in addresses:
        if isinstance(name, str) and name.startswith("api_") and name not in {"api_reference", "api_openapi"}:
            [(form, _)], *_ = addresses[name]
            found.add("/" + re.sub(r"%\(\w+\)s", "*", form))
    assert found | {"/ingest/v1/positions"} == described


def test_every_operation_says_what_it_is_who_may_and_what_can_go_wrong():
    for path, operations in openapi_document()["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert len(operation["description"]) > 20, path
            assert operation["security"], path
            assert {"400", "401", "503"} <= operation["responses"].keys(), (path, method)
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (path, parameter["name"])


def test_it_is_served_to_anybody_and_any_page(db):
    answer = Client().get("/api/v1/openapi.json")
    assert json.loads(answer.content) == openapi_document()
    assert answer["Access-Control-Allow-Origin"] == "*"


def _closed(schema):
    """The schema with every object closed, so that a field it does not know fails."""
    if isinstance(schema, dict):
        inner = {name: _closed(value) for name, value in schema.items()}
        if "properties" in inner:
            inner.setdefault("additionalProperties", False)
        return inner
    return [_closed(value) for value in schema] if isinstance(schema, list) else schema


def _fits(name, value):
    document = _closed(openapi_document())
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)


def test_real_answers_fit_the_document(api, customer):
    device = a_device(customer.test, metadata={"a": [1]})
    a_state(device, datetime.now(UTC))
    a_device(customer.test, "waiting")
    a_position(device, yesterday(8), altitude_m=3, extra={"a": 1}, permissions={"b": None}, heading_deg=0)
    a_set_aside(customer.test, yesterday(8), device=device)
    a_set_aside(customer.test, yesterday(8), external_id="ghost", payload="cut {")
    a_count(customer.test, yesterday(8), "filtered", 2, reason="teleport")
    _fits("DevicePage", api.json("devices"))
    _fits("DevicePage", api.json("devices", limit=1))
    _fits("DeviceDocument", api.json(f"devices/{device.public_id}"))
    _fits("DeviceDocument", json.loads(api.patch(f"devices/{device.public_id}", {"name": "x"}).content))
    _fits("PositionPage", api.json(f"devices/{device.public_id}/positions", from_=yesterday().isoformat()))
    _fits("SetAsidePage", api.json("quarantine"))
    _fits("OutcomeTotals", api.json("outcomes"))
    _fits("EnvironmentDocument", api.json("environment"))
    for refused in (
        api.get("devices", limit=0),
        api.get("nothing"),
        api.send("GET", "devices", authorization="x"),
    ):
        _fits("Problem", json.loads(refused.content))


@pytest.mark.parametrize("name", ["Report", "DeviceChange", "Problem"])
def test_the_schemas_of_bodies_are_schemas(name):
    Draft202012Validator.check_schema(openapi_document()["components"]["schemas"][name])


def test_the_ingest_body_that_the_document_shows_is_taken_by_the_door():
    """The edge's half of the document is written by hand; its own parser is asked."""
    report = openapi_document()["components"]["schemas"]["Report"]
    known = set(openapi_document()["components"]["schemas"]["PositionReport"]["properties"])
    source = Path(native.__file__).with_name("position.py").read_text(encoding="utf-8")
    assert [field for field in known if f'"{field}"' not in source] == []
    _fits("Report", report["examples"][0])


def test_the_reference_page_shows_every_operation_and_needs_no_script(db):
    page = Client().get("/api/reference/").content.decode()
    for path, operations in openapi_document()["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page
    assert "$ref" not in page
    assert "`" not in page
