"""One request to somebody who may be anybody: where it does not go, and what it does not believe."""

import asyncio
import gzip
import socket
import time

import pytest

from tests.tracker.webhooks.receiver import Receiver, answers, never
from tracker.webhooks import client as client_module
from tracker.webhooks import resolver
from tracker.webhooks.client import KEPT_BYTES, Client


async def posted(url, *, allow_private=True, timeout_s=5.0, **options):
    async with Client(allow_private=allow_private, timeout_s=timeout_s, **options) as client:
        return await client.post(url, {"Content-Type": "application/json"}, b"{}")


async def test_a_2xx_is_success_and_the_first_kilobyte_is_kept():
    async with Receiver(answers(202, b"x" * 5000)) as receiver:
        answer = await posted(receiver.url())
    assert (answer.ok, answer.status, answer.text) == (True, 202, "x" * KEPT_BYTES)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 400, 401, 404, 410, 429, 500, 503, 599])
async def test_anything_else_is_a_failure_and_no_redirect_is_followed(status):
    async with Receiver() as elsewhere, Receiver() as receiver:
        receiver.reply = answers(status, b"no", Location=elsewhere.url(), Retry_After="7")
        answer = await posted(receiver.url())
    assert (answer.ok, answer.status, answer.retry_after) == (False, status, "7")
    assert answer.gone == (status == 410)
    assert elsewhere.connections == 0


async def test_a_redirect_into_the_private_network_is_not_followed_either():
    async with Receiver(answers(307, Location="http://169.254.169.254/latest/meta-data/")) as receiver:
        answer = await posted(receiver.url())
    assert "redirects are not followed" in answer.error


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:7f00:1]",
    ],
)
async def test_nothing_connects_to_this_machine_however_it_is_spelled(host, monkeypatch):
    # without the check of the URL, to show that the check at connecting does it alone
    monkeypatch.setattr(client_module, "check_url", lambda url, *, allow_private: None)
    async with Receiver() as receiver:
        answer = await posted(f"http://{host}:{receiver.port}/", allow_private=False)
        assert receiver.connections == 0
    assert answer.status is None
    assert "not sent" in answer.error


async def test_the_check_of_the_url_comes_before_all(monkeypatch):
    async with Receiver() as receiver:
        answer = await posted(receiver.url(), allow_private=False)
        assert (answer.status, receiver.connections) == (None, 0)
    assert answer.error.startswith("not sent: the URL must begin with https://")


