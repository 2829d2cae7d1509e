"""What the front writes down: lines of its access log and its error log, and never a key that stood in a path."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from box import front_workers

from tests.box.test_front import Front, folder, request
from tests.box.test_services import eventually

__all__ = ["folder"]
KEY = "pk_live_4Qv9ZtB7mXs2Lw8RkD3fHj6NcP1yGaUeToViSx5MbKqWzJ0rYhEdCnFlAuIgOpQs2345"


class LoggedFront(Front):
    """A front whose lines are kept in a file."""

    def start(self) -> None:
        self.log = self.place.run / "front.log"
        with self.log.open("wb") as sink:
            self.master = subprocess.Popen(
                self.nginx.program().command, start_new_session=True, stdout=sink, stderr=sink
            )
        assert eventually(lambda: self.nginx.serves(self.master.pid))


@pytest.fixture
def front(folder: Path) -> Iterator[LoggedFront]:
    running = LoggedFront(folder)
    yield running
    running.end()
    front_workers.end_orphaned_workers(running.place.front_pid_file)


def test_a_key_in_a_path_is_in_no_line_whatever_becomes_of_the_request(front: LoggedFront) -> None:
    for line in (
        f"GET /ingest/{KEY}?lat=1&lon=2",  # nobody is behind: 503
        f"POST /ingest/{KEY}/van-1/explain",
        f"GET /ingest/{KEY}/%00",  # refused before a location is chosen
        f"TRACE /ingest/{KEY}",
        f"GET /ingest/{KEY}/" + "x" * 40_000,
        f"GET /%69ngest/{KEY}",
        f"GET //ingest/{KEY}",
    ):
        front.ask(request(line))
    front.ask(request(f"POST /ingest/{KEY}", "Content-Length: 2000000"))
    front.ask(request("GET /the-last-one"))
    assert eventually(lambda: "/the-last-one" in front.log.read_text())
    assert KEY[:14] not in front.log.read_text()


def test_nor_where_it_stands_in_another_path_or_a_query(front: LoggedFront) -> None:
    front.ask(request(f"GET /connect/gpslogger/{KEY}/van-1.properties"))
    front.ask(request(f"GET /x?next=/ingest/{KEY}/van-1"))
    front.ask(request("GET /the-last-one"))
    assert eventually(lambda: '"GET /the-last-one HTTP/1.1" 503' in front.log.read_text())
    accesses = [
        line for line in front.log.read_text().splitlines() if line[4] == "-"
    ]  # errors write 2026/05/01
    assert len(accesses) == 3
    assert not any(KEY[:14] in line for line in accesses)


def test_apps_reach_the_edge_by_get_and_by_post(front: LoggedFront) -> None:
    for method in ("GET", "POST"):
        head, body = front.ask(request(f"{method} /ingest/{KEY}/van-1?lat=1"))
        assert head.startswith("HTTP/1.1 503")
        assert '"code":"unavailable"' in body
        assert "Access-Control-Allow-Origin: *" in head
