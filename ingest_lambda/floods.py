"""Tells a fault of an integration from growth, by what doors and consumers counted. Pure; customers read "storm".

Three faults are known. An app registers the same devices again and again (REPEATED). An app makes up a new id at each
start: its registrations are of devices that never report a position (MUTE). A device sends one fix over and over
(REPEATED, kind `repeats`). Growth is none of them: a launch brings many devices, each of which registers once or
twice and then reports; a phone that comes back online sends many fixes, each another one; a bad network doubles what
it carries, and does not make it twenty.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

import msgspec

TALLIES = "floods:tallies"  # a stream in Redis: an entry for each second of each process that counted much
IN_FORCE = "floods:in_force"  # what doors coalesce, as JSON: environment -> ids of keys
EVERY_S = 1.0  # processes hand on what they counted
MOST_ENTRIES = 5_000  # kept in Redis: some minutes of many processes
MOST_MARKS = 64
MOST_FACTS = 8

WINDOW_S = 60.0  # what a judgement looks back on
RATE_S = 10.0  # over which a rate is taken
LATE_S = 2.0  # tallies of the last seconds are still on their way
AGE_S = 18.0  # a device has so long to report before its silence says anything
CONFIRM_S = 8.0  # suspected for so long, it is a storm
CALM_S = 30.0  # calm for so long, it is over
HALF_LIFE_S = 3600.0  # in which the usual rate follows the present one half way
LONGEST_LOOK_S = 15.0  # a look speaks for so long at most

LEAST_REGISTRATIONS, LEAST_REPEATS = 50.0, 10.0  # a second: less harms nobody
RISE = 5.0  # times the usual rate
AGAIN = 4.0  # registrations a device, within the window; retries on a bad network make two or three
REPEATED_SHARE = 0.75  # of registrations that say what is known already: the same by the door's longer memory
AGAIN_FIX = 20.0  # times one fix
LEAST_ASKED, MUTE_SHARE = 20, 0.10  # of so many devices or more, at most this share reports


class Kind(StrEnum):
    """What a storm is made of."""

    REGISTRATIONS = "registrations"  # of one key
    REPEATS = "repeats"  # of one device's fixes


class Reason(StrEnum):
    """By what it is known for a fault."""

    REPEATED = "repeated"
    MUTE = "mute"


class State(StrEnum):
    """Where a key or device stands; over is quiet again."""

    QUIET = "quiet"
    SUSPECTED = "suspected"
    STORM = "storm"
    ENDING = "ending"


class Facts(NamedTuple):
    """The line of an app that something came from."""

    key_id: int
    app_version: str
    model: str
    os: str


class Tally(msgspec.Struct, array_like=True):
    """What one process counted of one key or device in about a second.

    `marks` are the smallest marks among the devices (of a device: among its fixes) and what they stand for: what any
    number of processes saw together can be told from them, in bounded memory.
    """

    environment: int
    kind: Kind
    key: str  # the id of the key, or the device's external id
    received: int = 0
    repeats: int = 0  # of these, said nothing new
    coalesced: int = 0  # of these, went nowhere because a storm was in force
    marks: dict[int, str] = {}
    facts: list[tuple[Facts, int]] = []


def encoded(tallies: list[Tally]) -> bytes:
    """As they travel."""
    return msgspec.json.encode(tallies)


def mark_of(text: str) -> int:
    """Thirty-two bits that are the same in every process, and spread whatever pattern ids have."""
    mark = crc32(text.encode("utf-8", "replace"))
    mark = (mark ^ mark >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    mark = (mark ^ mark >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return mark ^ mark >> 16


class Marks:
    """The smallest marks of what was seen."""

    __slots__ = ("bound", "kept")

    def __init__(self) -> None:
        self.kept: dict[int, str] = {}
        self.bound = 2**32

    def add(self, mark: int, name: str) -> None:
        """Keep it if it is among the smallest."""
        if mark >= self.bound or mark in self.kept:
            return
        self.kept[mark] = name
        if len(self.kept) > MOST_MARKS:
            del self.kept[max(self.kept)]
            self.bound = max(self.kept)


class Seen(NamedTuple):
    """A tally and when it came in, epoch seconds; `entry` orders the tallies of all processes."""

    entry: str
    at: float
    tally: Tally


class Window(NamedTuple):
    """What all processes counted of one key or device within a span of time."""

    received: int
    repeats: int
    coalesced: int
    distinct: int  # devices, or fixes: an estimate beyond MOST_MARKS, some 12 % wide
    names: list[str]  # a fair sample of them
    facts: list[tuple[Facts, int]]  # where they came from, the most first

    @property
    def each(self) -> float:
        """How often each device, or fix, came."""
        return self.received / max(1, self.distinct)

    @property
    def repeated_share(self) -> float:
        """How much of it said nothing new."""
        return self.repeats / self.received if self.received else 0.0


def gather(seen: Iterable[Seen], since: float = 0.0, until: float = float("inf")) -> Window:
    """What came in from `since` on and before `until`."""
    received = repeats = coalesced = 0
    marks: dict[int, str] = {}
    facts: Counter[Facts] = Counter()
    bound = 2**32
    for one in seen:
        if not since <= one.at < until:
            continue
        tally = one.tally
        received, repeats, coalesced = (
            received + tally.received,
            repeats + tally.repeats,
            coalesced + tally.coalesced,
        )
        marks.update(tally.marks)
        if len(tally.marks) >= MOST_MARKS:
            bound = min(bound, max(tally.marks))
        for fact, count in tally.facts:
            facts[Facts(*fact)] += count
    # every process saw all there was up to the bound, so what lies below it is a fair sample of everything
    below = sorted(mark for mark in marks if mark <= bound)
    distinct = len(below) if bound == 2**32 else round((len(below) - 1) * 2**32 / max(1, bound))
    names = [marks[mark] for mark in below]
    return Window(received, repeats, coalesced, distinct, names, facts.most_common(MOST_FACTS))


class Followed(NamedTuple):
    """Of some registered devices, how many reported a position at all."""

    asked: int
    reported: int

    @property
    def share(self) -> float:
        """The part that reports."""
        return self.reported / self.asked if self.asked else 1.0


class Look(NamedTuple):
    """What there is to judge by at one moment."""

    kind: Kind
    now: float
    rate: float  # a second: registrations, or repeats of fixes
    window: Window
    followed: Followed = Followed(0, 0)


class Watch(msgspec.Struct, frozen=True):
    """What is kept of a key or device from one look to the next."""

    state: State = State.QUIET
    since: float = 0.0  # epoch seconds at which the state began
    usual: float = 0.0  # a second
    looked: float = 0.0
    reason: Reason | None = None


def rate_of(kind: Kind, seen: Iterable[Seen], now: float) -> float:
    """How many a second of late: registrations, or fixes that said nothing new."""
    until = now - LATE_S
    counts = [
        one.tally.repeats if kind is Kind.REPEATS else one.tally.received
        for one in seen
        if until - RATE_S <= one.at < until
    ]
    return sum(counts) / RATE_S


def least(kind: Kind, usual: float) -> float:
    """The rate from which on anything is looked at."""
    if kind is Kind.REPEATS:
        return LEAST_REPEATS
    return max(LEAST_REGISTRATIONS, RISE * usual)


def fault(look: Look, usual: float) -> Reason | None:
    """By what this is a fault, None where it is none or may be growth."""
    window = look.window
    if look.rate < least(look.kind, usual):
        return None
    if look.kind is Kind.REPEATS:
        return Reason.REPEATED if window.repeats / max(1, window.distinct) >= AGAIN_FIX else None
    if window.each >= AGAIN or window.repeated_share >= REPEATED_SHARE:
        return Reason.REPEATED
    if look.followed.asked >= LEAST_ASKED and look.followed.share <= MUTE_SHARE:
        return Reason.MUTE
    return None


def is_calm(look: Look, usual: float) -> bool:
    """Whether a storm has passed: far below where it would be seen, or its devices turned out to be real."""
    if look.rate < least(look.kind, usual) / (5.0 if look.kind is Kind.REPEATS else 2.0):
        return True
    real = look.followed.asked >= LEAST_ASKED and look.followed.share >= 0.5
    once = look.window.each < 2 and look.window.repeated_share < 0.5
    return look.kind is Kind.REGISTRATIONS and real and once


def judge(watch: Watch, look: Look) -> Watch:
    """The next state. A storm is begun after CONFIRM_S of suspicion and ended after CALM_S of calm."""
    reason = fault(look, watch.usual)
    state, since = watch.state, watch.since
    if state is State.QUIET and reason is not None:
        state, since = State.SUSPECTED, look.now
    elif state is State.SUSPECTED and reason is None:
        state, since = State.QUIET, look.now
    elif state is State.SUSPECTED and look.now - since >= CONFIRM_S:
        state, since = State.STORM, look.now
    elif state is State.STORM and is_calm(look, watch.usual):
        state, since = State.ENDING, look.now
    elif state is State.ENDING and not is_calm(look, watch.usual):
        state, since = State.STORM, look.now
    elif state is State.ENDING and look.now - since >= CALM_S:
        state, since = State.QUIET, look.now
    usual = _usual(watch, look) if state is State.QUIET and watch.state is State.QUIET else watch.usual
    return Watch(state, since, usual, look.now, reason or watch.reason)


def _usual(watch: Watch, look: Look) -> float:
    """The usual rate follows the present one while nothing is suspected. While nobody looked, nothing came."""
    gap = look.now - watch.looked if watch.looked else 0.0
    seen_s = min(max(gap, 0.0), LONGEST_LOOK_S)
    usual = watch.usual * 0.5 ** (max(0.0, gap - seen_s) / HALF_LIFE_S)
    part: float = 1 - 0.5 ** (seen_s / HALF_LIFE_S)
    found: float = usual + (look.rate - usual) * part
    return found


def began(kind: Kind, seen: Sequence[Seen], usual: float) -> float:
    """When what is still going on began: behind the last second that was well below the least rate."""
    seconds: Counter[int] = Counter()
    for one in seen:
        seconds[int(one.at)] += one.tally.repeats if kind is Kind.REPEATS else one.tally.received
    if not seconds:
        return 0.0
    second, bound = max(seconds), least(kind, usual) / 2
    while seconds[second - 1] >= bound or seconds[second - 2] >= bound:
        second -= 1
    return float(second)


def order(entry: str) -> tuple[int, int]:
    """Entries of Redis by when they came."""
    first, _, second = entry.partition("-")
    return int(first or 0), int(second or 0)


class Recent:
    """The tallies of the last minutes by key and device, of everybody: at most MOST_KEPT of them."""

    KEPT_S, MOST_KEPT = 130.0, 50_000

    def __init__(self) -> None:
        self.last = ""  # the entry read last
        self._seen: deque[Seen] = deque()

    def learn(self, seen: Iterable[Seen], now: float) -> None:
        """Take on new ones and let go of what is old."""
        self._seen.extend(seen)
        while self._seen and (self._seen[0].at < now - self.KEPT_S or len(self._seen) > self.MOST_KEPT):
            self._seen.popleft()

    def by_key(self) -> dict[tuple[int, Kind, str], list[Seen]]:
        """Those of each."""
        found: dict[tuple[int, Kind, str], list[Seen]] = {}
        for one in self._seen:
            found.setdefault((one.tally.environment, one.tally.kind, one.tally.key), []).append(one)
        return found
