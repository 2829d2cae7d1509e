"""Addresses to places: what a person said, what is remembered, the gazetteer; and over the network, one by one."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from time import monotonic

from django.conf import settings
from django.core.cache import cache

from dispatch.intake.geocoding.answers import PERSON, Answer, Geocoder, NotNow, Wanted
from dispatch.intake.geocoding.asking import Asker, asking
from dispatch.intake.geocoding.folding import fold
from dispatch.intake.geocoding.gazetteer import Gazetteer
from dispatch.intake.geocoding.google import Google
from dispatch.intake.geocoding.memory import remember, remembered
from dispatch.intake.geocoding.nominatim import Nominatim

logger = logging.getLogger(__name__)
USER_AGENT = "Milepost-Geocoding/1"
AWAY, AWAY_S = "geocoder:away", 60  # after a failure the provider is left alone for so long


def provider() -> str:
    """The name of the provider that is asked over the network; empty where there is none."""
    return settings.GEOCODER


def trouble() -> str:
    """What went wrong when the provider was last asked; empty where all is well."""
    return str(cache.get(AWAY, ("", ""))[1]) if provider() else ""


def is_doubtful(answer: Answer | None) -> bool:
    """Whether a person must look before a parcel goes there."""
    return answer is None or answer.confidence < settings.GEOCODER_CONFIDENCE


def look_up(
    environment_id: int, wanted: Sequence[Wanted], *, now: datetime
) -> tuple[list[Answer | None], list[int]]:
    """The best answer at hand for each address, and which of them the provider should be asked about.

    A person's word outranks everything, then the surer of gazetteer and provider counts. Needs the environment's scope.
    """
    providers = [provider()] if provider() else []
    known = remembered(environment_id, wanted, providers, now=now)
    listed = Gazetteer(environment_id).find_all(wanted) if wanted else []
    answers: list[Answer | None] = []
    unasked: list[int] = []
    for number, (said, found) in enumerate(zip(known, listed, strict=True)):
        if isinstance(said, Answer) and said.provider == PERSON:
            answers.append(said)
            continue
        best = max(
            (one for one in (said, found) if isinstance(one, Answer)),
            key=lambda one: one.confidence,
            default=None,
        )
        answers.append(best)
        if said == "" and providers and is_doubtful(best) and fold(wanted[number].address):
            unasked.append(number)
    return answers, unasked


def ask(wanted: Sequence[Wanted], *, budget_s: float) -> list[Answer | None]:
    """Ask the provider about as many of these as fit into the time; what it said of each, shorter than `wanted`.

    Outside of any transaction. What it says is remembered by the caller's `keep`, in the environment's scope.
    """
    if not provider() or cache.get(AWAY):
        return []
    return asyncio.run(_ask(wanted, budget_s))


def keep(
    environment_id: int, wanted: Sequence[Wanted], said: Sequence[Answer | None], *, now: datetime
) -> None:
    """Remember what the provider said. Needs the environment's scope."""
    remember(environment_id, provider(), zip(wanted, said, strict=False), now=now)


async def _ask(wanted: Sequence[Wanted], budget_s: float) -> list[Answer | None]:
    said: list[Answer | None] = []
    until = monotonic() + budget_s
    async with AsyncExitStack() as stack:
        asker = await stack.enter_async_context(
            asking(USER_AGENT, allow_private=settings.GEOCODER_ALLOW_PRIVATE)
        )
        geocoder = _geocoder(asker)
        for one in wanted:
            if said and monotonic() + geocoder.pause_s > until:
                break
            if said:
                await asyncio.sleep(geocoder.pause_s)
            try:
                said.append(await geocoder.find(one))
            except NotNow as why:
                cache.set(AWAY, (True, str(why)), AWAY_S)
                logger.warning("the geocoder failed", extra={"provider": geocoder.name, "reason": str(why)})
                break
    return said


def _geocoder(asker: Asker) -> Geocoder:
    per_s, countries = settings.GEOCODER_PER_S, settings.GEOCODER_COUNTRIES
    if provider() == Google.name:
        return Google(
            asker, settings.GEOCODER_URL, per_s=per_s, countries=countries, key=settings.GEOCODER_KEY
        )
    return Nominatim(
        asker, settings.GEOCODER_URL, per_s=per_s, countries=countries, contact=settings.GEOCODER_CONTACT
    )
