"""One box that finds whatever a customer quotes: a name, an address, an id, the end of a key, a request."""

import uuid
from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse

from tracker.devices.models import Device
from tracker.ingestion.models import DeadLetter, SetAsideReport
from tracker.keys.models import Key
from tracker.tenants.models import Environment, Membership, Tenant, User

WHY = "staff search across organisations"
MOST = 10  # of each kind


class Hit(NamedTuple):
    """Something found."""

    kind: str
    text: str
    of: str  # whose it is
    address: str


Finder = Callable[[str], Iterable[Hit]]
finders: list[Finder] = []  # apps above this one add their own


def search(words: str) -> list[Hit]:
    """All that is found, kind by kind; the running scope must see all tenants."""
    wanted = words.strip()[:200].replace("\x00", "")
    if len(wanted) < 2:
        return []
    return [hit for finder in (*OURS, *finders) for hit in finder(wanted)]


def _uid(words: str) -> uuid.UUID | None:
    """The number in a public id (`dev_…`), a request id, or a bare UUID."""
    try:
        return uuid.UUID(words.rpartition("_")[2])
    except ValueError:
        return None


def tenants(words: str) -> Iterable[Hit]:
    """By name or id."""
    matches = Q(name__icontains=words) | Q(uid=_uid(words))
    for row in Tenant.objects.filter(matches).order_by("name")[:MOST]:
        yield Hit("Organisation", row.name, "", reverse("admin:tracker_tenant_change", args=[row.pk]))


def members(words: str) -> Iterable[Hit]:
    """By address or name, with each organisation a person belongs to."""
    matches = Q(user__email__icontains=words) | Q(user__name__icontains=words) | Q(uid=_uid(words))
    rows = Membership.objects.unscoped(WHY).filter(matches).select_related("user", "tenant")
    for row in rows.order_by("user__email")[:MOST]:
        yield Hit(
            "Member",
            row.user.email,
            row.tenant.name,
            reverse("admin:tracker_membership_change", args=[row.pk]),
        )


def people(words: str) -> Iterable[Hit]:
    """Accounts that belong nowhere yet or any more."""
    placed = Membership.objects.unscoped(WHY).values("user")
    rows = User.objects.filter(Q(email__icontains=words)).exclude(pk__in=placed)
    for row in rows.order_by("email")[:MOST]:
        yield Hit("Person", row.email, "", reverse("admin:tracker_user_change", args=[row.pk]))


def environments(words: str) -> Iterable[Hit]:
    """By id or name."""
    rows = Environment.objects.unscoped(WHY).filter(Q(uid=_uid(words)) | Q(name__iexact=words))
    for row in rows.select_related("tenant").order_by("pk")[:MOST]:
        address = reverse("admin:tracker_environment_change", args=[row.pk])
        yield Hit("Environment", str(row), row.tenant.name, address)


def keys(words: str) -> Iterable[Hit]:
    """By id, by the hint that pages show, or by the key's text itself, of which only its ends are compared."""
    hint = f"{words[:8]}…{words[-4:]}" if words[:3] in {"pk_", "sk_"} and len(words) > 20 else words
    rows = Key.objects.unscoped(WHY).filter(Q(uid=_uid(words)) | Q(hint=hint) | Q(hint__iendswith=words[-4:]))
    if len(words) < 4:
        rows = rows.none()
    for row in rows.filter(Q(uid=_uid(words)) | Q(hint__icontains=words) | Q(hint=hint)).select_related(
        "tenant"
    )[:MOST]:
        yield Hit("Key", row.hint, row.tenant.name, reverse("admin:tracker_key_change", args=[row.pk]))


def devices(words: str) -> Iterable[Hit]:
    """By the id it reports under, or by ours."""
    rows = Device.objects.unscoped(WHY).filter(Q(external_id=words) | Q(uid=_uid(words)))
    for row in rows.select_related("environment__tenant").order_by("pk")[:MOST]:
        address = reverse("admin:tracker_device_change", args=[row.pk])
        yield Hit("Device", row.external_id, row.environment.tenant.name, address)


def requests(words: str) -> Iterable[Hit]:
    """What became of a request: reports set aside and dead letters that carry its id."""
    uid = _uid(words)
    if uid is None:
        return
    for row in (
        SetAsideReport.objects.unscoped(WHY)
        .filter(request_id=uid)
        .select_related("environment__tenant")[:MOST]
    ):
        address = reverse("admin:tracker_setasidereport_change", args=[row.pk])
        yield Hit("Set-aside report", f"{row.outcome}: {row.reason}", row.environment.tenant.name, address)
    for letter in (
        DeadLetter.objects.unscoped(WHY).filter(request_id=uid).select_related("environment__tenant")[:MOST]
    ):
        whose = letter.environment.tenant.name if letter.environment else ""
        address = reverse("admin:tracker_deadletter_change", args=[letter.pk])
        yield Hit("Dead letter", letter.reason, whose, address)


OURS: tuple[Finder, ...] = (tenants, members, people, environments, keys, devices, requests)
