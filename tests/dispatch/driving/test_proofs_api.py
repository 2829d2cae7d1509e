"""Proofs of delivery over the API: listed by shipment, their bytes as they came, nothing where they are gone."""

import hashlib
import uuid

import pytest

from dispatch.driving.models import DeliveryProof
from dispatch.driving.proofs import keep_proof
from tests.dispatch.driving.test_proofs import NOW, picture
from tests.dispatch.rounds import a_round
from tests.tracker.caller import problem


@pytest.fixture
def route(box):
    return a_round(box, 2, now=NOW)


def test_a_proof_is_listed_with_its_shipment_and_given_out_byte_for_byte(api, route):
    content = picture()
    keep_proof(
        route.shipment(1), "photo", content, uid=uuid.uuid4(), driver=route.driver, taken_at=NOW, now=NOW
    )
    shipment = route.shipment(1).public_id
    [listed] = api.get(f"/api/v1/proofs?shipment={shipment}").json()["data"]
    assert (listed["shipment"], listed["driver"], listed["kind"]) == (
        shipment,
        route.driver.public_id,
        "photo",
    )
    assert listed["sha256"] == hashlib.sha256(content).hexdigest()
    given = api.get(listed["content"])
    assert (given.content, given.headers["Content-Type"]) == (content, "image/jpeg")
    assert "sandbox" in given.headers["Content-Security-Policy"]
    assert api.get(f"/api/v1/proofs?shipment={route.shipment(2).public_id}").json()["data"] == []
    DeliveryProof.objects.for_environment(route.environment).update(stored_as="proofs/nowhere")
    problem(api.get(listed["content"]), 404, "not_found")
    problem(api.get("/api/v1/proofs/pod_" + "0" * 32 + "/content"), 404, "not_found")
