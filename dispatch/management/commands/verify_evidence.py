"""`manage.py verify_evidence PACK`: checks an evidence pack, as the script inside it does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.shipments.evidence.signing import public_key
from dispatch.shipments.evidence.verify_evidence import verify


class Command(BaseCommand):
    """With this installation's own key, unless another one is given."""

    help = "Checks an evidence pack of a shipment and names whatever was tampered with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pack", help="the zip file")
        parser.add_argument("--key", help="the public key it must be signed with; by default ours")

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["key"]
        self.stdout.write(f"Checked with {'the key given' if given else 'the key of this installation'}.")
        found = verify(options["pack"], given or public_key())
        *lines, outcome = found.lines()
        for line in lines:
            self.stdout.write(line)
        if found.faults:
            raise CommandError(outcome)
        self.stdout.write(outcome)
