"""The sockets of an environment, grouped by what they see: news is sorted once for a group, not once for a socket."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

from tracker.live.frames import NOWHERE
from tracker.live.mailbox import Mailbox, Parcel

SightIds = (
    frozenset[str] | None
)  # public ids of the geofences a socket is limited to; None: it sees everything


class Subscriber:
    """One socket: where it looks, what of it, what it is owed, and how to send to it."""

    def __init__(
        self,
        environment_id: int,
        user_id: int,
        send: Callable[[str], Awaitable[None]],
        sight: SightIds = None,
    ) -> None:
        self.environment_id = environment_id
        self.user_id = user_id
        self.send = send
        self.sight = sight
        self.mailbox = Mailbox()  # in use only while the reader is slower than the news
        self.wake = asyncio.Event()
        self.snapshot_due = True
        self.seq = 0
        self.sent_at = 0.0  # loop time of the last frame
        self._next: Parcel | None = None

    def give(self, parcel: Parcel) -> None:
        """Hand news over: shared as it is while the reader keeps up, conflated with what waits while not."""
        if self._next is None and not self.mailbox:
            self._next = parcel
        else:
            self._keep()
            self.mailbox.merge(parcel)
        self.wake.set()

    @property
    def has_news(self) -> bool:
        return self._next is not None or bool(self.mailbox)

    def take(self) -> Parcel:
        """Everything that waits."""
        parcel = self.mailbox.take() if self._next is None else self._next
        self._next = None
        return parcel

    def ask_snapshot(self) -> None:
        """Changes may have been missed: begin again from a snapshot."""
        self.snapshot_due = True
        self.wake.set()

    def begin_from_snapshot(self) -> None:
        """A snapshot was made this instant and is about to be sent."""
        self._keep()
        self.mailbox.forget_places()
        self.seq = 0

    def forget(self) -> None:
        """Nothing that waits is to be sent any more."""
        self._next = None
        self.mailbox.clear()

    def _keep(self) -> None:
        if self._next is not None:
            self.mailbox.merge(self._next)
            self._next = None


class Group:
    """Sockets that see the same. They share the text of a frame; it is made at most every `gap()` seconds."""

    def __init__(self, sight: SightIds, gap: Callable[[], float], facts: Counter[str]) -> None:
        self.sight = sight
        self.subscribers: set[Subscriber] = set()
        self.pending = Mailbox()
        self._gap, self._facts = gap, facts
        self._due: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0

    def sees(self, zones: frozenset[str]) -> bool:
        """Whether a device inside these geofences is in sight."""
        return self.sight is None or not zones.isdisjoint(self.sight)

    def stir(self) -> None:
        """There is news in `pending`: hand it out as soon as a frame may go again."""
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(loop.time(), self._flushed_at + self._gap()), self.flush)

    def flush(self) -> None:
        """Hand out what is pending."""
        self._due = None
        self._flushed_at = asyncio.get_running_loop().time()
        self._facts["conflated"] += self.pending.conflated
        self.pending.conflated = 0
        if not self.pending:
            return
        parcel = self.pending.take()
        for subscriber in self.subscribers:
            subscriber.give(parcel)

    def close(self) -> None:
        """Nobody is left in it."""
        if self._due is not None:
            self._due.cancel()
            self._due = None


class Groups:
    """All groups of an environment, and for a geofence those that see into it."""

    def __init__(self, gap: Callable[[], float], facts: Counter[str]) -> None:
        self._gap, self._facts = gap, facts
        self._groups: dict[SightIds, Group] = {}
        self._into: dict[str, set[Group]] = {}
        self.limited = 0  # how many groups do not see everything

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    @property
    def all_seeing(self) -> Group | None:
        """The group without a limit, where there is one."""
        return self._groups.get(None)

    def seeing(self, zones: Iterable[str]) -> set[Group]:
        """The limited groups that see into one of these geofences."""
        found: set[Group] = set()
        for zone in zones:
            found |= self._into.get(zone, set())
        return found

    def join(self, subscriber: Subscriber) -> None:
        """Put a socket to those that see the same."""
        group = self._groups.get(subscriber.sight)
        if group is None:
            group = self._groups[subscriber.sight] = Group(subscriber.sight, self._gap, self._facts)
            self.limited += subscriber.sight is not None
            for zone in subscriber.sight or NOWHERE:
                self._into.setdefault(zone, set()).add(group)
        group.subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Take a socket out; the last one takes its group with it."""
        group = self._groups.get(subscriber.sight)
        if group is None:
            return
        group.subscribers.discard(subscriber)
        if group.subscribers:
            return
        group.close()
        del self._groups[subscriber.sight]
        self.limited -= subscriber.sight is not None
        for zone in subscriber.sight or NOWHERE:
            self._into[zone].discard(group)
            if not self._into[zone]:
                del self._into[zone]
