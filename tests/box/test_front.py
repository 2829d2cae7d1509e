"""The front alone, with nothing behind it: who may reach the sockets, what it says itself, how it comes back."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from box import front_workers
from box.nginx import Nginx
from box.place import Place, open_place
from box.ports import free_port, holder_of
from box.say import Refusal
from box.settings_file import Settings, merged_settings
from box.supervisor import process_alive

from tests.box.test_services import eventually


class Front:
    """An nginx of its own on a free port, as the supervisor starts it: the leader of its group."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.place: Place = open_place(folder)
        self.port = free_port()
        given = {"MILEPOST_PORT": str(self.port), **more}
        self.settings: Settings = merged_settings(self.place, given, fixed={})
        self.nginx = Nginx(self.place, folder)
        self.nginx.prepare(self.settings)
        self.start()

    def start(self) -> None:
        """Start the master and wait until it holds its port."""
        self.master = subprocess.Popen(
            self.nginx.program().command, start_new_session=True, stdout=subprocess.DEVNULL
        )
        assert eventually(lambda: self.nginx.serves(self.master.pid))

    def ask(self, request: str) -> tuple[str, str]:
        """Send bytes as they are; returns head and body of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as talk:
            talk.sendall(request.encode())
            answer = http.client.HTTPResponse(talk)
            answer.begin()
            body = answer.read().decode()
        return f"HTTP/1.1 {answer.status}\r\n{answer.headers}", body

    def end(self) -> None:
        """Leave nothing."""
        self.master.terminate()
        self.master.wait()
        front_workers.end_orphaned_workers(self.place.front_pid_file)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that nginx's account can walk to; pytest's own are closed to it."""
    with tempfile.TemporaryDirectory(prefix="milepost-front-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def front(folder: Path) -> Iterator[Front]:
    running = Front(folder)
    yield running
    running.end()


def request(line: str, *headers: str, body: str = "") -> str:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: here", "Connection: close", *headers, "", body])


def test_a_killed_masters_workers_end_before_the_next_one_begins(front: Front) -> None:
    front.master.send_signal(signal.SIGKILL)
    front.master.wait()
    left = front_workers.orphaned_workers(front.place.front_pid_file)
    assert left
    front.start()
    assert not any(process_alive(pid) for pid in left)
    assert front.ask(request("GET /nothing"))[0].startswith("HTTP/1.1 503")


def test_workers_of_a_living_master_are_no_orphans(front: Front) -> None:
    assert front_workers.end_orphaned_workers(front.place.front_pid_file) == []
    assert holder_of(front.port).startswith("nginx")


def test_only_nginx_may_enter_the_folder_of_the_sockets(front: Front) -> None:
    facts = (front.place.run / "app").stat()
    assert stat.S_IMODE(facts.st_mode) == (0o750 if os.geteuid() == 0 else 0o700)
    assert os.geteuid() != 0 or facts.st_gid != 0


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (request("GET /api/v1/devices/external:%00"), 400, "bad_request"),
        (request("GET /ingest/v1/%00"), 400, "bad_request"),
        (request("TRACE /api/v1/devices"), 405, "method_not_allowed"),
        (request("TRACE /ingest/v1/positions"), 405, "method_not_allowed"),
        (request("GET /api/v1/devices", "X-Long: " + "x" * 40_000), 400, "bad_request"),
        (request("GET /api/v1/" + "x" * 40_000), 414, "uri_too_long"),
        (request("POST /api/v1/devices", "Content-Length: 2000000"), 413, "body_too_large"),
        (request("POST /ingest/v1/positions", "Content-Length: 2000000"), 413, "body_too_large"),
        (request("GET /api/v1/devices"), 503, "unavailable"),
    ],
)
def test_what_the_front_refuses_itself_is_a_problem_document(
    front: Front, asked: str, status: int, code: str
) -> None:
    head, body = front.ask(asked)
    assert head.startswith(f"HTTP/1.1 {status}")
    assert "application/problem+json" in head
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (status, code)
    assert ("Access-Control-Allow-Origin: *" in head) == (" /ingest" in asked.splitlines()[0])


def test_positions_are_spoken_of_at_the_ingest_door_alone(front: Front) -> None:
    details = [
        front.ask(request(f"POST {path}", "Content-Length: 2000000"))[1]
        for path in ("/ingest/v1/positions", "/api/v1/devices")
    ]
    assert ["positions" in detail for detail in details] == [True, False]


def test_its_own_refusals_are_no_pages_of_their_own(front: Front) -> None:
    assert front.ask(request("GET /.refused/400"))[0].startswith("HTTP/1.1 404")


@pytest.mark.parametrize(
    ("proxy", "base", "client", "scheme"),
    [
        ("", "http://127.0.0.1", "127.0.0.1", "http"),
        ("127.0.0.0/8, 192.0.2.7", "https://milepost.example", "203.0.113.9", "https"),
        ("192.0.2.7", "https://milepost.example", "127.0.0.1", "https"),
    ],
)
def test_the_client_is_the_one_a_trusted_proxy_names(
    folder: Path, proxy: str, base: str, client: str, scheme: str
) -> None:
    front = Front(folder, MILEPOST_TRUSTED_PROXY=proxy, MILEPOST_BASE_URL=base)
    try:
        for path, behind in (("/", "WEB"), ("/api/v1/devices", "WEB"), ("/ws/live/", "LIVE")):
            heard = _heard_behind(front, path, Path(front.settings[f"MILEPOST_{behind}_SOCKET"]))
            assert f"x-forwarded-for: {client}\r\n" in heard
            assert f"x-forwarded-proto: {scheme}\r\n" in heard
    finally:
        front.end()


def _heard_behind(front: Front, path: str, at: Path) -> str:
    """What the process behind the front is sent, in small letters."""
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(at))
        at.chmod(0o666)
        server.listen()
        server.settimeout(10)

        def answer() -> None:
            talk = server.accept()[0]
            with talk:
                heard.append(talk.recv(65536).decode().lower())
                talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        behind = threading.Thread(target=answer)
        behind.start()
        front.ask(
            request(f"GET {path}", "X-Forwarded-For: 198.51.100.4, 203.0.113.9", "X-Forwarded-Proto: gopher")
        )
        behind.join(timeout=10)
    at.unlink()
    return heard[0]


def test_a_trusted_proxy_that_is_no_address_is_refused_by_its_name(tmp_path: Path) -> None:
    place = open_place(tmp_path)
    wrong = merged_settings(place, {"MILEPOST_TRUSTED_PROXY": "10.0.0.0/8; evil"}, fixed={})
    with pytest.raises(Refusal, match="MILEPOST_TRUSTED_PROXY holds '10.0.0.0/8;'"):
        Nginx(place, tmp_path).prepare(wrong)
