"""`manage.py recount_usage`: counts usage anew from the source rows, and says how many records that changed."""

from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.meters.services import recount
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class Command(BaseCommand):
    help = "Count usage anew from the source rows. Nothing changes where the records were right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From and to, in whole UTC days; of one environment or of all."""
        parser.add_argument("first", type=date.fromisoformat, help="first day, as 2026-11-01")
        parser.add_argument("last", type=date.fromisoformat, help="last day, as 2026-11-30")
        parser.add_argument("--environment", help="its id, as env_...; without it all environments")

    def handle(self, *args: Any, **options: Any) -> None:
        """One transaction an environment."""
        if options["last"] < options["first"]:
            raise CommandError("The last day lies before the first.")
        first = datetime.combine(options["first"], time(), UTC)
        last = datetime.combine(options["last"], time(), UTC) + timedelta(days=1)
        rows = Environment.objects.unscoped("usage of every customer can be counted again").order_by("pk")
        if options["environment"]:
            try:
                rows = rows.filter(uid=parse_id("env", options["environment"]))
            except BadIdentifier as error:
                raise CommandError(f"No environment has the id {options['environment']}.") from error
        changed = 0
        for environment in rows:
            count = recount(environment.pk, first, last, now=timezone.now())
            changed += count
            if count:
                self.stdout.write(f"{environment.public_id}: {count} records changed")
        self.stdout.write(f"{changed} records changed")