class Names:
    """A name server of the test's: each question gets the next answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_a_name_with_one_private_address_is_refused_whole():
    names = Names(["8.8.8.8", "10.0.0.1"])
    answer = await posted("https://trick.example.com/", allow_private=False, lookup=names)
    assert answer.error == "not sent: the name leads to 10.0.0.1, which is not a public address"


async def test_a_name_that_turns_private_after_it_was_looked_at_is_refused(monkeypatch):
    """Rebinding: the first answer is public, the second one private; no connection is made by the second."""
    monkeypatch.setattr(resolver, "KNOWN_FOR_S", 0.0)
    connected = []

    def socket_of(info):
        connected.append(info[4][0])
        made = resolver.guarded_socket(info)
        made.close()
        raise OSError("this far, and no further in a test")

    monkeypatch.setattr(client_module, "guarded_socket", socket_of)
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    async with Client(allow_private=False, timeout_s=5, lookup=names) as client:
        first = await client.post("https://rebinding.example.com/", {}, b"{}")
        second = await client.post("https://rebinding.example.com/", {}, b"{}")
    assert names.asked == ["rebinding.example.com"] * 2
    assert connected == ["8.8.8.8"]
    assert "no connection" in first.error
    assert second.error == "not sent: the name leads to 127.0.0.1, which is not a public address"


async def test_where_the_resolver_is_fooled_the_socket_still_refuses():
    """What is connected to is what is judged, whatever was said of the name."""
    async with Receiver() as receiver:
        async with Client(allow_private=False, lookup=Names(["127.0.0.1"])) as client:
            # the first of the two doors stands open
            client._session.connector._resolver._allow_private = True  # type: ignore[union-attr]  # it is ours
            answer = await client.post(f"https://fooled.example.com:{receiver.port}/", {}, b"{}")
        assert receiver.connections == 0
    assert answer.error == "not sent: 127.0.0.1 is not a public address"


async def test_a_slow_name_server_is_asked_once_and_delays_no_other_name():
    asked, go = [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def lookup(host):
        asked.append(host)
        if host.startswith("slow"):
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result(timeout=30)
        return ["127.0.0.1"]

    async with Receiver() as receiver, Client(allow_private=True, timeout_s=20, lookup=lookup) as client:
        slow = [
            asyncio.create_task(client.post(f"http://slow.test:{receiver.port}/", {}, b"")) for _ in range(50)
        ]
        quick = await client.post(f"http://quick.test:{receiver.port}/", {}, b"")
        assert quick.ok
        assert not any(task.done() for task in slow)
        go.set()
        assert all(answer.ok for answer in await asyncio.gather(*slow))
    assert asked.count("slow.test") == 1


async def test_silence_is_ended_by_the_clock():
    async with Receiver(never) as receiver:
        answer = await posted(receiver.url(), timeout_s=0.2)
    assert answer.error == "no whole answer within 0.2 s"


async def test_a_body_that_drips_is_ended_by_the_clock_too():
    async def drip(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with Receiver(drip) as receiver:
        answer = await posted(receiver.url(), timeout_s=0.3)
    assert not answer.ok


async def test_headers_that_drip_are_ended_by_the_clock():
    async def drip(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-A: b\r\n"[: 1 + int(time.monotonic() * 1000) % 2])
            await writer.drain()
            await asyncio.sleep(0.01)

    async with Receiver(drip) as receiver:
        answer = await posted(receiver.url(), timeout_s=0.3)
    assert not answer.ok


@pytest.mark.parametrize("piece", [b"X-A: " + b"b" * 1000 + b"\r\n", b"X-A: b\r\n", b"x" * 65536])
async def test_endless_headers_are_cut_off_by_their_size(piece):
    sent = [0]

    async def endless(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(piece)
            sent[0] += len(piece)
            await writer.drain()

    async with Receiver(endless) as receiver:
        answer = await posted(receiver.url(), timeout_s=30)
    assert answer.status is None
    assert answer.error.startswith("no usable answer")
    assert sent[0] < 20_000_000, "what fits into socket buffers, and little more"


async def test_an_endless_body_is_left_after_a_kilobyte():
    sent = [0]

    async def endless(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent[0] += 65536
            await writer.drain()

    async with Receiver(endless) as receiver:
        answer = await posted(receiver.url(), timeout_s=30)
    assert (answer.ok, len(answer.text)) == (True, KEPT_BYTES)
    assert sent[0] < 20_000_000


async def test_a_compressed_bomb_is_not_unpacked():
    bomb = gzip.compress(b"0" * 10_000_000)
    async with Receiver(answers(200, bomb, Content_Encoding="gzip")) as receiver:
        answer = await posted(receiver.url())
    assert answer.ok
    assert len(answer.text) <= KEPT_BYTES
    [request] = receiver.requests
    assert request.headers["accept-encoding"] == "identity"


async def test_a_zero_byte_in_an_answer_is_kept_from_the_database():
    async with Receiver(answers(200, b"a\0b\xff")) as receiver:
        answer = await posted(receiver.url())
    assert answer.text == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    "junk", [b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01" * 99]
)
async def test_what_is_no_http_is_a_failure(junk):
    async def reply(_, writer):
        writer.write(junk)
        await writer.drain()
        writer.close()

    async with Receiver(reply) as receiver:
        answer = await posted(receiver.url())
    assert not answer.ok
    assert answer.error
    assert "127.0.0.1" not in answer.error


async def test_refused_connections_and_unknown_names_say_so_without_the_url():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused = await posted(f"http://127.0.0.1:{port}/?token=hidden")
    assert refused.error.startswith("no connection: ")

    def unknown(host):
        raise socket.gaierror(-2, "Name or service not known")

    nowhere = await posted("http://nowhere.invalid/?token=hidden", lookup=unknown)
    assert nowhere.error == "its name could not be resolved"
    assert "hidden" not in refused.error + nowhere.error


async def test_proxies_of_the_environment_and_cookies_are_not_used(monkeypatch):
    async with Receiver() as proxy, Receiver(answers(200, Set_Cookie="a=b; Path=/")) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url("/"))
        async with Client(allow_private=True) as client:
            await client.post(receiver.url(), {}, b"{}")
            await client.post(receiver.url(), {}, b"{}")
        assert proxy.connections == 0
        assert [request.headers.get("cookie") for request in receiver.requests] == [None, None]


async def test_the_url_goes_out_as_it_was_typed():
    async with Receiver() as receiver:
        await posted(receiver.url("/a%2Fb/%7Euser?x=%20&y=a+b&z=%C3%A9"))
    assert receiver.requests[0].path == "/a%2Fb/%7Euser?x=%20&y=a+b&z=%C3%A9"
