"""A connection's own clock: who is ended, and who is left to finish."""

import asyncio

import pytest

from ingest_lambda.exchange import Reply
from ingest_lambda.http_connection import IDLE_S, UNFINISHED_S, Connection, Door

POST = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n"


class Pipe(asyncio.Transport):
    """A transport that remembers what was written and whether it was closed."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        """Not needed here."""

    def resume_reading(self):
        """Not needed here."""


@pytest.fixture
async def connected():
    answers: asyncio.Queue[Reply] = asyncio.Queue()

    async def handle(request):
        return await answers.get()

    door = Door(handle, lambda: Reply(413, [], b"", "too_large"), 100)
    connection = Connection(door, asyncio.get_running_loop())
    pipe = Pipe()
    connection.connection_made(pipe)
    return door, connection, pipe, answers


async def test_a_connection_that_hangs_in_the_middle_of_a_request_is_ended(connected):
    door, connection, pipe, _ = connected
    connection.data_received(POST)
    now = asyncio.get_running_loop().time()
    door.tick(now + UNFINISHED_S - 1)
    assert not pipe.closed
    door.tick(now + UNFINISHED_S + 1)
    assert pipe.closed


async def test_an_idle_connection_is_kept_longer_than_nginx_keeps_it(connected):
    door, _, pipe, _ = connected
    now = asyncio.get_running_loop().time()
    door.tick(now + 61)
    assert not pipe.closed
    door.tick(now + IDLE_S + 1)
    assert pipe.closed


async def test_a_request_under_way_is_never_cut_off_by_the_clock(connected):
    door, connection, pipe, answers = connected
    connection.data_received(POST + b"{}")
    door.tick(asyncio.get_running_loop().time() + 1000)
    assert not pipe.closed
    answers.put_nowait(Reply(202, [("x-request-id", "req_1")], b"{}"))
    await asyncio.gather(*door.tasks)
    assert pipe.written.startswith(b"HTTP/1.1 202 Accepted\r\ndate: ")


async def test_draining_waits_for_what_is_under_way_and_ends_the_rest(connected):
    door, connection, pipe, answers = connected
    idle, idle_pipe = Connection(door, asyncio.get_running_loop()), Pipe()
    idle.connection_made(idle_pipe)
    connection.data_received(POST + b"{}")
    draining = asyncio.create_task(door.drain())
    await asyncio.sleep(0)
    assert idle_pipe.closed
    assert not draining.done()
    answers.put_nowait(Reply(202, [], b"{}"))
    await draining
    assert b"connection: close" in pipe.written
    assert pipe.closed


async def test_a_client_that_went_away_leaves_nothing_behind(connected):
    door, connection, pipe, answers = connected
    connection.data_received(POST + b"{}")
    pipe.closed = True
    connection.connection_lost(None)
    answers.put_nowait(Reply(202, [], b"{}"))
    await asyncio.gather(*door.tasks)
    assert (pipe.written, door.connections) == (b"", set())
