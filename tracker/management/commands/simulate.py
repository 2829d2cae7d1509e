"""`manage.py simulate`: a made-up fleet that drives through a city in real time and reports over HTTP."""

import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.replay.posting import Refused, Tally
from tracker.replay.target import NoTarget, Target, demo_facts, target
from tracker.simulation.city import CITIES, build
from tracker.simulation.phone import Phone, phones
from tracker.simulation.reporting import Fleet
from tracker.simulation.vehicles import fleet

SHIFT_S = 3600
WARM_UP_STEPS = 150_000  # vehicle-seconds driven before the first report: about a second of work
TELL_EVERY_S = 60.0


class Command(BaseCommand):
    """Builds the city and the fleet, then reports until it is told to end."""

    requires_system_checks = []  # the pages' settings are of no concern here, and checking them takes a second
    help = "Drives made-up vehicles through a city in real time, reporting through the ingest endpoint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--devices", type=int, default=40)
        parser.add_argument("--city", choices=sorted(CITIES), default="pune")
        parser.add_argument("--environment", help="env_…: by default the demo tenant's live one")
        parser.add_argument("--key", help="pk_…: report with this key")
        parser.add_argument("--base-url", help="the origin to report to, by default MILEPOST_BASE_URL")
        parser.add_argument("--interval", type=float, default=2.0, help="seconds between a phone's reports")
        parser.add_argument("--seconds", type=float, help="end after so long; by default only when told to")
        parser.add_argument("--seed", type=int, default=1, help="another seed is another city and fleet")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            # from a thread: the handler may run while this one holds the event's own lock
            signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
        if options["devices"] < 1 or options["interval"] <= 0:
            raise CommandError("--devices must be 1 or more, and --interval above 0.")
        goal = _target(options)
        made = _driving(options["devices"], options["city"], options["seed"])
        self.stdout.write(
            f"{len(made)} vehicles in {options['city']} report to {goal.address.base_url}, {goal.told}"
        )
        refusals: list[Refused] = []
        tally = Tally()
        running = Fleet(made, goal.address, options["interval"], tally, stop, _first(refusals, stop))
        teller = threading.Thread(target=self._tell, args=(tally, stop), daemon=True)
        teller.start()
        running.run(options["seconds"])
        self.stdout.write(f"{tally.accepted:,} fixes were taken")
        if refusals:
            raise CommandError(f"the endpoint refuses: {refusals[0]}")

    def _tell(self, tally: Tally, stop: threading.Event) -> None:
        """A line a minute, for the log."""
        before = 0
        while not stop.wait(TELL_EVERY_S):
            retried = f", {tally.retries:,} retries so far" if tally.retries else ""
            self.stdout.write(f"{tally.accepted - before:,} fixes taken in the last minute{retried}")
            before = tally.accepted


def _target(options: dict[str, Any]) -> Target:
    environment = options["environment"] or demo_facts().get("live_environment_id")
    try:
        return target(
            base_url=options["base_url"], environment=environment, key=options["key"], secret_key=None
        )
    except NoTarget as error:
        raise CommandError(str(error)) from None


def _driving(count: int, city: str, seed: int) -> list[Phone]:
    """The fleet in the middle of its work.

    It always begins at the top of the hour and is driven up to now before the first report, so a fleet that is
    restarted goes on about where it was instead of jumping across the city. A fleet of thousands is driven for
    as long as takes a second, and does jump.
    """
    made = phones(fleet(count, city=city, seed=seed), build(CITIES[city], seed=seed), seed=seed)
    under_way_s = min(time.time() % SHIFT_S, WARM_UP_STEPS / count)
    for phone in made:
        phone.advance(under_way_s)
    return made


def _first(refusals: list[Refused], stop: threading.Event) -> Any:
    """A wrong key will not become right: the first refusal ends the fleet."""

    def hear(refused: Refused) -> None:
        refusals.append(refused)
        stop.set()

    return hear
