"""`manage.py archive`: brings the archive up to date, wholly or for one environment or day."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from tracker.archive.nightly import archive_due
from tracker.archive.reading import Damaged
from tracker.archive.selectors import due_days, last_complete_day
from tracker.archive.services import Shrunk, archive_day
from tracker.archive.shelf import NotThere
from tracker.archive.snapshot import Busy
from tracker.archive.writing import CountDiffers
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class Command(BaseCommand):
    """Without options it does what the nightly tick does."""

    help = "Archives complete days as Parquet and makes their lines; a day that is up to date is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", help="env_…: only this one")
        parser.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD, UTC: only this one")
        parser.add_argument("--since", type=date.fromisoformat, help="YYYY-MM-DD, UTC: only from this day on")
        parser.add_argument("--again", action="store_true", help="with --day: also where nothing changed")
        parser.add_argument(
            "--accept-fewer", action="store_true", help="with --day: also where the table lost many rows"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not any(options[name] for name in ("environment", "day", "since", "again", "accept_fewer")):
            run = archive_due(now=now)
            self.stdout.write(f"{run.archived} days archived, {run.unchanged} unchanged, {run.failed} failed")
            if run.failed:
                raise CommandError(f"days wait since {run.waiting_since}; the log says why")
            return
        if (options["again"] or options["accept_fewer"]) and not options["day"]:
            raise CommandError("--again and --accept-fewer need a --day.")
        environments = _environments(options["environment"])
        for environment, day in _wanted(environments, options, now):
            self._one(environment, day, now, again=options["again"], accept_fewer=options["accept_fewer"])

    def _one(self, environment: Environment, day: date, now: Any, **how: bool) -> None:
        try:
            became = archive_day(environment, day, now=now, **how)
        except (OSError, DatabaseError, Busy, CountDiffers, Shrunk, Damaged, NotThere) as error:
            raise CommandError(f"{environment.public_id} {day}: {error}") from error
        self.stdout.write(f"{environment.public_id} {day}: {became.value}")


def _environments(public_id: str | None) -> dict[int, Environment]:
    rows = Environment.objects.unscoped("the operator's own command").select_related("tenant").order_by("pk")
    if public_id is not None:
        try:
            rows = rows.filter(uid=parse_id("env", public_id))
        except BadIdentifier:
            raise CommandError(f"--environment {public_id}: no such id; it must be like env_…") from None
    found = {environment.pk: environment for environment in rows}
    if not found:
        raise CommandError("there is no such environment.")
    return found


def _wanted(
    environments: dict[int, Environment], options: dict[str, Any], now: Any
) -> list[tuple[Environment, date]]:
    day: date | None = options["day"]
    if day is not None:
        if day > last_complete_day(now=now):
            raise CommandError(f"--day {day}: this day is not complete yet.")
        return [(environment, day) for environment in environments.values()]
    due = due_days(now=now, exact=True, since=options["since"])
    return [(environments[one.environment_id], one.day) for one in due if one.environment_id in environments]
