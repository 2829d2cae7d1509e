"""Loads for measurements: a steady one whose answer times are taken exactly, and floods that `wrk` makes beside it.

The steady load is open: each post is due by the clock, goes out whether or not those before it are answered, and its
time counts from when it was due. Floods stand for other machines: they run at a lower priority than all they meet, so
that what is measured is the product and not the generator's own appetite.
"""

import asyncio
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, cast
from urllib.parse import SplitResult, urlsplit

import uvloop

from bench.stage import share

DRAIN_S = 30.0
PACED = """
local ffi = require("ffi")
ffi.cdef [[ typedef struct { long sec; long nsec; } bench_time; int clock_gettime(int, bench_time*); ]]
local at = ffi.new("bench_time")
local function now() ffi.C.clock_gettime(1, at); return tonumber(at.sec) + tonumber(at.nsec) / 1e9 end
local rate, began, due = %f, nil, 0
function delay()
  if rate == 0 then return 0 end
  if not began then began = now() end
  due = due + 1
  return math.max(0, math.floor((began + due / rate - now()) * 1000))
end
two, four, others = 0, 0, 0
function response(status, headers, body)
  if status == 429 then four = four + 1 elseif status >= 200 and status < 300 then two = two + 1
  else others = others + 1 end
end
local thread
function setup(t) thread = t end
local n = 0
function request()
  n = n + 1
  return wrk.format("POST", "%s", {["Content-Type"] = "application/json", ["Authorization"] = "Bearer %s"}, body(n))
end
function done(summary, latency, requests)
  local e = summary.errors
  print(string.format('FLOOD {"requests":%%d,"us":%%d,"accepted":%%d,"over_quota":%%d,"others":%%d,"broken":%%d}',
    summary.requests, summary.duration, thread:get("two"), thread:get("four"), thread:get("others"),
    e.connect + e.read + e.write + e.timeout))
end
"""


class Answers(NamedTuple):
    """What became of a steady load; times in milliseconds from when each post was due."""

    sent: int
    accepted: int  # answered 2xx
    p50_ms: float
    p99_ms: float
    worst_ms: float


class Flooded(NamedTuple):
    """What became of a flood."""

    requests: int
    per_second: float
    accepted: int
    over_quota: int
    others: int
    broken: int


def steady(
    base_url: str, path: str, key: str, per_second: float, seconds: float, body: Callable[[int], bytes]
) -> Answers:
    """Post `body(n)` at that rate for that long, over as many kept connections as it takes."""
    address = urlsplit(base_url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\n"
    )

    def whole(number: int) -> bytes:
        data = body(number)
        return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data

    return _paced(address, whole, per_second, seconds)


def steady_reads(base_url: str, path: Callable[[int], str], per_second: float, seconds: float) -> Answers:
    """The same of GETs without a key: the address of each is `path(n)`."""
    address = urlsplit(base_url)

    def whole(number: int) -> bytes:
        return f"GET {path(number)} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()

    return _paced(address, whole, per_second, seconds)


def _paced(address: SplitResult, whole: Callable[[int], bytes], per_second: float, seconds: float) -> Answers:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_steady(address.hostname or "", address.port or 80, whole, per_second, seconds))


async def _steady(
    host: str, port: int, whole: Callable[[int], bytes], per_second: float, seconds: float
) -> Answers:
    loop, idle = asyncio.get_running_loop(), list[_Client]()
    times: list[float] = []
    accepted, under_way = 0, set[asyncio.Task[None]]()

    async def one(number: int, due: float) -> None:
        nonlocal accepted
        client = idle.pop() if idle else None
        if client is None:
            _, client = await loop.create_connection(_Client, host, port)
        status = await client.ask(whole(number))
        times.append((time.perf_counter() - due) * 1000)
        accepted += 200 <= status < 300
        idle.append(client)

    began, count = time.perf_counter(), int(per_second * seconds)  # uvloop's own clock counts milliseconds
    for number in range(count):
        due = began + number / per_second
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        task = loop.create_task(one(number, due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way, timeout=DRAIN_S)
    for client in idle:
        client.close()
    return Answers(
        count, accepted, round(share(times, 0.5), 2), round(share(times, 0.99), 2), round(max(times), 2)
    )


class _Client(asyncio.Protocol):
    """One kept connection, one request at a time. Answers must have a Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._data = b""
        self._answer: asyncio.Future[int] | None = None

    async def ask(self, request: bytes) -> int:
        """The status of the answer. Raises ConnectionError."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and length and len(rest) >= int(length[1]):
            self._data = b""
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection broke"))

    def close(self) -> None:
        self._transport.close()


class Flood:
    """`with Flood(...) as flood: ...`, then `flood.end()`: posts for `seconds`, `per_second` or (0) flat out.

    `body` is a Lua function body that returns the n-th post's body, such as `return "{}"`.
    """

    def __init__(
        self,
        base_url: str,
        path: str,
        key: str,
        body: str,
        *,
        seconds: float,
        per_second: float = 0,
        connections: int = 64,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        script = Path(self._folder.name) / "flood.lua"
        script.write_text(f"local function body(n)\n{body}\nend\n" + PACED % (per_second, path, key))
        self._seconds = seconds
        self._command = [
            "nice", "-n", "10", "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s",
            "-s", str(script), base_url,
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)  # its connections are open by then
        return self

    def end(self) -> Flooded:
        """Wait until it has ended; its figures."""
        printed, _ = self._process.communicate(timeout=self._seconds + 60)
        found = re.search(r"FLOOD (\{.*\})", printed)
        if found is None:
            raise RuntimeError(f"wrk printed no figures:\n{printed}")
        figures: dict[str, int] = json.loads(found.group(1))
        per_second = figures["requests"] / figures.pop("us") * 1e6
        return Flooded(figures.pop("requests"), round(per_second, 1), **figures)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._folder.cleanup()
