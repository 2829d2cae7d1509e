"""Real services for every test: private ones that begin with the run and end with it, however it ends.

They are started by the controller alone; xdist's workers find the addresses in their environment. Set
MILEPOST_DATABASE_URL (and the other addresses) to test on services of your own.
"""

import os
import sys
from pathlib import Path

import pytest
from django.conf import settings

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [path for path in (str(PROJECT), str(PROJECT / "bin")) if path not in sys.path]

from box.throwaway import Throwaway  # noqa: E402  after the path to it

SERVICES = pytest.StashKey[Throwaway]()


def _is_controller() -> bool:
    return "PYTEST_XDIST_WORKER" not in os.environ


def pytest_configure(config: pytest.Config) -> None:
    """Start the services before Django reads its settings: pytest-django sets it up after all conftests."""
    if _is_controller() and not config.option.help and "MILEPOST_DATABASE_URL" not in os.environ:
        if settings.configured:
            raise pytest.UsageError(
                "unset DJANGO_SETTINGS_MODULE: Django was set up before the tests' services were there"
            )
        services = Throwaway(services_only=("mosquitto",))
        services.up()
        config.stash[SERVICES] = services
        config.add_cleanup(services.down)
        os.environ.update(services.settings.values)
        # the owner makes and drops the test databases; it is no superuser, so row-level security binds it
        os.environ["MILEPOST_DATABASE_URL"] = services.database_url("owner")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones that drive the whole product go first, on one worker, while the others share the rest."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
    for item in items:
        if item.get_closest_marker("e2e") is not None:
            item.add_marker(pytest.mark.xdist_group("e2e"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """`make test` ran checks before us; their failure must not scroll away."""
    failed = os.environ.get("MILEPOST_FAILED_STAGES")
    if failed:
        terminalreporter.section("failed before the tests, see above", red=True, bold=True)
        terminalreporter.line(failed.replace(",", "\n"), red=True)
