"""Secret keys made together with something else, kept sealed until the next page can show them, once.

At sign-up the keys exist before any page can show them. Their texts wait in the person's session, sealed, so that
the stored session alone opens nothing, and are gone from it once shown.
"""

import msgspec
from django.contrib.sessions.backends.base import SessionBase

from tracker.http.seals import BrokenSeal, seal, unseal

SESSION_KEY = "new_secret_keys"


class NewSecret(msgspec.Struct, frozen=True):
    """A secret key's text and the name of the environment it opens."""

    environment: str
    text: str


def keep(session: SessionBase, secrets: list[NewSecret]) -> None:
    """Hold them for the next page that shows them."""
    session[SESSION_KEY] = seal(SESSION_KEY, msgspec.msgpack.encode(secrets)).hex()


def take(session: SessionBase) -> list[NewSecret]:
    """Those that wait, which are then gone; none where nothing waits or the seal is not ours."""
    sealed = session.pop(SESSION_KEY, "")
    try:
        return msgspec.msgpack.decode(unseal(SESSION_KEY, bytes.fromhex(sealed)), type=list[NewSecret])
    except (BrokenSeal, ValueError, msgspec.MsgspecError):
        return []
