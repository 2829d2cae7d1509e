"""`manage.py relay`: the process that hands events on and delivers webhooks."""

import asyncio
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from tracker.outbox.process import RelayProcess


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT; several may run at once. What it holds when it is killed, another takes over."""

    help = "Hands events on to webhooks and alerts, and delivers webhooks."

    def handle(self, *args: Any, **options: Any) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await RelayProcess().run(stop)
