"""A storm in words: what happened, by what it was told, what it would have cost, and the line of the app."""

from dataclasses import dataclass

from billing.storms.models import Storm
from tracker.devices.selectors import device_by_external_id
from tracker.keys.models import Key


@dataclass(frozen=True)
class Line:
    """A line of an app that a storm came from; empty where it did not say."""

    key: str
    key_name: str
    key_hint: str
    app_version: str
    model: str
    os: str
    count: int
    share: float

    @property
    def text(self) -> str:
        """`version 2.4.1 on Pixel 9 (Android 16)`."""
        parts = [f"version {self.app_version}" if self.app_version else "a version that is not named"]
        parts.append(f"on {self.model}" if self.model else "on devices that do not say what they are")
        return " ".join(parts) + (f" ({self.os})" if self.os else "")


def lines_of(storm: Storm) -> list[Line]:
    """Where it came from, the most first. What a device did not say itself is taken from the register."""
    numbers = [fact["key_id"] for fact in storm.facts]
    keys = {key.pk: key for key in Key.objects.for_environment(storm.environment_id).filter(pk__in=numbers)}
    device = (
        device_by_external_id(storm.environment_id, storm.key) if storm.kind == Storm.Kind.REPEATS else None
    )
    total = sum(fact["count"] for fact in storm.facts) or 1
    lines = []
    for fact in storm.facts:
        key = keys.get(fact["key_id"])
        said = {
            name: fact[name] or (getattr(device, name) if device else "")
            for name in ("app_version", "model", "os")
        }
        lines.append(
            Line(
                key.public_id if key else "",
                key.name if key else "",
                key.hint if key else "a certificate" if not fact["key_id"] else "a key that is gone",
                **said,
                count=fact["count"],
                share=fact["count"] / total,
            )
        )
    return lines


def sentence_of(storm: Storm) -> str:
    """What came."""
    if storm.kind == Storm.Kind.REPEATS:
        return (
            f"One device sent the same fix again and again: {storm.repeats:,} times so far, up to "
            f"{storm.peak_per_second:,.0f} a second."
        )
    what = (
        "The same devices registered again and again"
        if storm.reason == Storm.Reason.REPEATED
        else "Devices registered that never reported a position"
    )
    return f"{what}: {storm.received:,} registrations so far, up to {storm.peak_per_second:,.0f} a second."


def why(storm: Storm) -> list[str]:
    """The numbers it was recognised by, as sentences."""
    found, seen = [], storm.evidence
    found.append(
        f"{seen.get('rate', 0):,.0f} a second came, where {seen.get('usual', 0):,.0f} a second are usual."
    )
    if storm.kind == Storm.Kind.REPEATS:
        found.append(
            f"Within a minute {seen.get('repeats', 0):,} of {seen.get('received', 0):,} fixes were known already; "
            f"only {seen.get('distinct', 0):,} were different."
        )
        return found
    found.append(
        f"Within a minute {seen.get('received', 0):,} registrations named {seen.get('distinct', 0):,} different "
        f"devices: {seen.get('each', 0):,.1f} each. {seen.get('repeated_share', 0):.0%} said nothing new."
    )
    if seen.get("asked"):
        found.append(
            f"Of {seen['asked']} of these devices, taken at random, {seen['reported']} ever reported a position. "
            "In a launch nearly all of them do."
        )
    return found


def advice(storm: Storm) -> str:
    """Where to look in the app."""
    if storm.kind == Storm.Kind.REPEATS:
        return (
            "Look for a loop that sends the last fix without waiting for the answer, or a queue that never lets go "
            "of what was answered 202."
        )
    if storm.reason == Storm.Reason.MUTE:
        return (
            "Look for a device id that is made up at each start: make it once, and keep it on the device. "
            "Then send positions under the same id."
        )
    return "Look for a registration that runs on a timer, or at each screen, and not once at each start."
