"""`manage.py follow ID`: the ordered story of one report, from the door to the map, with the gaps between."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.follow import telling
from tracker.follow.ids import NotAnId, Wanted, resolve
from tracker.follow.log_lines import lines_about
from tracker.follow.story import Story, tell
from tracker.tenants import scope


class Command(BaseCommand):
    """For staff: reads every customer's rows, and the logs of this machine."""

    help = (
        "Prints the story of one report: req_…, a trace id of 32 hexadecimal digits, or a whole traceparent."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="X-Request-Id of the answer, a trace id, or a traceparent")
        parser.add_argument("--json", action="store_true", help="one JSON document for programs")
        parser.add_argument("--no-logs", action="store_true", help="leave this machine's log files alone")

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.scope(unscoped="staff follow a report of any customer"):
            try:
                wanted = resolve(options["id"], None)
            except NotAnId as error:
                raise CommandError(str(error)) from None
            stories = [_story(request, wanted, logs=not options["no_logs"]) for request in wanted.requests]
        known = [story for story in stories if story.known]
        if not known:
            raise CommandError(_nobody(wanted))
        if options["json"]:
            documents = [telling.document(story) for story in known]
            self.stdout.write(
                json.dumps(documents if wanted.trace_id else documents[0], indent=2, default=str)
            )
            return
        if wanted.trace_id:
            more = ", of which these are the first" if wanted.more else ""
            self.stdout.write(f"trace {wanted.trace_id}: {len(known)} requests{more}\n")
        for number, story in enumerate(known):
            if number:
                self.stdout.write("\n" + "-" * 80 + "\n")
            for line in telling.lines(story):
                self.stdout.write(line)


def _story(request: Any, wanted: Wanted, *, logs: bool) -> Story:
    lines = lines_about({request.hex, wanted.trace_id}) if logs else []
    return tell(request, None, now=timezone.now(), lines=lines)


def _nobody(wanted: Wanted) -> str:
    text = wanted.text[:80]
    if text.startswith("req_"):
        return (
            f"Nothing is known of {text}: no position, no report set aside, no dead letter, no entry on the stream "
            "and no log line names it. Either it was refused at the door (then its answer said so), all of it "
            "was a duplicate and the stream has let go of it, or what it left is past its retention."
        )
    return (
        f"No request is known by the trace {text}: no caller sent it with a report that is still known, and no "
        "request of ours has that id."
    )
