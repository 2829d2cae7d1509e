"""Real services for every test: private ones that begin with the run and end with it, however it ends.

They are started by the controller alone; xdist's workers find the addresses in their environment. Set
MILEPOST_DATABASE_URL (and the other addresses) to test on services of your own.
"""

import os
import sys

import django
import pytest
from box.throwaway import Throwaway
from django.conf import settings


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
    """Each of xdist's workers has a Redis database of its own: one's signs of life must not be another's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    url = os.environ.get("MILEPOST_REDIS_URL", "")
    if worker and url.endswith("?db=0"):
        own = f"{url.removesuffix('0')}{3 + int(worker.removeprefix('gw'))}"
        # the settings too: in a worker pytest-django has read them before this file
        os.environ["MILEPOST_REDIS_URL"] = settings.REDIS_URL = own


SERVICES = _begin()


def pytest_unconfigure() -> None:
    """The end of the run; when we are killed before it, the services' watcher sees to it."""
    if SERVICES is not None:
        SERVICES.down()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones go first, those that drive the whole product on one worker, those of the cloud on another."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
    for item in items:
        if item.get_closest_marker("e2e") is not None:
            group = "cloud" if "infra" in item.path.parts else "product"
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """`make test` ran checks before us; their failure must not scroll away."""
    failed = os.environ.get("MILEPOST_FAILED_STAGES")
    if failed:
        terminalreporter.section("failed before the tests, see above", red=True, bold=True)
        terminalreporter.line(failed.replace(",", "\n"), red=True)
