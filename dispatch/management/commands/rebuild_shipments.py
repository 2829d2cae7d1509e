"""`manage.py rebuild_shipments`: makes what is shown of shipments anew from their events."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.shipments.rebuild import rebuild
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class Command(BaseCommand):
    """Harmless at any time: commands go on meanwhile."""

    help = "Folds the events of all shipments again and says how many rows were missing or another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", help="env_…: only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        for environment in _environments(options["environment"]):
            done = rebuild(environment.pk)
            if done.shipments or options["environment"]:
                self.stdout.write(
                    f"{environment.public_id}: {done.shipments} shipments, {done.mended} rows were missing or another"
                )


def _environments(public_id: str | None) -> list[Environment]:
    why = "the operator's own command"
    with scope.scope(unscoped=why):
        rows = Environment.objects.unscoped(why).order_by("pk")
        if public_id is not None:
            try:
                rows = rows.filter(uid=parse_id("env", public_id))
            except BadIdentifier as error:
                raise CommandError(str(error)) from None
        found = list(rows)
    if not found:
        raise CommandError(f"There is no environment {public_id}.")
    return found
