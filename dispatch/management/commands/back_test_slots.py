"""`manage.py back_test_slots --environment env_…`: what would have been predicted of the last weeks' slots."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.metrics.back_test import back_test
from dispatch.metrics.predictions import HORIZONS_S
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class Command(BaseCommand):
    """Prints, for each horizon, predicted chances beside what came of them."""

    help = "Replays the routes of the last weeks and judges the predictions of slots."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", required=True, help="env_…")
        parser.add_argument("--days", type=int, default=28)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            uid = parse_id("env", options["environment"])
        except BadIdentifier as error:
            raise CommandError(str(error)) from None
        with scope.scope(unscoped="the command is told which environment, by its public id"):
            found = Environment.objects.unscoped("by its public id").filter(uid=uid).first()
        if found is None:
            raise CommandError(f"There is no environment {options['environment']}.")
        since = (datetime.now(UTC) - timedelta(days=options["days"])).date()
        for horizon_s in HORIZONS_S:
            with scope.scope(environment_id=found.pk):
                judged = back_test(found.pk, since=since, horizon_s=horizon_s)
            if judged is None:
                self.stdout.write(f"{horizon_s // 60} minutes before: no slot to judge")
                continue
            skill = "" if judged.skill is None else f", skill {judged.skill:.2f}"
            self.stdout.write(
                f"{horizon_s // 60} minutes before: {judged.count} slots, predicted {judged.predicted:.1%}, "
                f"missed {judged.missed:.1%}{skill}"
            )
            for part in judged.bins:
                self.stdout.write(
                    f"  {part.low:4.0%} to {part.high:4.0%}: {part.count:6}  predicted {part.predicted:6.1%}  "
                    f"missed {part.missed:6.1%}"
                )
