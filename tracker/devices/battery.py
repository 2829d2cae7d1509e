"""The one rule that says when a battery counts as low. Pure; `conditions` asks the database the same."""

LOW_UNDER = 0.15  # and not charging: low
WELL_OVER = 0.20  # not low any more; in between it stays what it was, for readings waver


def is_low(battery: float | None, charging: bool | None, *, was_low: bool) -> bool:
    """Whether a battery (0 empty, 1 full) counts as low, given whether it did before.

    Charging keeps an empty battery from becoming low, and does not end it: a phone that is unplugged a percent later
    has nothing new to tell. An unknown level changes nothing.
    """
    if battery is None:
        return was_low
    if was_low:
        return battery <= WELL_OVER
    return battery < LOW_UNDER and not charging
