"""SimulatedCity."""

from django.db import models

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.models import Environment


class SimulatedCity(models.Model):
    """Made-up vehicles drive in a test environment until a moment; where each is follows from the clock alone."""

    environment = models.OneToOneField(
        Environment, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    city = models.CharField(max_length=40)
    vehicles = models.PositiveSmallIntegerField()
    seed = models.PositiveIntegerField()
    drives_until = models.DateTimeField()
    told_until = models.DateTimeField(null=True)  # up to when its vehicles have reported
    trouble = models.CharField(max_length=300, blank=True, default="", db_default="")

    objects = EnvironmentManager()

    class Meta:
        indexes = [models.Index(fields=["drives_until"], name="simulated_city_drives")]

    def __str__(self) -> str:
        return f"{self.vehicles} vehicles in {self.city}"
