"""Many open maps in one process, for `live_sockets`: reads frames as cheaply as can be, and times what is in them.

Started as `python -m bench.live_reader`, with its orders as one JSON line on standard input. Prints a line when every
socket has its snapshot; counts from the second line it reads to the third, then prints its figures. It speaks just
enough of the WebSocket protocol to listen to our own server: no fragments, compression where it is told to offer it.
"""

import asyncio
import base64
import json
import os
import sys
import time
import zlib
from array import array
from functools import partial
from typing import Any

import msgspec
import uvloop


class _Device(msgspec.Struct):
    recorded_at: int | None = None


class _Frame(msgspec.Struct):
    type: str
    server_time: int
    complete: bool = False
    devices: list[_Device] = []


_decode = msgspec.json.Decoder(_Frame).decode


class Reader(asyncio.Protocol):
    """One socket."""

    def __init__(self, request: bytes, delays: "array[float]", sent: "array[float]") -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self.frames = self.bytes = 0
        self.closed = False
        self._request, self._delays, self._sent, self._buffer = request, delays, sent, bytearray()
        self._inflate: Any = None
        self._begun = False
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if not self.ready.done():
            self.ready.set_exception(
                ConnectionError(f"closed before its snapshot: {bytes(self._buffer[:200])!r}")
            )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self.bytes += len(data)
        if not self._begun:
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.transport.close()
                return
            if b"permessage-deflate" in head.lower():
                self._inflate = zlib.decompressobj(-15)
            self._begun, self._buffer = True, bytearray(rest)
        self._take()

    def _take(self) -> None:
        now, buffer, at = time.time() * 1000, self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + size:
                break
            opcode, squeezed = buffer[at] & 0x0F, buffer[at] & 0x40
            payload = bytes(buffer[start : start + size])
            at = start + size
            if opcode == 1:
                self._frame(self._inflated(payload) if squeezed else payload, now)
            elif opcode == 9:  # a ping; whoever does not answer is taken for gone after 40 seconds
                self.transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        del buffer[:at]

    def _inflated(self, payload: bytes) -> bytes:
        return bytes(self._inflate.decompress(payload + b"\x00\x00\xff\xff"))

    def _frame(self, payload: bytes, now: float) -> None:
        frame = _decode(payload)
        self.frames += 1
        if frame.type == "changes":
            for device in frame.devices:
                if device.recorded_at is not None:
                    self._delays.append(now - device.recorded_at)
                    self._sent.append(frame.server_time - device.recorded_at)
        elif frame.type == "snapshot" and frame.complete and not self.ready.done():
            self.ready.set_result(None)


def request_for(orders: dict[str, Any], cookie: str) -> bytes:
    """The handshake as a browser sends it."""
    host, key = orders["host"], base64.b64encode(os.urandom(16)).decode()
    squeeze = (
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        if orders["deflate"]
        else ""
    )
    return (
        f"GET /ws/live/?environment={orders['environment']} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"{squeeze}Cookie: {cookie}\r\n\r\n"
    ).encode()


async def run(orders: dict[str, Any]) -> dict[str, Any]:
    """Open a socket for each cookie, a few at a time; the last one stops reading once it has its snapshot."""
    loop, delays, sent, readers = asyncio.get_running_loop(), array("d"), array("d"), list[Reader]()
    name, _, port = orders["host"].partition(":")
    for cookie in orders["cookies"]:
        reader = Reader(request_for(orders, cookie), delays, sent)
        await loop.create_connection(partial(_same, reader), name, int(port))
        readers.append(reader)
        if len(readers) % 20 == 0:
            await asyncio.gather(*(one.ready for one in readers[-20:]))
    await asyncio.gather(*(one.ready for one in readers))
    stalled = readers[-1]
    stalled.transport.pause_reading()
    print(json.dumps({"open": len(readers)}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    del delays[:], sent[:]
    before = sum(one.frames for one in readers), sum(one.bytes for one in readers)
    print(json.dumps({"counting": True}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    frames, size = (
        sum(one.frames for one in readers) - before[0],
        sum(one.bytes for one in readers) - before[1],
    )
    values, made = sorted(delays), sorted(sent)
    stalled.transport.resume_reading()
    had = stalled.frames
    await asyncio.sleep(2)
    return {
        "open": sum(not one.closed for one in readers), "frames": frames, "bytes": size, "seen": len(values),
        "p50_ms": _share(values, 0.5), "p99_ms": _share(values, 0.99), "worst_ms": _share(values, 1.0),
        "made_p50_ms": _share(made, 0.5),
        "made_p99_ms": _share(made, 0.99),
        "stalled_frames_after": stalled.frames - had, "cpu_s": time.process_time(),
    }  # fmt: skip


def _same(reader: Reader) -> Reader:
    return reader


def _share(values: list[float], part: float) -> float:
    return round(values[min(len(values) - 1, int(part * len(values)))], 1) if values else 0.0


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(json.loads(sys.stdin.readline())))), flush=True)
