"""Makes test environments with a city in each, and drives the vehicles there through the product's own door."""

import logging
import secrets
import threading
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tracker.keys.selectors import a_publishable_text
from tracker.replay.posting import Address, Door, Refused, Tally
from tracker.sandboxes.loops import fix_at, loops, moments
from tracker.sandboxes.models import SimulatedCity
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant, User
from tracker.tenants.services import NewEnvironment, add_test_environment

MOST = 20  # test environments of an organisation
VEHICLES = 12
DRIVES_FOR = timedelta(hours=24)
SHOWN_AT_ONCE = timedelta(minutes=10)  # of the past, so that the map is not empty
LONGEST_GAP = timedelta(minutes=10)
BUDGET_S = 8.0
WHY = "the cities of all customers are driven in one go"

logger = logging.getLogger(__name__)


class TooManyEnvironments(Exception):
    """The organisation has as many test environments as it may have. The message is for people."""


def make_sandbox(tenant: Tenant, name: str, *, city: str, by: User, now: datetime) -> NewEnvironment:
    """A further test environment, with a city where one is named. Raises NameTaken and TooManyEnvironments."""
    with transaction.atomic():
        Tenant.objects.select_for_update().get(
            pk=tenant.pk
        )  # two at once must not both be the last that fits
        rows = Environment.objects.for_tenant(tenant).filter(kind=Environment.Kind.TEST, thrown_away_at=None)
        if rows.count() >= MOST:
            raise TooManyEnvironments(
                f"An organisation has at most {MOST} test environments. Throw one away first."
            )
        made = add_test_environment(tenant, name, by=by)
        if city:
            with scope.scope(environment_id=made.environment.pk):
                SimulatedCity.objects.create(
                    environment=made.environment, city=city, vehicles=VEHICLES, seed=secrets.randbelow(100_000),
                    drives_until=now + DRIVES_FOR, told_until=now - SHOWN_AT_ONCE,
                )  # fmt: skip
        return made


def drive_on(environment: Environment, *, now: datetime) -> bool:
    """Let the vehicles drive for another day; True where there is a city."""
    with scope.scope(environment_id=environment.pk):
        rows = SimulatedCity.objects.for_environment(environment)
        return bool(rows.update(drives_until=now + DRIVES_FOR, trouble=""))


def drive(*, now: datetime, budget_s: float = BUDGET_S) -> int:
    """Report what the vehicles of every city did since they last reported; how many fixes were taken.

    A city whose row another worker holds is that one's. Sent twice is stored once: a fix is known by its time.
    """
    ends = time.monotonic() + budget_s
    with scope.scope(unscoped=WHY):
        rows = SimulatedCity.objects.unscoped(WHY).filter(drives_until__gt=now)
        numbers = list(rows.order_by("told_until").values_list("pk", flat=True))
    taken = 0
    for number in numbers:
        if time.monotonic() >= ends:
            break
        with scope.scope(unscoped=WHY):
            locked = SimulatedCity.objects.unscoped(WHY).select_for_update(skip_locked=True)
            city = locked.filter(pk=number).first()
            if city is not None:
                taken += _report(city, now)
    return taken


def _report(city: SimulatedCity, now: datetime) -> int:
    after = max(city.told_until or now - SHOWN_AT_ONCE, now - LONGEST_GAP)
    steps = moments(after, now)
    environment = Environment.objects.unscoped(WHY).get(pk=city.pk)
    key = a_publishable_text(environment)
    if not steps or key is None:
        return 0
    door = Door(Address(settings.BASE_URL, key), Tally(), threading.Event())
    trouble, taken = "", 0
    try:
        for loop in loops(city.city, city.vehicles, city.seed):
            fixes = [fix_at(loop, moment) for moment in steps]
            if door.offer(loop.vehicle.device_id, fixes, loop.vehicle.info()):
                trouble = "The ingest endpoint does not answer. It is tried again."
                break
            taken += len(fixes)
    except Refused as refused:
        trouble = f"The ingest endpoint refuses: {refused}"[:300]
    finally:
        door.close()
    city.trouble = trouble
    if not trouble:
        city.told_until = now
    city.save(update_fields=["trouble", "told_until"])
    return taken
