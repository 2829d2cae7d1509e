"""Whether sockets may watch, and what of it: the rights of all that ask at the same time are read together.

Five hundred open maps that ask every fifteen seconds one by one would keep a database connection, and the one thread
it is used from, busier than all their frames do.
"""

import asyncio
import re
import time
from collections.abc import Collection
from enum import IntEnum
from typing import NamedTuple
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tracker.acting.selectors import SESSION_KEY as ACTING_KEY
from tracker.acting.selectors import members_of_sessions
from tracker.live.sight import sights_of
from tracker.live.sockets import SightIds
from tracker.tenants import scope, second_factor
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Membership, User

SESSION_KEY_FORM = re.compile(r"[a-z0-9]{8,40}")
AT_ONCE = 100  # a larger batch would keep the event loop from its frames
WHY = "the rights of all open sockets are read together"


class Close(IntEnum):
    """Why the server ends a socket; the page tells its reader."""

    TRY_AGAIN = 1013
    SIGNED_OUT = 4401
    NOT_YOURS = 4403  # also for an environment that does not exist: nothing tells them apart
    TOO_MANY = 4429


class Ask(NamedTuple):
    """What a socket shows for itself: its session's key, and the public id of the environment it wants."""

    session_key: str
    environment: str

    @classmethod
    def of(cls, cookies: dict[str, str], environment: str) -> "Ask":
        """A cookie that is no session key counts as none: what the database refuses would fail for a whole batch."""
        key = cookies.get(settings.SESSION_COOKIE_NAME, "")
        return cls(key if SESSION_KEY_FORM.fullmatch(key) else "", environment)


class Admitted(NamedTuple):
    """Where a socket may look, and what of it."""

    user_id: int
    environment_id: int
    sight: SightIds


Verdict = Admitted | Close


def verdicts(asks: Collection[Ask]) -> dict[Ask, Verdict]:
    """Judge them all by what the database says now. Raises DatabaseError.

    Nothing a handshake brought is believed but the session's key: session, person, membership and limits
    can each be taken away while a map stays open.
    """
    with scope.scope(unscoped=WHY):
        people = _people({ask.session_key for ask in asks})
        environments = _environments({ask.environment for ask in asks})
        rows = Membership.objects.unscoped(WHY).filter(
            user__in=[person.user.pk for person in people.values()],
            tenant__in=[environment.tenant_id for environment in environments.values()],
        )
        members = {(row.user_id, row.tenant_id): row for row in second_factor.admitted(rows)}
        places: dict[Ask, tuple[Membership, Environment]] = {}
        for ask in asks:
            person, environment = people.get(ask.session_key), environments.get(ask.environment)
            if person is not None and environment is not None:
                member = members.get((person.user.pk, environment.tenant_id))
                if member is not None and person.tenant_id in (0, environment.tenant_id):
                    places[ask] = (member, environment)
        sights = dict(zip(places, sights_of(list(places.values())), strict=True))
    found: dict[Ask, Verdict] = {}
    for ask in asks:
        if ask.session_key not in people:
            found[ask] = Close.SIGNED_OUT
        elif ask not in places:
            found[ask] = Close.NOT_YOURS
        else:
            member, environment = places[ask]
            sight = sights[ask]
            found[ask] = Admitted(member.user_id, environment.pk, None if sight is None else sight.ids)
    return found


class Person(NamedTuple):
    """Whose rights a session has; staff who act as a member have that member's, in one tenant alone."""

    user: User
    tenant_id: int  # 0: whatever the person belongs to


def _people(session_keys: set[str]) -> dict[str, Person]:
    """The active person of each unexpired session that was made under their present password.

    Django's own get_user() judges likewise, but one session at a time, and it rewrites the session under way: a
    socket has no response in which the browser could be given the new key.
    """
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    store, made = SessionStore(), {}
    for row in rows:
        facts = store.decode(row.session_data)
        if facts.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS and facts.get(SESSION_KEY):
            made[row.session_key] = facts
    wanted = {facts[ACTING_KEY]: int(facts[SESSION_KEY]) for facts in made.values() if facts.get(ACTING_KEY)}
    acted = members_of_sessions(wanted, now=timezone.now()) if wanted else {}
    users = User.objects.filter(pk__in=[facts[SESSION_KEY] for facts in made.values()], is_active=True)
    known = {str(user.pk): user for user in users}
    return {
        key: Person(*acted.get(facts.get(ACTING_KEY, 0), (known[facts[SESSION_KEY]], 0)))
        for key, facts in made.items()
        if facts[SESSION_KEY] in known and _same_password(known[facts[SESSION_KEY]], facts)
    }


def _same_password(user: User, facts: dict[str, str]) -> bool:
    made_under = facts.get(HASH_SESSION_KEY) or ""
    valid = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(made_under, one) for one in valid)


def _environments(public_ids: set[str]) -> dict[str, Environment]:
    uids = {}
    for text in public_ids:
        try:
            uids[parse_id("env", text)] = text
        except BadIdentifier:
            continue
    rows = Environment.objects.unscoped(WHY).filter(uid__in=uids, thrown_away_at=None)
    return {uids[row.uid]: row for row in rows}


class Rights:
    """One per event loop. Whoever asks while a batch is under way is in the next."""

    def __init__(self) -> None:
        self._waiting: dict[Ask, asyncio.Future[Verdict]] = {}
        self._work: asyncio.Task[None] | None = None

    async def of(self, ask: Ask) -> Verdict:
        """The verdict on one socket. Raises DatabaseError."""
        future = self._waiting.get(ask)
        if future is None:
            future = self._waiting[ask] = asyncio.get_running_loop().create_future()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._judge())
        return await asyncio.shield(future)

    async def _judge(self) -> None:
        await asyncio.sleep(0)  # all that ask in this turn of the loop
        while self._waiting:
            batch = dict(list(self._waiting.items())[:AT_ONCE])
            for ask in batch:
                del self._waiting[ask]
            try:
                found = await database_sync_to_async(verdicts)(list(batch))
            except Exception as error:
                for future in batch.values():
                    if not future.done():
                        future.set_exception(error)
                        future.exception()  # nobody may be left to hear of it
            else:
                for ask, future in batch.items():
                    if not future.done():
                        future.set_result(found[ask])


_rights: "WeakKeyDictionary[asyncio.AbstractEventLoop, Rights]" = WeakKeyDictionary()


def current_rights() -> Rights:
    """That of the running event loop."""
    return _rights.setdefault(asyncio.get_running_loop(), Rights())


def until_next(every_s: float) -> float:
    """Seconds to the next round; rounds are the same for all sockets, so that they ask together."""
    return every_s - time.monotonic() % every_s
