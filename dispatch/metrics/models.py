"""HubDay, SlotPrediction."""

from django.db import models

from dispatch.fleet.models import Hub
from dispatch.manifests.models import ManifestStop
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.models import Environment


class HubDay(models.Model):
    """The figures of one hub's day, as last computed; whoever opens a page finds them there."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="+", db_index=False)
    service_date = models.DateField()
    figures = models.JSONField()
    computed_at = models.DateTimeField()
    stale_since = models.DateTimeField(null=True)  # something changed that matters: to be computed again

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "hub", "service_date"], name="hub_day_once")
        ]
        indexes = [
            models.Index(
                fields=["stale_since"], condition=models.Q(stale_since__isnull=False), name="hub_day_stale"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub_id} on {self.service_date}"


class SlotPrediction(models.Model):
    """What was predicted of a stop's slot at a time, and what came of it: by which predictions are judged."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    stop = models.ForeignKey(ManifestStop, on_delete=models.CASCADE, related_name="+", db_index=False)
    horizon_s = models.PositiveIntegerField()  # before the slot's end: 3600, 1800 ...
    chance = models.FloatField()
    made_at = models.DateTimeField()
    missed = models.BooleanField(null=True)  # null: not known yet

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "stop", "horizon_s"], name="slot_prediction_once"),
            models.CheckConstraint(
                condition=models.Q(chance__gte=0, chance__lte=1), name="slot_prediction_is_a_chance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chance:.2f} for {self.stop_id}"
