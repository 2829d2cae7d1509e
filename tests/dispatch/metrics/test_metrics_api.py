"""The day's figures and the judgement of predictions over the API; events mark days."""

from datetime import timedelta

from django.utils import timezone

from dispatch.metrics import services
from dispatch.metrics.hearing import hear
from dispatch.metrics.models import HubDay, SlotPrediction
from tests.dispatch.fleet.ground import a_driver, a_hub, a_manifest, a_shipment, a_stop
from tests.tracker.caller import problem
from tracker.outbox.models import OutboxEvent


def a_day(box, now):
    west = a_hub(box, "West", kind="region", external_id="west", timezone="UTC")
    pune = a_hub(box, "Pune", west, external_id="pune", timezone="UTC")
    manifest = a_manifest(a_driver(pune), service_date=now.date(), distance_m=1000.0, duration_s=600.0)
    stop = a_stop(
        manifest, a_shipment(pune), 1, state="delivered", slot_to=now, arrived_at=now - timedelta(minutes=5),
        finished_at=now,
    )  # fmt: skip
    return manifest, stop


def test_the_figures_of_a_date_come_with_every_hub_and_its_subtree(box, api, rival_api):
    now = timezone.now()
    a_day(box, now)
    found = api.json("dispatch/days", date=now.date().isoformat(), drivers="true")
    assert [one["name"] for one in found["data"]] == ["West", "Pune"]
    west = found["data"][0]
    assert (west["stops"], west["completion"], west["on_time"], west["distance"]["mean"]) == (
        1,
        1.0,
        1.0,
        1000.0,
    )
    assert west["drivers"][0]["finished"] == 1
    below = api.json("dispatch/days", hub="external:pune")
    assert [one["name"] for one in below["data"]] == ["Pune"]
    assert below["data"][0]["drivers"] == []
    assert rival_api.json("dispatch/days")["data"] == []
    problem(rival_api.get("dispatch/days", hub="external:pune"), 404, "not_found")
    problem(api.get("dispatch/days", date="tomorrow"), 400, "invalid_parameter", "date")


def test_predictions_are_judged_by_their_horizon(box, api):
    now = timezone.now()
    _, stop = a_day(box, now)
    for seconds, chance, missed in ((1800, 0.2, False), (3600, 0.9, True), (7200, 0.5, None)):
        SlotPrediction.objects.create(
            environment=box, stop=stop, horizon_s=seconds, chance=chance, missed=missed, made_at=now
        )
    found = api.json("dispatch/calibration")["data"]
    assert [(one["horizon_s"], one["count"], one["missed"]) for one in found] == [
        (3600, 1, 1.0),
        (1800, 1, 0.0),
    ]


def test_an_event_of_a_shipment_or_manifest_marks_the_days_it_is_on(box):
    now = timezone.now()
    manifest, stop = a_day(box, now)
    shipment = stop.shipment.public_id
    for kind, data in (
        ("shipment.delivered", {"shipment": {"id": shipment}, "manifest": "mft_of_no_form"}),
        ("manifest.released", {"manifest": {"id": manifest.public_id}}),
    ):
        HubDay.objects.for_environment(box).delete()
        event = OutboxEvent.objects.create(environment=box, kind=kind, data=data, occurred_at=now)
        event.refresh_from_db(from_queryset=OutboxEvent.objects.for_environment(box))
        hear(box.pk, [event, event])
        (row,) = HubDay.objects.for_environment(box)
        assert (row.hub_id, row.service_date, row.computed_at) == (
            manifest.hub_id,
            now.date(),
            services.NEVER,
        )
    unknown = OutboxEvent.objects.create(
        environment=box,
        kind="shipment.delivered",
        data={"shipment": {"id": "shp_" + "0" * 32}},
        occurred_at=now,
    )
    unknown.refresh_from_db(from_queryset=OutboxEvent.objects.for_environment(box))
    HubDay.objects.for_environment(box).delete()
    hear(box.pk, [unknown])
    assert HubDay.objects.for_environment(box).count() == 0
