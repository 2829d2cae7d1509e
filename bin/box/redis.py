"""The private Redis: stream, fan-out, broker and cache on one unix socket, with its append-only file."""

import socket

from box.place import Place
from box.programs import Program
from box.templates import render, write_if_changed
from box.users import own_folder, service_account


class Redis:
    """One Redis in a stack's state folder."""

    def __init__(self, place: Place, *, durable: bool) -> None:
        self._place = place
        self._durable = durable
        self._account = service_account("redis")
        self._conf = place.conf / "redis.conf"
        self.socket = place.run / "redis" / "redis.sock"

    def prepare(self) -> None:
        """Folders and configuration."""
        own_folder(self.socket.parent, self._account, 0o700)
        data = own_folder(self._place.state / "redis", self._account, 0o700)
        text = render(
            "redis.conf", socket=str(self.socket), folder=str(data), durable="yes" if self._durable else "no"
        )
        write_if_changed(self._conf, text)

    def program(self) -> Program:
        """The server under the supervisor; it writes its file out when it is told to end."""
        return Program(
            name="redis",
            command=("redis-server", str(self._conf)),
            priority=10,
            account=self._account,
            service=True,
            stop_wait_s=30,
            watched=(self._conf,),
        )

    def ready(self) -> bool:
        """Whether it answers PING, so its append-only file is loaded."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
                talk.settimeout(2)
                talk.connect(str(self.socket))
                talk.sendall(b"PING\r\n")
                return talk.recv(64).startswith(b"+PONG")
        except OSError:
            return False
