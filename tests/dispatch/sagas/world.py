"""A world for tests of sagas: a round, a clock that is moved by hand, and all that was brought about, to compare."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.fleet.models import DeviceHolding
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.services import begin as begin_route
from dispatch.manifests.services import finish
from dispatch.notifications.models import Notification
from dispatch.planning.models import PlanRun
from dispatch.sagas import engine, scanning
from dispatch.sagas.models import Saga, SagaStep
from dispatch.shipments.commands import Command, ConfirmDelivery, FailAttempt
from dispatch.shipments.models import ShipmentEvent, ShipmentState
from dispatch.shipments.services import execute
from tests.dispatch.rounds import OFFICE, Round, a_round
from tests.tracker.caller import a_device, a_state
from tracker.alerts.models import Alert
from tracker.devices.models import Device, DeviceState
from tracker.outbox.models import OutboxEvent
from tracker.outbox.relay import relay_batch
from tracker.tenants import scope
from tracker.tenants.models import Environment

START = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)  # half past nine in the morning in Pune, a Monday
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WHY = "a test looks at everything"


@dataclass
class World:
    """The round of one driver. `now` is the clock of everybody in it."""

    environment: Environment
    round: Round
    device: Device | None = None
    now: datetime = START
    looks: int = field(default=0)

    def __post_init__(self) -> None:
        self.tenant_id = self.environment.tenant_id

    def open(self) -> Any:
        return scope.scope(tenant_id=self.tenant_id, environment_id=self.environment.pk)

    def later(self, span: timedelta, *, step: timedelta | None = None) -> None:
        """Let time pass; with `step` somebody looks on the way."""
        end = self.now + span
        while step is not None and self.now + step < end:
            self.now += step
            self.run()
        self.now = end
        self.run()

    def run(self) -> None:
        """What the processes do at this moment: hand on events, look for what begins, take steps."""
        while relay_batch(now=self.now).count:
            pass
        scanning.begin_due(now=self.now)
        engine.tick(now=self.now)
        self.looks += 1

    def begin(self) -> None:
        """The driver sets out."""
        with self.open():
            begin_route(self.environment.pk, self.round.manifest.pk, at=self.now, by=OFFICE, now=self.now)

    def do(self, place: int, command: Command) -> None:
        """Ask something of the shipment at that stop."""
        with self.open():
            number = self.number(place)
            execute(self.environment.pk, number, command, author=OFFICE, now=self.now)

    def fail(self, place: int, reason: str = "nobody_home") -> None:
        """The driver was there, and could not deliver."""
        self.do(place, FailAttempt(reason=reason))
        self._finish(place, ManifestStop.State.FAILED)

    def deliver(self, place: int, **facts: Any) -> None:
        """The driver hands it over."""
        self.do(place, ConfirmDelivery(recipient="A neighbour", **facts))
        self._finish(place, ManifestStop.State.DELIVERED)

    def _finish(self, place: int, state: ManifestStop.State) -> None:
        with self.open():
            rows = ManifestStop.objects.for_environment(self.environment)
            stop = rows.filter(shipment=self.number(place), manifest=self.round.manifest).first()
            if stop is not None and stop.state in {"planned", "arrived"}:
                finish(self.environment.pk, stop.pk, state, at=self.now, by=OFFICE, now=self.now)

    def number(self, place: int) -> int:
        """The row number of the shipment that was planned at that place in the morning."""
        rows = ManifestStop.objects.for_environment(self.environment).filter(manifest=self.round.manifest)
        return rows.order_by("pk")[place - 1].shipment_id

    def heard(self, at: datetime) -> None:
        """The device's newest position is of that time."""
        assert self.device is not None
        with scope.scope(unscoped=WHY):
            rows = DeviceState.objects.unscoped(WHY).filter(device=self.device)
            rows.update(recorded_at=at, received_at=at)

    def saga(self, kind: str) -> Saga:
        """The newest saga of that kind."""
        with scope.scope(unscoped=WHY):
            found = Saga.objects.unscoped(WHY).filter(environment=self.environment, kind=kind).last()
            assert found is not None, f"no saga {kind}"
            return found

    def sagas(self, kind: str) -> list[Saga]:
        with scope.scope(unscoped=WHY):
            return list(
                Saga.objects.unscoped(WHY).filter(environment=self.environment, kind=kind).order_by("pk")
            )

    def steps(self, kind: str) -> list[str]:
        """What was done, in order; what was taken back with a minus."""
        saga = self.saga(kind)
        with scope.scope(unscoped=WHY):
            rows = SagaStep.objects.unscoped(WHY).filter(saga=saga).order_by("number")
            return [("-" if row.compensates else "") + row.name for row in rows]

    def owed(self, *templates: str) -> list[str]:
        """Messages as `template about channel state`, in their order."""
        with scope.scope(unscoped=WHY):
            rows = Notification.objects.unscoped(WHY).filter(environment=self.environment)
            rows = rows.filter(template__in=templates) if templates else rows
            return sorted(f"{row.template} {row.channel} {row.state}" for row in rows)

    def open_alerts(self) -> list[str]:
        with scope.scope(unscoped=WHY):
            rows = Alert.objects.unscoped(WHY).filter(environment=self.environment, resolved_at=None)
            return sorted(row.kind for row in rows)

    def picture(self) -> dict[str, Any]:
        """Everything that a run brought about, without what a repeat may change: row numbers and waits."""
        with scope.scope(unscoped=WHY):
            mine = {"environment": self.environment}
            return {
                "sagas": sorted(
                    (s.kind, s.state, s.step if s.state == "open" else "", s.problem)
                    for s in Saga.objects.unscoped(WHY).filter(**mine)
                ),
                "steps": sorted(
                    (s.saga.kind, s.saga.key.partition(" ")[2], s.number, s.name, s.compensates, s.outcome)
                    for s in SagaStep.objects.unscoped(WHY).filter(**mine).select_related("saga")
                ),
                "events": sorted(
                    (e.shipment.external_id or "", e.sequence, e.kind)
                    for e in ShipmentEvent.objects.unscoped(WHY).filter(**mine).select_related("shipment")
                ),
                "states": sorted(
                    (s.shipment.external_id or "", s.state, s.attempts)
                    for s in ShipmentState.objects.unscoped(WHY).filter(**mine).select_related("shipment")
                ),
                "messages": sorted(
                    (n.template, n.channel, n.state, _without_ids(n.about))
                    for n in Notification.objects.unscoped(WHY).filter(**mine)
                ),
                "alerts": sorted(
                    (a.kind, a.resolved_at is None, a.text)
                    for a in Alert.objects.unscoped(WHY).filter(**mine)
                ),
                "runs": PlanRun.objects.unscoped(WHY).filter(**mine).count(),
                "manifests": sorted(
                    (m.state, m.version) for m in Manifest.objects.unscoped(WHY).filter(**mine)
                ),
                "told": sorted(e.kind for e in OutboxEvent.objects.unscoped(WHY).filter(**mine)),
            }


def _without_ids(text: str) -> str:
    return " ".join(word for word in text.split() if not word.startswith(("sga_", "mbr_")))


def a_world(environment: Environment, count: int = 2, *, with_device: bool = True, **facts: Any) -> World:
    """A released round at `START`, its driver with a device that was heard of just then."""
    with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
        facts = {"email": "asha@example.com"} | facts
        made = a_round(environment, count, now=START - HOUR, **facts)
        device = None
        if with_device:
            device = a_device(environment, f"phone-{made.driver.pk}")
            a_state(device, START)
            DeviceHolding.objects.create(
                environment=environment, driver=made.driver, device=device, since=START - HOUR
            )
    return World(environment, made, device)
