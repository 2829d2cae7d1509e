"""The front with real doors behind it: floods over quota, and hundreds of clients that begin and never finish."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from box.processes import edge_sockets, registrations_socket

from ingest_lambda import keys
from ingest_lambda.keys import Kind, Mode
from tests.box.test_front import Front, folder, request
from tests.ingest_lambda.door import ENVIRONMENT_ID, FIX, PUBLISHABLE, SECRET
from tests.ingest_lambda.feeds import publish
from tests.ingest_lambda.redis_process import RedisProcess, wait_until

__all__ = ["folder"]  # the fixture

OTHER_KEY = keys.mint(Kind.PUBLISHABLE, Mode.TEST, 70, ENVIRONMENT_ID + 1, SECRET)
BODY = json.dumps({"device_id": "van-1", "positions": [FIX]})
DEVICE = json.dumps({"device_id": "van-1", "name": "Van"})
SLOW = 500
PROJECT = Path(__file__).resolve().parents[2]


class Product:
    """nginx, a door for positions, one for registrations, and their Redis."""

    def __init__(self, folder: Path) -> None:
        self.redis = RedisProcess()
        self.redis.start()
        self.front = Front(folder, MILEPOST_EDGE_WORKERS="1")
        self.doors = [self._door("--index", "0"), self._door("--registrations")]
        sockets = [*edge_sockets(self.front.settings), registrations_socket(self.front.settings)]
        wait_until(lambda: all(Path(path).exists() for path in sockets), 30)

    def _door(self, *arguments: str) -> subprocess.Popen[bytes]:
        environ = os.environ | {
            "MILEPOST_KEY_SIGNING_SECRETS": SECRET.decode(),
            "MILEPOST_REDIS_URL": self.redis.url,
            "MILEPOST_EDGE_SOCKET": self.front.settings["MILEPOST_EDGE_SOCKET"],
            "MILEPOST_ENV_FILE": str(self.redis.folder / "no.env"),
        }
        command = [sys.executable, "-m", "ingest_lambda.server", *arguments]
        return subprocess.Popen(command, cwd=PROJECT, env=environ, stderr=subprocess.DEVNULL)

    def post(self, body: str, path: str = "/ingest/v1/positions", key: str = PUBLISHABLE) -> tuple[int, str]:
        """Status and request id of one post."""
        headers = (f"Authorization: Bearer {key}", f"Content-Length: {len(body)}")
        head, _ = self.front.ask(request(f"POST {path}", *headers, body=body))
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1].splitlines() if ": " in line)
        return int(head.split()[1]), {k.lower(): v for k, v in fields.items()}["x-request-id"]

    def connections(self) -> int:
        """Open files of the doors: a connection each, and a few more that stay the same."""
        return sum(len(os.listdir(f"/proc/{door.pid}/fd")) for door in self.doors)

    def resident_kib(self) -> int:
        """Memory of nginx, its workers included, and of the doors."""
        pids = [door.pid for door in self.doors] + _family(self.front.master.pid)
        return sum(_resident_kib(pid) for pid in pids)

    def end(self) -> None:
        """Leave nothing."""
        for door in self.doors:
            door.send_signal(signal.SIGTERM)
        for door in self.doors:
            # it answers what is under way for 20 seconds, then lets its stream go
            door.wait(90)
        self.front.end()
        self.redis.remove()


def _family(master: int) -> list[int]:
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
    return [master, *map(int, children.split())]


def _resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


@pytest.fixture
def product(folder: Path) -> Iterator[Product]:
    running = Product(folder)
    yield running
    running.end()


def test_five_hundred_clients_that_never_finish_cost_the_doors_nothing(product: Product) -> None:
    head = f"POST /ingest/v1/positions HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {PUBLISHABLE}\r\n"
    beginnings = (
        b"",  # half open: connected and silent
        head[:60].encode(),
        f"{head}Content-Length: 200000\r\n\r\n{BODY}".encode(),
        f"{head}Transfer-Encoding: chunked\r\n\r\n10\r\n{BODY[:16]}".encode(),
    )
    for _ in range(20):
        assert product.post(BODY)[0] == 202
    files, memory = product.connections(), product.resident_kib()
    slow = []
    try:
        for number in range(SLOW):
            client = socket.create_connection(("127.0.0.1", product.front.port), timeout=20)
            client.sendall(beginnings[number % len(beginnings)])
            slow.append(client)
        for turn in range(100):
            assert product.post(BODY)[0] == 202
            slow[turn].send(b"x" if turn % 4 == 2 else b"")  # some go on, a byte at a time
        # what never came whole never came through: the doors see only nginx's few kept connections
        assert product.connections() - files <= 32
        # a body of 200 kB under way has a buffer of 256 kB, the others a page or two
        assert product.resident_kib() - memory <= SLOW * 300
    finally:
        for client in slow:
            client.close()
    assert product.post(BODY)[0] == 202


def test_a_flood_over_quota_waits_for_its_answers_and_others_are_served(product: Product) -> None:
    publish(product.redis, key_reports_per_second=1)
    wait_until(lambda: product.post(BODY)[0] == 429, 20)
    with ThreadPoolExecutor(8) as flood:
        under_way = [flood.submit(product.post, BODY) for _ in range(8)]
        # a key within its limit is answered while every one of the flood's still waits
        served = {product.post(BODY, key=OTHER_KEY)[0] for _ in range(5)}
        waiting = sum(not one.done() for one in under_way)
    assert served == {202}
    assert waiting > 0
    assert 429 in {one.result()[0] for one in under_way}
    assert {product.post(BODY, key=OTHER_KEY)[0] for _ in range(20)} == {202}
    assert product.post(DEVICE, "/ingest/v1/devices")[0] == 202  # another limit
    publish(product.redis)
    wait_until(lambda: product.post(BODY)[0] == 202, 10)


def test_a_key_in_the_path_has_a_flood_of_its_own(product: Product) -> None:
    publish(product.redis, key_reports_per_second=1)
    path = f"/ingest/{PUBLISHABLE}?id=van-1&lat=52.37&lon=4.9&timestamp=1795338000"
    wait_until(lambda: product.post("", path)[0] == 429, 20)
    assert {product.post("", path.replace(PUBLISHABLE, OTHER_KEY))[0] for _ in range(5)} == {200}


def test_registrations_have_a_door_of_their_own(product: Product) -> None:
    assert product.post(DEVICE, "/ingest/v1/devices")[0] == 202
    assert product.post(DEVICE, "/ingest/v1/devices")[0] == 200
    product.doors[0].send_signal(signal.SIGSTOP)
    try:
        assert product.post(DEVICE, "/ingest/v1/devices/")[0] == 200
    finally:
        product.doors[0].send_signal(signal.SIGCONT)
    product.doors[1].send_signal(signal.SIGTERM)
    product.doors[1].wait(30)
    assert product.post(DEVICE, "/ingest/v1/devices")[0] == 503
    assert product.post(BODY)[0] == 202
    nice = Path(f"/proc/{product.doors[0].pid}/stat").read_text(encoding="ascii").split()[18]
    assert nice == "0"
