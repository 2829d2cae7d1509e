"""`python -m ingest_lambda.broker COMMAND...`: runs Mosquitto by that command and keeps its door.

The command is the broker's own, `mosquitto -c FILE` or one that becomes it; its standard error, with debug lines, comes
here. The broker ends when this process is told to, and its end is this process's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import aiomqtt

from ingest_lambda import config, log
from ingest_lambda.broker.chatter import Chatter
from ingest_lambda.broker.denials import Denials
from ingest_lambda.broker.door import Door
from ingest_lambda.config import Config
from ingest_lambda.stream.resp import RedisConnection

COMPONENT = "broker"
LOOK_EVERY_S = 1.0
LOOK_S, CUT_S = 3.0, 30.0
# A broker that ends at once finds its port still held by the one before it, which is being told to end just now.
TRIES, TRY_AGAIN_S, LIVES_S = 20, 0.25, 1.0

logger = logging.getLogger(__name__)


class Keeper:
    """One broker, from its start to its end."""

    def __init__(self, settings: Config, command: Sequence[str]) -> None:
        self._settings = settings
        self._command = command
        self._broker: subprocess.Popen[bytes] | None = None
        self._denials = Denials()
        self._door = Door(settings, self._reload)
        self._connection: RedisConnection | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Until the broker ends or we are told to end it; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping.set)
        chatter = Chatter(self._denials)
        try:
            await self._try_to_look(running=False)
            for _ in range(TRIES):
                begun = time.monotonic()
                self._broker = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=chatter.writing,
                    stderr=chatter.writing,
                    env=_without_ours(),
                )
                await self._keep(self._broker)
                if self._stopping.is_set() or time.monotonic() - begun > LIVES_S:
                    break
                await asyncio.sleep(TRY_AGAIN_S)
            return await self._end(self._broker)
        finally:
            chatter.close()

    async def _keep(self, broker: subprocess.Popen[bytes]) -> None:
        """Look for news every second while the broker runs."""
        looked = 0.0
        while broker.poll() is None and not self._stopping.is_set():
            if time.monotonic() - looked >= LOOK_EVERY_S:
                looked = time.monotonic()
                self._door.look_at_files()
                await self._try_to_look(running=True)
                await self._try_to_cut()
            try:
                await asyncio.wait_for(self._stopping.wait(), 0.1)
            except TimeoutError:
                continue

    async def _try_to_look(self, *, running: bool) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                if self._connection is None:
                    self._connection = await RedisConnection.open(self._settings.redis_url)
                await self._door.look(self._connection, running=running)
                await self._denials.tell(self._connection)
        except Exception as error:
            logger.warning("could not look after the door, trying again", extra={"reason": str(error)})
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    async def _try_to_cut(self) -> None:
        try:
            async with asyncio.timeout(CUT_S):
                await self._door.cut(time.monotonic())
        except (aiomqtt.MqttError, TimeoutError) as error:
            logger.warning("a connection could not be ended yet, trying again", extra={"reason": str(error)})

    async def _end(self, broker: subprocess.Popen[bytes] | None) -> int:
        if broker is None:
            return 1
        if broker.poll() is None:
            broker.terminate()
        code = await asyncio.to_thread(broker.wait)
        await self._try_to_look(running=False)
        logger.info("the broker is closed", extra={"code": code})
        return 0 if self._stopping.is_set() else code or 1

    def _reload(self) -> None:
        if self._broker is not None and self._broker.poll() is None:
            self._broker.send_signal(signal.SIGHUP)


def _without_ours() -> dict[str, str]:
    """Our environment without our secrets, and without the mark by which a killed program's leftovers are ended:
    a broker that outlives us is writing down what it holds.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}


def main() -> int:
    """Run the broker. Returns the exit code."""
    command = sys.argv[1:]
    if not command:
        sys.stderr.write("usage: python -m ingest_lambda.broker COMMAND...\n")
        return 2
    try:
        settings = config.load()
    except config.BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(COMPONENT, settings.log_level)

    async def kept() -> int:
        return await Keeper(settings, command).run()

    return asyncio.run(kept())


if __name__ == "__main__":
    sys.exit(main())
