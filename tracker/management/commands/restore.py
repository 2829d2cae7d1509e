"""`manage.py restore`: reads an archived day back, checked, into a file or into the table of positions."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from tracker.archive.reading import Damaged
from tracker.archive.restoring import CannotRestore, into_file, into_positions
from tracker.archive.shelf import NotThere
from tracker.archive.snapshot import Busy
from tracker.devices.models import Device
from tracker.devices.references import BadReference, parse_reference
from tracker.positions.models import ArchivedDay
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

POSITIONS = "positions"


class Command(BaseCommand):
    """The object's digest and its number of rows are checked before anything is written."""

    help = "Reads an archived day back into a file, or into the table where its partition still is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", required=True, help="env_…")
        parser.add_argument("--day", required=True, type=date.fromisoformat, help="YYYY-MM-DD, UTC")
        parser.add_argument("--device", help="dev_… or external:…: only this device")
        parser.add_argument(
            "--into",
            help="a file (.ndjson, .csv, .geojson, .parquet), or `positions` for the table; "
            "by default env_…-YYYY-MM-DD.ndjson here, with the device's id before .ndjson where one is chosen",
        )
        parser.add_argument("--force", action="store_true", help="write over a file that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        environment = _environment(options["environment"])
        day: date = options["day"]
        archived = ArchivedDay.objects.for_environment(environment).filter(day=day).first()
        if archived is None:
            raise CommandError(f"{day} of {environment.public_id} is not in the archive.")
        device = _device(environment, options["device"]) if options["device"] else None
        parts = (environment.public_id, str(day), *([device] if device else []))
        target = options["into"] or f"{'-'.join(parts)}.ndjson"
        try:
            if target == POSITIONS:
                done = into_positions(archived, device=device)
            else:
                done = into_file(archived, Path(target), device=device, replace=options["force"])
        except (CannotRestore, Damaged, NotThere, Busy, OSError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done.read} positions read, {done.written} written to {target}")


def _environment(public_id: str) -> Environment:
    try:
        uid = parse_id("env", public_id)
    except BadIdentifier:
        raise CommandError(f"--environment {public_id}: no such id; it must be like env_…") from None
    found = Environment.objects.unscoped("the operator's own command").filter(uid=uid).first()
    if found is None:
        raise CommandError(f"--environment {public_id}: there is no such environment.")
    return found


def _device(environment: Environment, text: str) -> str:
    """The public id of a device, which may be unknown here: the file may know it."""
    try:
        reference = parse_reference(text)
    except BadReference:
        raise CommandError(f"--device {text}: it must be dev_… or external:…") from None
    if reference.uid is not None:
        return text
    rows = Device.objects.for_environment(environment).filter(external_id=reference.external_id)
    found = rows.first()
    if found is None:
        raise CommandError(f"--device {text}: there is no such device.")
    return found.public_id
