"""Who made something happen to a shipment, and by which request. Kept in the event for ever, so it says no more than
is needed."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from tracker.http.correlation import current_request_id
from tracker.keys.models import Key
from tracker.tenants.identifiers import parse_id, public_id
from tracker.tenants.models import User


class Author(Struct, frozen=True):
    """`id` is a public id, or the name of a part of the system; `name` is for people who read the event."""

    kind: Literal["member", "key", "driver", "customer", "system"]
    id: str = ""
    name: str = ""


CUSTOMER = Author("customer")  # whoever holds the link of the shipment


def of_key(key: Key) -> Author:
    """A server of the customer, by the key it came with."""
    return Author("key", public_id("key", key.uid), key.name)


def of_member(user: User) -> Author:
    """A person who is signed in to the console."""
    return Author("member", public_id("usr", user.uid), user.name or user.email)


def of_driver(driver_public_id: str, name: str) -> Author:
    """A driver, by their phone."""
    return Author("driver", driver_public_id, name)


def system(part: str) -> Author:
    """A part of ours, such as `failed_delivery` or `upload`."""
    return Author("system", part)


def running_request() -> UUID | None:
    """The id of the request being served; None outside one."""
    text = current_request_id()
    return parse_id("req", text) if text else None
