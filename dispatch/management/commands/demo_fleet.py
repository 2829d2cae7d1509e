"""`manage.py demo_fleet`: hubs, drivers and vehicles for the demo tenant's live environment, once."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.demonstration.services import ensure_fleet
from tracker.replay.target import demo_facts
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class Command(BaseCommand):
    """Makes the fleet where no hub is yet; a second call changes nothing."""

    help = "Makes a small dispatch fleet over the simulated phones, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", help="env_…: by default the demo tenant's live one")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["environment"] or demo_facts().get("live_environment_id") or ""
        try:
            uid = parse_id("env", wanted)
        except BadIdentifier:
            raise CommandError(
                "No demo tenant yet: run manage.py demo first, or name --environment."
            ) from None
        with scope.scope(unscoped="the command is told which environment, by its public id"):
            environment = Environment.objects.unscoped("by its public id").filter(uid=uid).first()
        if environment is None:
            raise CommandError(f"There is no environment {wanted}.")
        made = ensure_fleet(environment, now=datetime.now(UTC))
        self.stdout.write("the fleet is made" if made else "hubs are there already; nothing was changed")
