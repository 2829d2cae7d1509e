"""`manage.py demo --write FILE`: the demo tenant, its sign-in and its keys, in a file only its owner may read."""

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tracker.demonstration.tenant import ensure_demo


class Command(BaseCommand):
    """Reads what an earlier call wrote, makes the demo tenant agree with it, writes it again."""

    help = "Makes the demo tenant, once, and writes how to get in. A second call changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--write", type=Path, default=settings.STATE_DIR / "demo.json", help="the JSON file to write"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["write"]
        demo = ensure_demo(_known(path), now=datetime.now(UTC))
        _write(path, json.dumps({"base_url": settings.BASE_URL, **asdict(demo)}, indent=2) + "\n")
        self.stdout.write(f"{demo.email} may sign in; how is in {path}")


def _known(path: Path) -> dict[str, str]:
    """What the file says, as far as it can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    facts = document if isinstance(document, dict) else {}
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def _write(path: Path, text: str) -> None:
    """Replace the file in one step: never readable by others, never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
