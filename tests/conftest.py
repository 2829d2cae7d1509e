"""Real services for every test: private ones that begin with the run and end with it, however it ends.

They are started by the controller alone; xdist's workers find the addresses in their environment. Set
MILEPOST_DATABASE_URL (and the other addresses) to test on services of your own.
"""

import os
import sys
from importlib import import_module
from typing import Any

import django
import pytest
from box.throwaway import Throwaway
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

WORKER = int(os.environ["PYTEST_XDIST_WORKER"][2:]) if "PYTEST_XDIST_WORKER" in os.environ else None


def _begin() -> Throwaway | None:
    """Start the services, and Django on them. At import: the conftests below this one import models."""
    services = None
    if "PYTEST_XDIST_WORKER" not in os.environ and "MILEPOST_DATABASE_URL" not in os.environ:
        if settings.configured:
            sys.exit("unset DJANGO_SETTINGS_MODULE: Django was set up before the tests' services were there")
        services = Throwaway(services_only=("mosquitto",))
        services.up()
        os.environ.update(services.settings.values)
        # the owner makes and drops the test databases; it is no superuser, so row-level security binds it
        os.environ["MILEPOST_DATABASE_URL"] = services.database_url("owner")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    _own_redis_database()
    return services


def _own_redis_database() -> None:
    """Each of xdist's workers has a Redis database of its own: one's signs of life must not be another's.

    On services of one's own the first keeps the database that was named, the others have Redis's last ones.
    """
    address, named, number = os.environ.get("MILEPOST_REDIS_URL", "").partition("?db=")
    if WORKER is not None and named:
        first, last = int(number), 15
        own = f"{address}?db={3 + WORKER if first == 0 else first if WORKER == 0 else last + 1 - WORKER}"
        # the settings too: in a worker pytest-django has read them before this file
        os.environ["MILEPOST_REDIS_URL"] = settings.REDIS_URL = own


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Environments of each worker are numbered apart: channels are named by them, and Redis has no channels per
    database."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        first = (1 + (WORKER or 0)) * 1_000_000
        cursor.execute(f"alter table tracker_environment alter column id restart with {first}")


def _offer_plans_again(**_: Any) -> None:
    """A test with transactions of its own ends by emptying every table: the plans that a migration brought too."""
    plan = apps.get_model("billing", "Plan")
    if not plan.objects.exists():
        import_module("billing.migrations.0005_offer_three_plans").offer(apps, None)


SERVICES = _begin()
post_migrate.connect(_offer_plans_again, sender=apps.get_app_config("billing"), dispatch_uid="plans of tests")
SLOW = ("tests/e2e", "tests/faults", "tests/infra")  # each with a product or a cloud of its own


def pytest_unconfigure() -> None:
    """The end of the run; when we are killed before it, the services' watcher sees to it."""
    if SERVICES is not None:
        SERVICES.down()


class Grouped(LoadScopeScheduling):  # type: ignore[misc]  # xdist publishes no types
    """Hands out tests one by one; those that share a whole product stay together, on the worker that has it.

    xdist's own groups go by a suffix of the test's id, which pytest 9.2 keeps to itself.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = "/".join(nodeid.split("/")[:2])
        return folder if folder in SLOW else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Grouped:
    """The larger groups are begun first."""
    return Grouped(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """`make test` ran checks before us; their failure must not scroll away."""
    failed = os.environ.get("MILEPOST_FAILED_STAGES")
    if failed:
        terminalreporter.section("failed before the tests, see above", red=True, bold=True)
        terminalreporter.line(failed.replace(",", "\n"), red=True)
