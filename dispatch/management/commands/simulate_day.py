"""`manage.py simulate_day`: a whole day of dispatch through the product's public addresses, and what came of it."""

import asyncio
import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.rehearsal.client import Refused
from dispatch.rehearsal.day import play
from dispatch.rehearsal.judging import judge, size_of_database
from dispatch.rehearsal.processor import spent
from dispatch.rehearsal.report import lines_of, report_of
from dispatch.rehearsal.world import make_world
from tracker.keys.models import Key
from tracker.keys.services import create_key, revoke_key
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

MOST = {"shipments": 1_000_000, "drivers": 20_000, "cities": 50, "speed": 200, "solve_seconds": 600}


class Command(BaseCommand):
    """Makes a day up, plays it against the product that runs at the base URL, judges it, and prints a report."""

    help = (
        "Plays a made-up day of dispatch in scale: at --speed N every length and every duration is an Nth. Hubs, "
        "uploads, windows, drivers' phones, positions, overrides and customers all come through the public addresses "
        "of the running product. Ends with a report; exits with 1 where anything was lost, done twice or miscounted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shipments", type=int, default=800)
        parser.add_argument("--drivers", type=int, default=20)
        parser.add_argument("--cities", type=int, default=2)
        parser.add_argument(
            "--speed", type=float, default=60, help="1 to N, up to 200: at 60 nine hours take nine minutes"
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--solve-seconds", type=int, default=5, help="of each hub's plan")
        parser.add_argument(
            "--environment", required=True, help="env_…: a test environment, it fills with the day"
        )
        parser.add_argument("--base-url", help="where the product runs, by default MILEPOST_BASE_URL")
        parser.add_argument("--json", action="store_true", help="the report as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        _sensible(options)
        environment = _environment(options["environment"])
        world = make_world(
            shipments=options["shipments"], drivers=options["drivers"], cities=options["cities"],
            speed=options["speed"], seed=options["seed"], run=f"day-{secrets.token_hex(3)}", now=timezone.now(),
        )  # fmt: skip
        with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
            key, text = create_key(environment, Key.Kind.SECRET, by=None, name=f"simulate_day {world.run}")
        size, processor = size_of_database(), spent()
        say = (lambda line: None) if options["json"] else self.stdout.write
        base_url = (options["base_url"] or settings.BASE_URL).rstrip("/")
        try:
            played = asyncio.run(
                play(world, base_url=base_url, key=text, solve_s=options["solve_seconds"], say=say)
            )
        except Refused as refusal:
            raise CommandError(f"the day broke off: {refusal}") from None
        finally:
            with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
                revoke_key(key, now=timezone.now())
        cost = spent().since(processor)
        verdict = judge(played, environment, now=timezone.now())
        report = report_of(played, verdict, grown_bytes=size_of_database() - size, processor=cost)
        self.stdout.write(json.dumps(report) if options["json"] else "\n".join(lines_of(report)))
        if verdict.faults:
            raise CommandError(f"{len(verdict.faults)} faults", returncode=1)


def _sensible(options: dict[str, Any]) -> None:
    """Raises CommandError for a day that cannot be."""
    for name, most in MOST.items():
        if not 1 <= options[name] <= most:
            raise CommandError(
                f"--{name.replace('_', '-')} must be from 1 to {most:,}, not {options[name]:,}."
            )
    cities = options["cities"]
    for name in ("drivers", "shipments"):
        if options[name] < cities:
            raise CommandError(
                f"Every city needs one of the {name} at least: {cities} cities, {options[name]} {name}."
            )
    url = options["base_url"] or settings.BASE_URL
    if not url.startswith(("http://", "https://")):
        raise CommandError(f"--base-url must begin with http:// or https://, not {url[:60]!r}.")


def _environment(reference: str) -> Environment:
    try:
        uid = parse_id("env", reference)
    except BadIdentifier as bad:
        raise CommandError(str(bad)) from None
    rows = Environment.objects.unscoped("the operator names the environment by its id")
    found = rows.filter(uid=uid).first()
    if found is None:
        raise CommandError(f"There is no environment {reference}.")
    if found.kind != Environment.Kind.TEST:
        raise CommandError(f"{reference} is a live environment: a made-up day belongs into a test one.")
    return found
