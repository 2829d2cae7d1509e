"""Plan, PlanPrice, PlanChoice."""

import uuid
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.models import Tenant

NO_PLAN = "none"  # the code of the plan that is not stored: no limits, nothing charged


class Scheme(models.TextChoices):
    """How a quantity becomes an amount."""

    PER_UNIT = "per_unit", "Per unit"
    GRADUATED = "graduated", "Graduated: each tier's units at that tier's price"
    VOLUME = "volume", "Volume: all units at the price of the tier the total reaches"
    FLAT = "flat", "Flat: a fixed amount"


class Plan(models.Model):
    """One version of a plan in one currency, in force for a span of time.

    Whoever chose the plan by its code gets the version of the time: a version is never changed once it is in force,
    the next one begins where it ends.
    """

    code = models.SlugField(max_length=40, help_text="Versions of one plan share it: free, starter, growth.")
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, help_text="Three capital letters: EUR, USD.")
    effective_from = models.DateTimeField(help_text="UTC; this version is in force from here on.")
    effective_until = models.DateTimeField(
        null=True, blank=True, help_text="UTC; empty: until further notice."
    )
    limits = models.JSONField(
        default=dict, blank=True, help_text="What the doors let through, such as reports_per_second."
    )
    offered = models.BooleanField(default=True, help_text="Customers can choose it themselves.")

    objects: ClassVar[models.Manager["Plan"]] = models.Manager()

    class Meta:
        ordering = ["code", "currency", "effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "currency", "effective_from"], name="plan_version_begins_once"
            ),
            models.CheckConstraint(
                condition=models.Q(effective_until=None)
                | models.Q(effective_until__gt=models.F("effective_from")),
                name="plan_version_lasts",
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex="^[A-Z]{3}$"), name="plan_currency_is_three_letters"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"


class PlanPrice(models.Model):
    """What one meter costs in one version of a plan; without a meter, the plan's own fee for the month."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    meter = models.CharField(max_length=40, blank=True, help_text="Empty: the fee of the plan itself.")
    scheme = models.CharField(max_length=9, choices=Scheme)
    free_quantity = models.BigIntegerField(default=0, help_text="Units of each month that cost nothing.")
    unit_size = models.BigIntegerField(
        default=1, help_text="How many counted units one price is for: 1, or 1000 for a price per thousand."
    )
    unit_name = models.CharField(max_length=40, blank=True, help_text="As lines name it; empty: the meter's.")
    unit_minor = models.DecimalField(
        max_digits=20,
        decimal_places=10,
        null=True,
        blank=True,
        help_text="Cents for one unit, where per unit.",
    )
    flat_minor = models.BigIntegerField(null=True, blank=True, help_text="Cents, where flat.")
    tiers = models.JSONField(
        default=list,
        blank=True,
        help_text='Where graduated or volume: [{"up_to": 1000, "unit_minor": "0.5"}, {"up_to": null, …}]; '
        "bounds in units beyond the free ones.",
    )

    objects: ClassVar[models.Manager["PlanPrice"]] = models.Manager()

    class Meta:
        ordering = ["plan", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "meter"], name="plan_prices_a_meter_once"),
            models.CheckConstraint(
                condition=models.Q(free_quantity__gte=0, unit_size__gte=1), name="plan_price_counts_forward"
            ),
            models.CheckConstraint(
                condition=(models.Q(unit_minor=None) | models.Q(unit_minor__gte=0))
                & (models.Q(flat_minor=None) | models.Q(flat_minor__gte=0)),
                name="plan_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter or 'fee'} of {self.plan_id}"


class PlanChoice(models.Model):
    """That a tenant is on a plan, from when until when; by the plan's code and currency, not by the version."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    # when the plan's limits were handed to the doors; none: still to come
    applied_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "uid"], name="plan_choice_uid"),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="plan_choice_lasts",
            ),
            # a range of one number compares tenants without an extension
            ExclusionConstraint(
                name="plan_choices_do_not_overlap",
                expressions=[
                    (
                        models.Func(
                            "tenant_id", "tenant_id", models.Value("[]"), function="int8range",
                            output_field=models.BigIntegerField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        models.Func(
                            "starts_at", "ends_at", models.Value("[)"), function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["tenant", "starts_at"], name="plan_choices_of_tenant"),
            models.Index(
                fields=["starts_at"], condition=models.Q(applied_at=None), name="plan_choice_to_begin"
            ),
        ]

    def __str__(self) -> str:
        return f"plan {self.plan_id} of tenant {self.tenant_id}"
