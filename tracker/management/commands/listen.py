"""`manage.py listen`: prints webhooks as they come, on the machine of whoever develops against them."""

import os
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.replay.target import demo_facts
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment
from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.listening import Heard, Receiver, lines_of
from tracker.webhooks.models import WebhookEndpoint
from tracker.webhooks.polling import Away, Events, Refused
from tracker.webhooks.selectors import endpoints_of
from tracker.webhooks.services import create_endpoint, delete_endpoint
from tracker.webhooks.signing import BadSecret, secret_bytes

POLL_S = 2.0
AWAY_S = 5.0
WHOSE = "manage.py listen, process"  # and its number and machine: how leftovers of a killed one are told


class Command(BaseCommand):
    """Registers an endpoint of its own for as long as it runs, or asks a server far away."""

    requires_system_checks = []
    help = "Prints each event of an environment as it is told, checking signatures. Ends with Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", help="env_…: by default the demo tenant's live one")
        parser.add_argument("--kind", action="append", default=[], help="only these, such as geofence.*")
        parser.add_argument("--port", type=int, default=0, help="listen here; by default on any free port")
        parser.add_argument("--secret", help="whsec_…: of an endpoint you made yourself for this port")
        parser.add_argument("--from", dest="base_url", help="https://…: ask that server, no request comes in")
        parser.add_argument("--key", help="sk_…: for --from; or in MILEPOST_SECRET_KEY")
        parser.add_argument("--since", default="", help="for --from: begin with what was written then")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
        if options["base_url"]:
            self._poll(options, stop)
        else:
            self._listen(options, stop)

    def _listen(self, options: dict[str, Any], stop: threading.Event) -> None:
        receiver = Receiver(options["port"], self._hear)
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            if options["secret"]:
                receiver.secrets = [_secret(options["secret"])]
                self._say(f"Listening on {receiver.url}; Ctrl-C ends it.")
                stop.wait()
            else:
                with _endpoint(_environment(options), receiver, options["kind"]) as endpoint:
                    self._say(f"Listening on {receiver.url} as {endpoint.public_id}; Ctrl-C ends it.")
                    stop.wait()
        finally:
            receiver.shutdown()
            receiver.server_close()

    def _poll(self, options: dict[str, Any], stop: threading.Event) -> None:
        key = options["key"] or os.environ.get("MILEPOST_SECRET_KEY", "")
        if not key:
            raise CommandError("--from needs a secret key: --key sk_…, or MILEPOST_SECRET_KEY.")
        if len(options["kind"]) > 1 or any("*" in kind for kind in options["kind"]):
            raise CommandError("--from takes one whole --kind, such as device.silent.")
        try:
            events = Events(options["base_url"], key, kind="".join(options["kind"]), since=options["since"])
            self._say(f"Asking {options['base_url']} every {POLL_S:g} s; Ctrl-C ends it.")
            while not stop.is_set():
                stop.wait(self._read(events))
        except Refused as error:
            raise CommandError(f"the server refuses: {error}") from None

    def _read(self, events: Events) -> float:
        """Print what there is; how long to wait before the next look, in seconds."""
        try:
            for event in events.read():
                self._say(*lines_of(event, at=_clock()))
        except Away as error:
            self._say(f"{_clock()}  the server is away, asking again in {AWAY_S:g} s: {error}")
            return AWAY_S
        return POLL_S

    def _hear(self, heard: Heard) -> None:
        if heard.event is None:
            self._say(f"{_clock()}  refused: {heard.refused}")
        elif heard.is_challenge:
            self._say(f"{_clock()}  verified: events come from now on.")
        else:
            self._say(*lines_of(heard.event, at=_clock(), note=heard.request_id))

    def _say(self, *lines: str) -> None:
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


@contextmanager
def _endpoint(environment: Environment, receiver: Receiver, kinds: list[str]) -> Iterator[WebhookEndpoint]:
    """An endpoint of the environment that leads here, for as long as this runs."""
    if not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise CommandError(
            "webhooks may not go to this machine: set MILEPOST_WEBHOOKS_ALLOW_PRIVATE=1 for the relay and for this "
            "command (for development only), or ask with --from."
        )
    whose = f"{WHOSE} {os.getpid()} on {socket.gethostname()}"
    try:
        with scope.scope(environment_id=environment.pk, tenant_id=environment.tenant_id):
            _forget_leftovers(environment)
            endpoint, secret = create_endpoint(
                environment,
                url=receiver.url,
                description=whose[:200],
                kinds=kinds,
                by=None,
                now=timezone.now(),
            )
            receiver.secrets = [secret_bytes(secret)]
    except WebhookProblem as refusal:
        raise CommandError(refusal.detail) from None
    try:
        yield endpoint
    finally:
        with scope.scope(environment_id=environment.pk, tenant_id=environment.tenant_id):
            delete_endpoint(endpoint, now=timezone.now())


def _forget_leftovers(environment: Environment) -> None:
    """Endpoints of listeners on this machine that were killed before they could take theirs back."""
    here = f" on {socket.gethostname()}"
    for row in endpoints_of(environment).filter(description__startswith=WHOSE):
        number = row.description.removeprefix(WHOSE).removesuffix(here).strip()
        if row.description.endswith(here) and number.isdecimal() and not _runs(int(number)):
            delete_endpoint(row, now=timezone.now())


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _environment(options: dict[str, Any]) -> Environment:
    wanted = options["environment"] or demo_facts().get("live_environment_id")
    if not wanted:
        raise CommandError("of which environment? Say --environment env_… (there is no demo tenant yet).")
    try:
        uid = parse_id("env", wanted)
    except BadIdentifier as error:
        raise CommandError(f"--environment: {error}.") from None
    rows = Environment.objects.unscoped("an operator at the command line names it")
    found = rows.filter(uid=uid).first()
    if found is None:
        raise CommandError(f"--environment {wanted}: there is no such environment.")
    return found


def _secret(text: str) -> bytes:
    try:
        return secret_bytes(text)
    except BadSecret as error:
        raise CommandError(f"--secret: {error}.") from None


def _clock() -> str:
    return f"{datetime.fromtimestamp(time.time(), UTC):%H:%M:%S}"
