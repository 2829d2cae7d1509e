"""`manage.py replay FILE`: a recorded track or fleet day through the real ingest endpoint."""

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from tracker.replay import display
from tracker.replay.columns import NAMES
from tracker.replay.posting import Refused, Stopped, Tally
from tracker.replay.readback import Outcomes, Unanswered
from tracker.replay.reading import read
from tracker.replay.recording import EPOCH, Recording, Unreadable
from tracker.replay.sending import CONNECTIONS, Sender
from tracker.replay.shifting import Plan, plan
from tracker.replay.table import MPS_OF, Reading
from tracker.replay.target import NoTarget, Target, target

MICROSECOND = timedelta(microseconds=1)
MANY_TELEPORTS = 0.05


class Command(BaseCommand):
    """Reads the options, then: read the file, plan its times, send, tell."""

    requires_system_checks = []  # the pages' settings are of no concern here, and checking them takes a second
    help = "Posts a CSV or GPX recording through the ingest endpoint, shifted so that it ends now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV or GPX, plain or .gz")
        _add_target(parser)
        _add_times(parser)
        _add_contents(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["own_times"] and options["relative_times"]:
            raise CommandError(
                "--own-times: seconds from a start are no times of their own; leave one of the two."
            )
        console = display.console_on(self.stdout)  # type: ignore[arg-type]  # Django's wrapper writes like a file
        try:
            recording = read(options["file"], _reading(options))
        except Unreadable as error:
            raise CommandError(str(error)) from None
        goal = _target(options)
        if options["device_prefix"]:
            recording.fixes = [
                replace(fix, device=options["device_prefix"] + fix.device) for fix in recording.fixes
            ]
        schedule = plan(
            recording.fixes,
            now_us=(datetime.now(UTC) - EPOCH) // MICROSECOND,
            speed=options["speed"],
            own_times=options["own_times"],
            end_us=_moment(options["end"]),
        )
        _tell_before(console, recording, schedule, goal)
        _Run(console, goal, schedule, options["batch"], options["connections"]).go(recording)


@dataclass(frozen=True)
class _Run:
    console: Console
    target: Target
    schedule: Plan
    batch: int
    connections: int

    def go(self, recording: Recording) -> None:
        tally, stop = Tally(), threading.Event()
        since = datetime.now(UTC).replace(microsecond=0)
        outcomes = self._outcomes(since)
        before = outcomes.read() if outcomes else None
        begun = time.monotonic()
        previous = signal.signal(signal.SIGTERM, lambda *_: stop.set())
        try:
            with display.progress(self.console, len(recording.fixes)) as advance:
                address = self.target.address
                sender = Sender(address, self.schedule, tally, stop, self.batch, self.connections, advance)
                sender.send(recording.fixes)
        except Refused as error:
            raise CommandError(f"the endpoint refuses: {error}") from None
        except (Stopped, KeyboardInterrupt):
            stop.set()
            self.console.print("stopped before the end")
        finally:
            signal.signal(signal.SIGTERM, previous)
        took_s = time.monotonic() - begun
        rows = {
            "sent": f"{len(recording.fixes):,} fixes in {took_s:.1f} s",
            "answered 202": f"{tally.accepted:,} fixes in {tally.requests:,} requests",
        }
        if tally.retries:
            rows["sent again"] = f"{tally.retries:,} requests, {tally.unanswered:,} fixes without an answer"
        if outcomes and before is not None:
            rows |= _read_back(self.console, outcomes, before.received + tally.accepted, before)
        display.table(self.console, rows)

    def _outcomes(self, since: datetime) -> Outcomes | None:
        """Where the counts are to be read; says so and goes on without where the API does not answer."""
        if not self.target.secret_key:
            self.console.print(
                "no secret key for this environment (--secret-key): outcomes are not read back"
            )
            return None
        outcomes = Outcomes(self.target.address.base_url, self.target.secret_key, since)
        try:
            outcomes.read()
        except Unanswered as error:
            self.console.print(f"outcomes are not read back: {error}")
            return None
        return outcomes


def _read_back(console: Console, outcomes: Outcomes, target: int, before: Any) -> dict[str, str]:
    try:
        counts = outcomes.settle(target).minus(before)
    except Unanswered as error:
        return {"outcomes": str(error)}
    rows = {name: f"{count:,}" for name, count in sorted(counts.endings.items())}
    if counts.endings.get("filtered (teleport)", 0) > MANY_TELEPORTS * counts.received:
        # the same recording an hour later, under the same ids: every vehicle in two places at once
        console.print("many teleports: replayed here before? --device-prefix TEXT makes it another fleet")
    return {"received by the environment meanwhile": f"{counts.received:,}", **rows}


def _tell_before(console: Console, recording: Recording, schedule: Plan, goal: Target) -> None:
    for note in recording.notes:
        console.print(note)
    if recording.fault_count:
        console.print(f"{recording.fault_count:,} rows are left out:")
        for fault in recording.faults:
            console.print(f"  {fault}")
        if recording.fault_count > len(recording.faults):
            console.print(f"  and {recording.fault_count - len(recording.faults):,} more")
    times = [fix.at_us for fix in recording.fixes]
    first, last = (EPOCH + timedelta(microseconds=us) for us in (min(times), max(times)))
    devices = len({fix.device for fix in recording.fixes})
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
    console.print(f"{len(recording.fixes):,} fixes of {devices:,} devices, {span}")
    if schedule.shift_us:
        moved = timedelta(seconds=round(schedule.shift_us / 1_000_000))
        console.print(f"moved by {moved} so that the recording ends now")
    if schedule.speed:
        console.print(
            f"at {schedule.speed:g} times real time this takes {timedelta(seconds=round(schedule.lasts_s))}"
        )
    console.print(f"to {goal.address.base_url}, {goal.told}")


def _target(options: dict[str, Any]) -> Target:
    try:
        return target(
            base_url=options["base_url"],
            environment=options["environment"],
            key=options["key"],
            secret_key=options["secret_key"],
        )
    except NoTarget as error:
        raise CommandError(str(error)) from None


def _reading(options: dict[str, Any]) -> Reading:
    return Reading(
        columns={fact: options[f"{fact}_column"] for fact in NAMES},
        zone=_zone(options["time_zone"]),
        relative=options["relative_times"],
        speed_unit=options["speed_unit"],
        device=options["device"],
        limit=options["limit"],
    )


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise CommandError(
            f"--time-zone {name}: no such zone; it must be like Europe/Amsterdam or UTC."
        ) from None


def _moment(text: str | None) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--end {text}: no ISO 8601 date and time.") from None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) // MICROSECOND


def _add_target(parser: ArgumentParser) -> None:
    parser.add_argument("--environment", help="env_…: post with the environment's own publishable key")
    parser.add_argument("--key", help="pk_…: post with this key")
    parser.add_argument("--secret-key", help="sk_…: read the outcomes back with this key")
    parser.add_argument("--base-url", help="the origin to post to, by default MILEPOST_BASE_URL")
    parser.add_argument("--batch", type=_between(1, 1000), default=200, metavar="1..1000")
    parser.add_argument("--connections", type=_between(1, 64), default=CONNECTIONS, metavar="1..64")


def _add_times(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--speed", type=_positive, help="times real time; by default as fast as the endpoint takes it"
    )
    parser.add_argument("--own-times", action="store_true", help="keep the recorded times")
    parser.add_argument("--end", help="the recorded moment that counts as the end, by default the last fix")
    parser.add_argument("--time-zone", help="of times that name none, such as Europe/Amsterdam")
    parser.add_argument(
        "--relative-times", action="store_true", help="times are seconds from each device's start"
    )


def _add_contents(parser: ArgumentParser) -> None:
    parser.add_argument("--device", help="take all fixes as of this one device")
    parser.add_argument(
        "--device-prefix", metavar="TEXT", help="before each device's id: a second replay is another fleet"
    )
    parser.add_argument("--limit", type=int, help="only the first so many fixes")
    parser.add_argument("--speed-unit", choices=sorted(MPS_OF), help="of the speed column, by default mps")
    for fact in NAMES:
        parser.add_argument(f"--{fact}-column", metavar="NAME", help=f"the column of the {fact}; '' for none")


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not lowest <= value <= highest:
            raise ValueError
        return value

    return number
