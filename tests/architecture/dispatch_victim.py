"""What the victim has in dispatch: one of everything. And how a rival would try each address of dispatch."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, cast

from dispatch.driving.models import DeliveryProof, DriverAction, DriverLink
from dispatch.fleet.models import DeviceHolding, Shift, ShiftChange, Vehicle, VehicleHolding, VehicleType
from dispatch.intake.models import GazetteerPlace, GeocodedAddress, ShipmentUpload, ShipmentUploadRow
from dispatch.manifests.models import Manifest, ManifestOverride, ManifestStop, OverridePattern
from dispatch.metrics.models import HubDay, SlotPrediction
from dispatch.notifications.models import Notification
from dispatch.planning.models import DispatchSettings, DispatchWindow, PlanRun
from dispatch.sagas.models import Saga, SagaStep
from dispatch.shipments.models import Shipment
from dispatch.tracking.links import token_for
from tests.dispatch.rounds import a_round
from tracker.devices.models import Device
from tracker.tenants import scope
from tracker.tenants.models import Environment

MARK = "kept-from-rivals"


@dataclass(frozen=True)
class DispatchVictim:
    """One of everything, by the words of the addresses."""

    hub: Any
    vehicle_type: VehicleType
    vehicle: Vehicle
    driver: Any
    shift: Shift
    change: ShiftChange
    shipment: Shipment
    upload: ShipmentUpload
    window: DispatchWindow
    run: PlanRun
    manifest: Manifest
    stop: ManifestStop
    override: ManifestOverride
    pattern: OverridePattern
    saga: Saga
    notification: Notification
    link: DriverLink
    proof: DeliveryProof

    @property
    def ids(self) -> list[str]:
        """Public ids of its rows."""
        return [row.public_id for row in vars(self).values()]

    @property
    def token(self) -> str:
        """Of the customer's page."""
        return token_for(self.shipment)


def make_dispatch_victim(environment: Environment, device: Device, *, now: datetime) -> DispatchVictim:
    """All rows, in the environment's own scope."""
    with scope.scope(environment_id=environment.pk):
        route = a_round(environment, 2, now=now, prefix=f"{MARK}-")
        fleet = _fleet(environment, route, device, now)
        plans = _plans(environment, route, now)
        return DispatchVictim(
            hub=route.hub, driver=route.driver, manifest=route.manifest, stop=route.stops[0],
            shipment=route.shipment(1), **fleet, **plans, **_exceptions(environment, route, now),
        )  # fmt: skip


