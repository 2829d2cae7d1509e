"""Finds places for shipments that were announced without one: by memory, gazetteer, and then by asking the provider.

Called again and again beside the reading of uploads. Whoever was looked up once has a `place_by`, even if nobody knew
the address: it is not asked for ever. The network is used outside of transactions, by one process at a time.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from dispatch.intake.coordinates import judge
from dispatch.intake.delivering import Hubs
from dispatch.intake.geocoding.answers import Answer, Wanted
from dispatch.intake.geocoding.lookup import ask, is_doubtful, keep, look_up, provider
from dispatch.intake.settling import NOBODY
from dispatch.shipments.authors import system
from dispatch.shipments.commands import CorrectAddress
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import execute_many
from tracker.tenants.scope import scope

logger = logging.getLogger(__name__)
BATCH = 100
BUDGET_S = 5.0
PAUSE, PAUSE_S = "geocoder:pause", 5
ASKING, ASKING_S = "geocoder:asking", 30  # who asks, so that all processes together keep to the rate
WHY = "addresses of all customers are looked up in one go"
AUTHOR = system("geocoding")


def locate_waiting(now: datetime) -> int:
    """Look up the next shipments without a place; how many were settled. Takes BUDGET_S and a little at most."""
    if cache.get(PAUSE):
        return 0
    waiting: dict[int, list[ShipmentState]] = defaultdict(list)
    with scope(unscoped=WHY):
        rows = ShipmentState.objects.unscoped(WHY).filter(longitude=None, place_by="", ended_at=None)
        # the newest too: they must not wait for a day behind a file whose addresses are asked for one by one
        for row in {*rows.order_by("shipment_id")[:BATCH], *rows.order_by("-shipment_id")[:BATCH]}:
            waiting[row.environment_id].append(row)
    settled = sum(_locate(environment_id, listed, now) for environment_id, listed in waiting.items())
    if waiting and not settled:
        cache.set(PAUSE, True, PAUSE_S)  # the provider is away, or another process asks it
    return settled


def look_again(environment_id: int, *, now: datetime, most: int = 2_000) -> int:
    """Look up shipments that nobody could place, after a gazetteer was loaded; how many were found now."""
    rows = ShipmentState.objects.for_environment(environment_id).filter(
        place_doubtful=True, ended_at=None, longitude=None
    )
    listed = list(rows.exclude(address="").order_by("shipment_id")[:most])
    wanted = [Wanted(row.address) for row in listed]
    answers, _ = look_up(environment_id, wanted, now=now)
    found = [(row, answer) for row, answer in zip(listed, answers, strict=True) if answer is not None]
    _settle(environment_id, found, now)
    return len(found)


def _locate(environment_id: int, rows: Sequence[ShipmentState], now: datetime) -> int:
    wanted = [Wanted(row.address) for row in rows]
    with scope(environment_id=environment_id):
        answers, unasked = look_up(environment_id, wanted, now=now)
        waits = set(unasked) if provider() else set()
        _settle(
            environment_id,
            [(row, answers[n]) for n, row in enumerate(rows) if n not in waits],
            now,
        )
    settled = len(rows) - len(waits)
    if not waits or not cache.add(ASKING, True, ASKING_S):
        return settled
    try:
        asked = sorted(waits)
        said = ask([wanted[n] for n in asked], budget_s=BUDGET_S)
        with scope(environment_id=environment_id):
            keep(environment_id, [wanted[n] for n in asked], said, now=now)
            better = [(rows[n], _surer(answers[n], one)) for n, one in zip(asked, said, strict=False)]
            _settle(environment_id, better, now)
        return settled + len(said)
    finally:
        cache.delete(ASKING)


def _surer(one: Answer | None, other: Answer | None) -> Answer | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda answer: answer.confidence)


def _settle(environment_id: int, found: Sequence[tuple[ShipmentState, Answer | None]], now: datetime) -> None:
    """Write what was found of those that are without a place still.

    Their rows are locked: a person who places one at this moment comes after us, and their word stands.
    """
    if not found:
        return
    hubs = Hubs(environment_id)
    with transaction.atomic():
        rows = ShipmentState.objects.for_environment(environment_id).filter(
            shipment_id__in=[row.shipment_id for row, _ in found], longitude=None, ended_at=None
        )
        still = set(
            rows.order_by("shipment_id").select_for_update(no_key=True).values_list("shipment_id", flat=True)
        )
        asked = [
            (row.shipment_id, _command(row, answer, hubs))
            for row, answer in found
            if row.shipment_id in still
        ]
        execute_many(environment_id, asked, author=AUTHOR, now=now)


def _command(row: ShipmentState, answer: Answer | None, hubs: Hubs) -> CorrectAddress:
    if answer is None:
        return CorrectAddress(place_by=provider() or NOBODY, confidence=0.0, doubtful=True)
    doubt = judge(answer.latitude, answer.longitude, hubs.places(hubs.of(row.hub_id))).doubt
    return CorrectAddress(
        place_by=answer.provider,
        longitude=answer.longitude,
        latitude=answer.latitude,
        confidence=answer.confidence,
        doubtful=is_doubtful(answer) or bool(doubt),
    )
