"""`manage.py planner`: the process that plans, pushes manifests and reads uploads."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from dispatch.planning.process import PlannerProcess


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT; several may run at once. What it holds when it is killed, another takes over."""

    help = "Plans hubs when their windows are due, pushes manifests to devices and reads uploads."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        PlannerProcess().run(stop)
