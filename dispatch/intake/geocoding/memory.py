"""What was once said of an address: by a provider, for a while; by a person, for good and above all others."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from dispatch.intake.geocoding.answers import PERSON, Answer, Wanted
from dispatch.intake.geocoding.folding import fingerprint
from dispatch.intake.models import GeocodedAddress

KEPT = {"nominatim": timedelta(days=90), "google": timedelta(days=30)}
KNOWS_NOTHING = timedelta(days=7)  # then it is asked once more


def key_of(wanted: Wanted) -> bytes:
    """By which an address is remembered."""
    return fingerprint(f"{wanted.address} {wanted.city} {wanted.postcode}")


def remembered(
    environment_id: int, wanted: Sequence[Wanted], providers: Collection[str], *, now: datetime
) -> list[Answer | str | None]:
    """Of each address: the answer, None for one that is known to be unknown, or "" where nobody was asked yet."""
    keys = [key_of(one) for one in wanted]
    rows = GeocodedAddress.objects.for_environment(environment_id).filter(
        folded_sha256__in=set(keys), provider__in=[PERSON, *providers]
    )
    known: dict[bytes, Answer | None] = {}
    for row in sorted(rows, key=lambda one: one.provider == PERSON):
        if row.provider != PERSON and row.asked_at < now - _kept(row):
            continue
        known[bytes(row.folded_sha256)] = _answer(row)
    return [known.get(key, "") for key in keys]


def remember(
    environment_id: int, provider: str, said: Iterable[tuple[Wanted, Answer | None]], *, now: datetime
) -> None:
    """Keep what was said of these addresses; what the same provider said before is forgotten."""
    rows = {
        key_of(wanted): GeocodedAddress(
            environment_id=environment_id,
            provider=provider,
            folded_sha256=key_of(wanted),
            address=wanted.address[:500],
            longitude=answer.longitude if answer else None,
            latitude=answer.latitude if answer else None,
            confidence=answer.confidence if answer else 0.0,
            matched=answer.matched[:500] if answer else "",
            asked_at=now,
        )
        for wanted, answer in said
    }
    if rows:
        GeocodedAddress.objects.for_environment(environment_id).bulk_create(
            [rows[key] for key in sorted(rows)],
            update_conflicts=True,
            unique_fields=["environment", "provider", "folded_sha256"],
            update_fields=["address", "longitude", "latitude", "confidence", "matched", "asked_at"],
        )


def _kept(row: GeocodedAddress) -> timedelta:
    return KNOWS_NOTHING if row.longitude is None else KEPT.get(row.provider, KNOWS_NOTHING)


def _answer(row: GeocodedAddress) -> Answer | None:
    if row.longitude is None or row.latitude is None:
        return None
    return Answer(row.longitude, row.latitude, row.confidence, row.matched, row.provider)