def _fleet(environment: Environment, route: Any, device: Device, now: datetime) -> dict[str, Any]:
    own = cast(Any, {"environment": environment})
    kind = VehicleType.objects.create(**own, key=f"{MARK}-kind", name=f"{MARK} kind")
    vehicle = Vehicle.objects.create(**own, type=kind, hub=route.hub, plate=MARK, external_id=f"{MARK}-1")
    VehicleHolding.objects.create(**own, driver=route.driver, vehicle=vehicle, since=now)
    DeviceHolding.objects.create(**own, driver=route.driver, device=device, since=now)
    shift = Shift.objects.create(**own, driver=route.driver, weekdays=[1, 2], starts=time(9), ends=time(17))
    change = ShiftChange.objects.create(**own, driver=route.driver, date=now.date(), reason=MARK)
    upload = ShipmentUpload.objects.create(
        **own, file_name=f"{MARK}.csv", sha256=b"x" * 32, state="done", rows=1, refused=1
    )
    ShipmentUploadRow.objects.create(**own, upload=upload, number=2, cells={"A": MARK}, faults=[])
    GazetteerPlace.objects.create(**own, name=MARK, folded=MARK, longitude=1, latitude=2, precision="street")
    GeocodedAddress.objects.create(
        **own, provider="gazetteer", folded_sha256=b"y" * 32, address=MARK, asked_at=now
    )
    link = DriverLink.objects.create(
        **own, driver=route.driver, token_sha256=hashlib.sha256(MARK.encode()).digest(),
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    proof = DeliveryProof.objects.create(
        **own, shipment=route.shipment(1), driver=route.driver, kind="photo", content_type="image/jpeg", size_bytes=1,
        sha256=b"z" * 32, stored_as="proofs/nowhere", taken_at=now, received_at=now,
    )  # fmt: skip
    DriverAction.objects.create(
        **own, driver=route.driver, action=proof.uid, number=1, kind="scan", done_at=now, received_at=now,
        outcome="refused", refusal=MARK,
    )  # fmt: skip
    return {"vehicle_type": kind, "vehicle": vehicle, "shift": shift, "change": change, "upload": upload,
            "link": link, "proof": proof}  # fmt: skip


def _plans(environment: Environment, route: Any, now: datetime) -> dict[str, Any]:
    own = cast(Any, {"environment": environment})
    DispatchSettings.objects.create(**own, brand=MARK)
    window = DispatchWindow.objects.create(**own, hub=route.hub, at=time(6), since=now)
    run = PlanRun.objects.create(
        **own, hub=route.hub, cause="person", service_date=now.date(), due_at=now, state="done", failure=MARK
    )
    override = ManifestOverride.objects.create(
        **own, hub=route.hub, service_date=now.date(), kind="move", shipment=route.shipment(1), before={}, after={},
        reason_code="other", reason=MARK, author={"kind": "member", "name": MARK}, created_at=now,
    )  # fmt: skip
    pattern = OverridePattern.objects.create(
        **own, hub=route.hub, fingerprint="f" * 64, condition={}, constraint={}, created_at=now
    )
    HubDay.objects.create(**own, hub=route.hub, service_date=now.date(), figures={}, computed_at=now)
    SlotPrediction.objects.create(**own, stop=route.stops[0], horizon_s=3600, chance=0.5, made_at=now)
    return {"window": window, "run": run, "override": override, "pattern": pattern}


def _exceptions(environment: Environment, route: Any, now: datetime) -> dict[str, Any]:
    own = cast(Any, {"environment": environment})
    subject = route.shipment(1).public_id
    saga = Saga.objects.create(
        **own, kind="failed_delivery", subject=subject, key=subject, step="wait", begun_at=now, problem=MARK
    )
    SagaStep.objects.create(**own, saga=saga, number=1, name="attempt", outcome=MARK, taken_at=now)
    notification = Notification.objects.create(
        **own, shipment=route.shipment(1), template="out_for_delivery", channel="mail", address=f"{MARK}@example.com",
        created_at=now, state="sent",
    )  # fmt: skip
    return {"saga": saga, "notification": notification}


Victims = dict[str, list[Callable[[DispatchVictim], dict[str, str]]]]
TOKENS: list[Callable[[DispatchVictim], dict[str, str]]] = [
    lambda v: {"token": v.shipment.public_id},
    lambda v: {"token": v.token[:-1] + ("A" if v.token[-1] != "A" else "E")},
    lambda v: {"token": "t" * 43},
]
# by the names of addresses; a room of dispatch adds its own here
DISPATCH_VICTIMS: Victims = {
    # the token is the credential of the customer's page; an id is none, nor is a token with another seal
    **{f"customer_{name}": TOKENS for name in ("page", "state", "note", "slot")},
    "driver_sign_in": [lambda v: {"token": v.link.public_id}, lambda v: {"token": "t" * 32}],
    **{
        f"api_driver_{name}": [lambda v: {"driver": v.driver.public_id}]
        for name in ("phone", "sign_in_links")
    },
    **{
        name: [lambda v: {"shipment_id": v.shipment.public_id}]
        for name in ("console_shipment", "console_place")
    },
    "console_shipment_act": [lambda v: {"shipment_id": v.shipment.public_id, "deed": "cancel"}],
    **{
        f"console_upload{name}": [lambda v: {"upload_id": v.upload.public_id}]
        for name in ("", "_progress", "_columns", "_faults")
    },
    "console_upload_template": [lambda v: {"kind": v.upload.public_id}],
    **{f"api_shipment_upload{name}": [lambda v: {"upload": v.upload.public_id}] for name in ("", "_rows")},
    "console_shipment_evidence": [lambda v: {"shipment_id": v.shipment.public_id}],
    **{
        f"api_shipment{name}": [
            lambda v: {"shipment": v.shipment.public_id},
            lambda v: {"shipment": f"external:{v.shipment.external_id}"},
        ]
        for name in (
            "",
            "_history",
            "_evidence",
            "_correct_address",
            "_change_details",
            "_change_hub",
            "_confirm_pickup",
            "_fail_attempt",
            "_allow_attempt",
            "_confirm_delivery",
            "_reschedule",
            "_leave_note",
            "_cancel",
            "_start_return",
            "_confirm_return",
            "_report_damage",
            "_report_loss",
            "_forget_personal_data",
        )
    },
    "api_shipment_tracking_link": [
        lambda v: {"shipment": v.shipment.public_id},
        lambda v: {"shipment": f"external:{v.shipment.external_id}"},
    ],
    "driver_proof": [lambda v: {"proof_id": str(v.proof.uid)}],
    **{
        f"console_driver_{name}": [lambda v: {"driver": v.driver.public_id}]
        for name in ("phone", "link", "revoke")
    },
    "console_proof": [lambda v: {"proof": v.proof.public_id}],
    "api_proof_content": [lambda v: {"proof": v.proof.public_id}],
    "api_dispatch_window": [lambda v: {"window": v.window.public_id}],
    **{f"api_plan_run{name}": [lambda v: {"run": v.run.public_id}] for name in ("", "_stop")},
    **{
        f"api_manifest{name}": [lambda v: {"manifest": v.manifest.public_id}]
        for name in ("", "_versions", "_acknowledge", "_begin")
    },
    "api_manifest_version": [lambda v: {"manifest": v.manifest.public_id, "version": "1"}],
    **{f"api_manifest_stop_{name}": [lambda v: {"stop": v.stop.public_id}] for name in ("arrive", "finish")},
    **{
        f"console_run{name}": [lambda v: {"run_id": v.run.public_id}]
        for name in ("", "_state", "_stop", "_release")
    },
    "console_window_add": [lambda v: {"hub_id": v.hub.public_id}],
    **{
        f"console_window{name}": [lambda v: {"window_id": v.window.public_id}]
        for name in ("", "_change", "_switch", "_remove")
    },
    **{
        f"console_manifest{name}": [lambda v: {"manifest_id": v.manifest.public_id}]
        for name in ("", "_release", "_discard")
    },
    "console_board_undo": [lambda v: {"override_id": v.override.public_id}],
    "console_board_move": [lambda v: {"shipment_id": v.shipment.public_id}],
    "console_pattern_decide": [lambda v: {"pattern_id": v.pattern.public_id}],
    **{
        f"api_pattern{name}": [lambda v: {"pattern": v.pattern.public_id}]
        for name in ("", "_accept", "_refuse", "_end")
    },
    **{f"api_override{name}": [lambda v: {"override": v.override.public_id}] for name in ("", "_undo")},
    **{
        f"api_saga{name}": [lambda v: {"saga": v.saga.public_id}]
        for name in ("", "_continue", "_call_off", "_count")
    },
    **{
        f"console_saga{name}": [lambda v: {"saga_id": v.saga.public_id}]
        for name in ("", "_continue", "_call_off", "_count")
    },
    **{
        f"api_notification{name}": [lambda v: {"notification": v.notification.public_id}]
        for name in ("", "_send_again")
    },
    **{
        f"console_notification{name}": [lambda v: {"notification_id": v.notification.public_id}]
        for name in ("", "_again")
    },
    # the fleet
    "api_hub": [
        lambda v: {"hub": v.hub.public_id},
        lambda v: {"hub": f"external:{v.hub.external_id}"},
    ],
    "api_vehicle": [lambda v: {"vehicle": v.vehicle.public_id}],
    "api_vehicle_type": [lambda v: {"vehicle_type": v.vehicle_type.public_id}],
    **{
        f"api_driver{name}": [lambda v: {"driver": v.driver.public_id}]
        for name in ("", "_shifts", "_shift_changes", "_hours", "_vehicle", "_device", "_handovers")
    },
    "api_driver_shift": [lambda v: {"driver": v.driver.public_id, "shift": v.shift.public_id}],
    "api_driver_shift_change": [lambda v: {"driver": v.driver.public_id, "change": v.change.public_id}],
    **{f"console_hub{name}": [lambda v: {"hub_id": v.hub.public_id}] for name in ("", "_retire")},
    **{f"console_vehicle{name}": [lambda v: {"vehicle_id": v.vehicle.public_id}] for name in ("", "_retire")},
    **{
        f"console_driver{name}": [lambda v: {"driver_id": v.driver.public_id}]
        for name in ("", "_shift", "_change", "_handover", "_retire")
    },
    "console_driver_shift_end": [lambda v: {"driver_id": v.driver.public_id, "shift_id": v.shift.public_id}],
    "console_driver_change_end": [
        lambda v: {"driver_id": v.driver.public_id, "change_id": v.change.public_id}
    ],
    "console_fleet_template": [lambda v: {"what": v.driver.public_id}],
}
