"""Brings about what a step decided: writes through the services of others, in the engine's transaction.

Nothing here leaves the database. What is to leave it (a mail, a manifest to a phone) is owed by a row that another
process sends, so a step that is undone by a crash has told nobody anything.
"""

from datetime import datetime
from functools import singledispatchmethod
from typing import Any

from dispatch.manifests import parcels
from dispatch.manifests.closing import close
from dispatch.notifications import services as notifications
from dispatch.planning.errors import NothingToStop
from dispatch.planning.models import PlanRun
from dispatch.planning.services import ask_run, stop_run
from dispatch.sagas import decisions as d
from dispatch.sagas.models import Saga
from dispatch.shipments import commands
from dispatch.shipments.authors import system
from dispatch.shipments.models import Shipment
from dispatch.shipments.services import execute
from tracker.alerts.direct import end_alert, lock_alerts, raise_alert
from tracker.alerts.models import Alert
from tracker.tenants.identifiers import parse_id
from tracker.tenants.models import Role

STANDING = (Saga.State.OPEN, Saga.State.STUCK)


class Effects:
    """What one step brings about. `noted` is to be merged into the saga's data afterwards."""

    def __init__(self, saga: Saga, *, now: datetime) -> None:
        self._saga, self._now = saga, now
        self._environment = saga.environment_id
        self._author = system(saga.kind)
        self.noted: dict[str, Any] = {}

    @singledispatchmethod
    def bring_about(self, effect: d.Effect) -> None:
        """Do it. Raises whatever the service behind it raises; the step is not taken then."""
        raise TypeError(f"nobody knows how to bring about {effect!r}")

    @bring_about.register
    def _allow(self, effect: d.AllowAttempt) -> None:
        command = commands.AllowAttempt(not_before=effect.not_before)
        execute(
            self._environment, self._shipment(effect.shipment), command, author=self._author, now=self._now
        )

    @bring_about.register
    def _plan(self, effect: d.AskForPlan) -> None:
        if self._saga.hub is not None and self._saga.hub.retired_at is None:
            run = ask_run(self._saga.hub, cause=PlanRun.Cause.CHANGE, now=self._now)
            self.noted["run"] = run.public_id

    @bring_about.register
    def _no_plan(self, effect: d.WithdrawPlan) -> None:
        """Only where this saga alone asked for it."""
        name = self._saga.data.get("run")
        if not name or self._others(run=name):
            return
        runs = PlanRun.objects.for_environment(self._environment).filter(
            uid=parse_id("run", name), cause=PlanRun.Cause.CHANGE, state=PlanRun.State.WAITING
        )
        for run in runs:
            try:
                stop_run(run, now=self._now)
            except NothingToStop:
                continue

    @bring_about.register
    def _close_route(self, effect: d.CloseRoute) -> None:
        close(self._environment, effect.manifest, reason=effect.reason, by=self._author, now=self._now)

    @bring_about.register
    def _carry_over(self, effect: d.CarryOver) -> None:
        numbers = [self._shipment(name) for name in effect.shipments]
        parcels.unassign(self._environment, numbers, reason=effect.reason, by=self._author, now=self._now)

    @bring_about.register
    def _tell_customer(self, effect: d.TellCustomer) -> None:
        wish = notifications.Wish(
            self._shipment(effect.shipment), effect.template, effect.about, effect.facts
        )
        notifications.owe(self._environment, [wish], now=self._now)

    @bring_about.register
    def _withdraw(self, effect: d.Withdraw) -> None:
        number = self._shipment(effect.shipment)
        notifications.withdraw(self._environment, number, effect.template, effect.about)

    @bring_about.register
    def _tell_team(self, effect: d.TellTeam) -> None:
        notifications.owe_team(
            self._saga.environment,
            self._saga.hub_id,
            effect.template,
            self._about(effect.about),
            Role(effect.role),
            effect.facts,
            shipment_id=self._shipment(effect.shipment) if effect.shipment else None,
            now=self._now,
        )

    @bring_about.register
    def _withdraw_from_team(self, effect: d.WithdrawFromTeam) -> None:
        notifications.withdraw_from_team(self._environment, effect.template, self._about(effect.about))

    @bring_about.register
    def _raise(self, effect: d.RaiseAlert) -> None:
        if effect.device_id is None:
            return
        origin = f"{self._saga.public_id}:{self._now.isoformat()}"
        raise_alert(
            self._environment, effect.device_id, Alert.Kind(effect.kind), subject=effect.subject,
            text=effect.text, origin=origin, at=self._now,
        )  # fmt: skip
        raised = dict(self._saga.data.get("alerts", {})) | self.noted.get("alerts", {})
        self.noted["alerts"] = raised | {effect.kind: {"device": effect.device_id, "subject": effect.subject}}

    @bring_about.register
    def _end(self, effect: d.EndAlert) -> None:
        raised = dict(self._saga.data.get("alerts", {})) | self.noted.get("alerts", {})
        mine = raised.pop(effect.kind, None)
        if mine is None:
            return
        self.noted["alerts"] = raised
        lock_alerts(mine["device"])
        if not self._others(alerts__contains={effect.kind: mine}):
            end_alert(
                self._environment,
                mine["device"],
                Alert.Kind(effect.kind),
                subject=mine["subject"],
                at=self._now,
            )

    def end_all_alerts(self) -> None:
        """Of a saga whose subject is gone."""
        for kind in list(self._saga.data.get("alerts", {})):
            self.bring_about(d.EndAlert(kind))

    def _others(self, **data: Any) -> bool:
        """Whether another saga that is not over has the same in its data."""
        rows = Saga.objects.for_environment(self._environment).filter(state__in=STANDING)
        named = {f"data__{name}": value for name, value in data.items()}
        return rows.filter(kind=self._saga.kind, **named).exclude(pk=self._saga.pk).exists()

    def _about(self, about: str) -> str:
        return f"{self._saga.public_id} {about}"

    def _shipment(self, name: str) -> int:
        rows = Shipment.objects.for_environment(self._environment)
        return rows.values_list("pk", flat=True).get(uid=parse_id("shp", name))
