"""Writes of hours: weekly shifts of a driver, and other hours on one date."""

from typing import Any, cast

from dispatch.fleet.models import Driver, Shift, ShiftChange
from dispatch.fleet.refusals import TooMany
from dispatch.fleet.wishes import ChangeWish, ShiftWish

MOST_SHIFTS = 50  # of a driver


def add_shift(driver: Driver, wish: ShiftWish) -> Shift:
    """Weekly hours more. Raises TooMany."""
    rows = Shift.objects.for_environment(driver.environment_id).filter(driver=driver)
    if rows.count() >= MOST_SHIFTS:
        raise TooMany(f"A driver may have {MOST_SHIFTS} weekly shifts.")
    return Shift.objects.create(environment_id=driver.environment_id, driver=driver, **cast(Any, vars(wish)))


def remove_shift(shift: Shift) -> bool:
    """End weekly hours, for all dates. True where they were still there."""
    rows = Shift.objects.for_environment(shift.environment_id)
    return bool(rows.filter(pk=shift.pk).delete()[0])


def set_change(driver: Driver, wish: ChangeWish) -> ShiftChange:
    """Other hours, or none, on one date; takes the place of what was said of that date before."""
    facts = {name: value for name, value in vars(wish).items() if name != "day"}
    rows = ShiftChange.objects.unscoped("the row written names its environment")
    rows.bulk_create(
        [ShiftChange(environment_id=driver.environment_id, driver=driver, date=wish.day, **facts)],
        update_conflicts=True,
        unique_fields=["environment", "driver", "date"],
        update_fields=list(facts),
    )
    return ShiftChange.objects.for_environment(driver.environment_id).get(driver=driver, date=wish.day)


def remove_change(change: ShiftChange) -> bool:
    """Back to the weekly hours on that date."""
    rows = ShiftChange.objects.for_environment(change.environment_id)
    return bool(rows.filter(pk=change.pk).delete()[0])
