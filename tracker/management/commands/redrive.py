"""`manage.py redrive`: has dead letters driven again, waits for the consumers, and prints how each ended."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from tracker.http.times import BadMoment, parse_moment
from tracker.ingestion.models import DeadLetter
from tracker.letters.selectors import OPEN, Narrowing
from tracker.letters.services import ask
from tracker.tenants.identifiers import BadIdentifier, parse_id, public_id
from tracker.tenants.models import Environment

WAIT_S = 60.0
LOOK_AGAIN_S = 0.25
SHOWN = 20


class Command(BaseCommand):
    """Say which: `--all`, or any of the narrowing options together."""

    help = "Has dead letters driven again through the pipeline, and prints the results."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="every letter that waits, of every customer")
        parser.add_argument(
            "--id", action="append", default=[], help="a letter's number (admin), or req_…; repeatable"
        )
        parser.add_argument(
            "--reason", default="", help="exactly this reason, as store_positions: ValueError"
        )
        parser.add_argument("--lane", default="", help="only this lane, as loc:0")
        parser.add_argument(
            "--environment", default="", help="only this environment, env_…; none for no environment"
        )
        parser.add_argument("--since", type=_moment, help="parked at or after this time")
        parser.add_argument("--until", type=_moment, help="parked before this time")
        parser.add_argument(
            "--wait", type=float, default=WAIT_S, metavar="SECONDS", help="how long to wait (60)"
        )
        parser.add_argument("--dry-run", action="store_true", help="say which and ask for nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        narrowed = any(options[name] for name in ("id", "reason", "lane", "environment", "since", "until"))
        if options["all"] == narrowed:
            raise CommandError(
                "Say --all, or narrow by --id, --reason, --lane, --environment, --since, --until."
            )
        rows = _chosen(options)
        numbers = list(rows.filter(OPEN).order_by("pk").values_list("pk", flat=True))
        if not numbers:
            self.stdout.write("No dead letter waits that fits.")
            return
        if options["dry_run"]:
            self._tell(numbers)
            return
        begun, asked = time.monotonic(), ask(rows, now=timezone.now())
        before = len(numbers) - asked
        self.stdout.write(f"{asked} asked for." + (f" {before} were asked for before." if before else ""))
        open_ones = self._wait(numbers, begun + options["wait"])
        self._tell(numbers)
        if open_ones:
            raise CommandError(
                f"{open_ones} still wait after {options['wait']:g} s. Does a consumer run? See GET /healthz."
            )

    def _wait(self, numbers: list[int], until: float) -> int:
        while left := _of(numbers).filter(OPEN, redrive_asked_at__isnull=False).count():
            if time.monotonic() >= until:
                return left
            time.sleep(LOOK_AGAIN_S)
        return 0

    def _tell(self, numbers: list[int]) -> None:
        rows = list(_of(numbers).select_related("environment").order_by("pk"))
        stored = [row for row in rows if row.redriven_at]
        failed = [row for row in rows if not row.redriven_at]
        for row in failed[:SHOWN]:
            self.stdout.write(f"  {_line(row)}")
        if len(failed) > SHOWN:
            self.stdout.write(f"  … and {len(failed) - SHOWN} more")
        fixes = sum(row.fixes for row in stored)
        self.stdout.write(f"{len(stored)} redriven ({fixes} reports), {len(failed)} not.")


def _chosen(options: dict[str, Any]) -> QuerySet[DeadLetter]:
    narrowing = Narrowing(
        reason=options["reason"], lane=options["lane"], since=options["since"], until=options["until"]
    )
    rows = narrowing.of(DeadLetter.objects.unscoped("an operator has letters of any customer driven again"))
    if options["environment"]:
        rows = rows.filter(environment=_environment(options["environment"]))
    if options["id"]:
        numbers = [int(text) for text in options["id"] if text.isdigit()]
        requests = [_request(text) for text in options["id"] if not text.isdigit()]
        rows = rows.filter(pk__in=numbers) | rows.filter(request_id__in=requests)
    return rows


def _of(numbers: Iterable[int]) -> QuerySet[DeadLetter]:
    return DeadLetter.objects.unscoped("those an operator asked for").filter(pk__in=list(numbers))


def _environment(text: str) -> Environment | None:
    if text == "none":
        return None
    try:
        uid = parse_id("env", text)
    except BadIdentifier as error:
        raise CommandError(str(error)) from None
    found = Environment.objects.unscoped("an operator names it").filter(uid=uid).first()
    if found is None:
        raise CommandError(f"There is no environment {text}.")
    return found


def _request(text: str) -> Any:
    try:
        return parse_id("req", text)
    except BadIdentifier:
        raise CommandError(
            f"--id takes a letter's number or a request id req_…, not {text[:60]!r}."
        ) from None


def _moment(text: str) -> datetime:
    try:
        return parse_moment(text)
    except BadMoment:
        raise CommandError(f"{text[:60]!r} is no time such as 2026-05-01T08:30:00Z.") from None


def _line(row: DeadLetter) -> str:
    whose = row.environment.public_id if row.environment else "no environment"
    request = public_id("req", row.request_id) if row.request_id else "no request id"
    error = f"; the redrive: {row.redrive_error.splitlines()[0][:160]}" if row.redrive_error else ""
    return f"{row.pk}  {row.reason}  {whose}  {request}{error}"
