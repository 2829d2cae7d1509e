"""What the tracker says of its own tables: what an erasure leaves, what no export has, what goes with a device."""

import redis
from django.conf import settings
from django.db import connection

from tracker.archive.shelf import open_shelf
from tracker.archive.trouble import TROUBLE_KEY
from tracker.http.connections import redis_client
from tracker.privacy import registry
from tracker.tenants import scope
from tracker.tenants.models import Environment

CHUNK = 20_000
LETTERS_OF_DEVICE = """
    DELETE FROM tracker_deadletter
    WHERE environment_id = %s AND (position(%s::bytea in payload) > 0 OR position(%s::bytea in payload) > 0)"""
REQUESTS_OF_DEVICE = "DELETE FROM tracker_requestrecord WHERE environment_id = %s AND device = %s"
REPORTS_OF_DEVICE = "DELETE FROM tracker_setasidereport WHERE environment_id = %s AND external_id = %s"


def declare() -> None:
    """Called once, when the app is ready."""
    registry.keep(
        "tracker.ErasureRequest",
        "the proof that something was erased, and when; it holds numbers and no name",
        "for good",
    )
    registry.leave_out("tracker.WebhookSecret", "a credential: it is shown when it is made")
    registry.leave_out("tracker.IdempotentAnswer", "copies of answers, kept for a day for repeated requests")
    registry.leave_out(
        "tracker.DataExport", "the record of exports themselves, on the page where they are asked"
    )
    registry.hide("tracker.DataExport", "file", "a name on our disk")
    registry.emptied_by_hook("tracker.AuditEntry")
    registry.tenant_hooks.append(forget_audit)
    registry.environment_hooks.append(forget_elsewhere)
    registry.device_hooks.append(forget_letters)


def forget_elsewhere(environment_id: int) -> None:
    """What of an environment lies outside the database: its archived days, and what Redis holds of its limits.

    Raises OSError where the archive cannot be reached; the erasure then goes on later.
    """
    with scope.scope(unscoped="an erasure looks up which folder it empties"):
        rows = Environment.objects.unscoped("an erasure looks up which folder it empties")
        environment = rows.select_related("tenant").filter(pk=environment_id).first()
    if environment is None:
        return
    shelf = open_shelf()
    for location in shelf.listing(
        f"tenant={environment.tenant.public_id}/environment={environment.public_id}"
    ):
        shelf.remove(location)
    try:
        client = redis_client(settings.REDIS_URL)
        client.hdel(TROUBLE_KEY, str(environment_id))
        client.delete(f"limit:environment:{environment_id}", f"limit:registrations:{environment_id}")
    except redis.RedisError as error:
        raise OSError(f"Redis cannot be reached: {error}") from error


def forget_audit(tenant_id: int) -> None:
    """The audit log, by the one function that may, chunk by chunk."""
    count = CHUNK
    while count == CHUNK:
        with scope.scope(tenant_id=tenant_id), connection.cursor() as cursor:
            cursor.execute("SELECT tracker_erase_audit(%s, %s)", [tenant_id, CHUNK])
            count = int(cursor.fetchone()[0])


def forget_letters(environment_id: int, device_id: int, external_id: str) -> dict[str, int]:
    """Dead letters that hold what the device sent; set-aside reports and requests that name it by its external id."""
    plain = external_id.encode()
    escaped = external_id.encode("ascii", "backslashreplace")
    with connection.cursor() as cursor:
        cursor.execute(LETTERS_OF_DEVICE, [environment_id, plain, escaped])
        letters = cursor.rowcount
        cursor.execute(REPORTS_OF_DEVICE, [environment_id, external_id])
        reports = cursor.rowcount
        cursor.execute(REQUESTS_OF_DEVICE, [environment_id, external_id])
        requests = cursor.rowcount
    return {
        "tracker.DeadLetter": letters,
        "tracker.SetAsideReport": reports,
        "tracker.RequestRecord": requests,
    }
