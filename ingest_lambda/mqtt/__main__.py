"""`python -m ingest_lambda.mqtt`: the bridge, its signs of life and its summary, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from ingest_lambda import config, log
from ingest_lambda.config import Config
from ingest_lambda.health import keep_beating
from ingest_lambda.mqtt.bridge import Bridge
from ingest_lambda.stream import engine

COMPONENT = "bridge"

logger = logging.getLogger(__name__)


async def serve(settings: Config) -> None:
    """Run the bridge until told to stop, or until something fails that should not."""
    stream = engine.positions_writer(settings)
    bridge = Bridge(settings, stream)
    tasks = [
        asyncio.create_task(bridge.run()),
        asyncio.create_task(keep_beating(settings.redis_url, COMPONENT, str(os.getpid()), bridge.facts)),
        asyncio.create_task(bridge.tally.keep_telling(bridge.facts)),
    ]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await stream.close()
    logger.info("the bridge is closed", extra={"messages": bridge.tally.total})
    for result in results:
        if isinstance(result, Exception):
            raise result


def main() -> int:
    """Carry until told to stop. Returns the exit code."""
    try:
        settings = config.load()
    except config.BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(COMPONENT, settings.log_level)
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
