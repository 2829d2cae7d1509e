"""Every reason for which a report is set aside, in words: what happened, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A reason's code, and what the console says about it."""

    code: str
    title: str
    meaning: str
    advice: str


_UNREADABLE = "The other positions of the same request were not affected."

FILTERED = [
    Reason(
        "poor_accuracy",
        "Accuracy too poor",
        "The device itself put this fix farther off than the bound of this environment lets pass.",
        "Indoors and in tunnels this is normal. If too much is lost, raise the accuracy bound in the settings.",
    ),
    Reason(
        "teleport",
        "Impossible jump",
        "To be there, the device would have had to move faster than the speed bound since its fix before.",
        "Single jumps come from weak reception. If the device really moved, three fixes in a row that agree are "
        "believed. For fast vehicles raise the speed bound in the settings, or send speed_mps.",
    ),
    Reason(
        "swapped_axes",
        "Axes swapped",
        "The place is an impossible jump as it was sent, and a believable one with latitude and longitude exchanged.",
        "Check the order in which the app sends them. Thirty such fixes in a row are believed, in case the device "
        "really went to the mirrored place.",
    ),
    Reason(
        "zero_island",
        "Position 0, 0",
        "Latitude and longitude are both zero, which is what receivers report while they have no fix.",
        "Leave the position out until the receiver has one.",
    ),
    Reason(
        "clock_ahead",
        "Clock ahead",
        "recorded_at lies more than five minutes after the moment the report arrived.",
        "Set the device's clock from the network, and check that recorded_at is in UTC or carries its offset.",
    ),
    Reason(
        "clock_behind",
        "Clock reset",
        "recorded_at lies years back: the device's clock was reset, or its GPS receiver's count of weeks rolled over.",
        "Set the device's clock from the network before it reports. After a week rollover the detail names the likely "
        "date; the receiver needs new firmware.",
    ),
    Reason(
        "too_old",
        "Too old",
        "recorded_at lies further back than positions of this environment are kept.",
        "Check the device's clock. A long queue may be older than the retention, which the settings show.",
    ),
    Reason(
        "sampled",
        "Left out by a cap",
        "A cap on what is spent is reached, and you chose that only one fix in some is kept until the month ends.",
        "Raise the cap on the budget page, and all fixes are kept again within a minute. This one was not billed.",
    ),
    Reason(
        "cap_reached",
        "Stopped by a cap",
        "A cap on what is spent is reached, and you chose that nothing more comes in until the month ends. It came by "
        "MQTT, where a device cannot be asked to wait and send it again.",
        "Raise the cap on the budget page, and reports come in again within a minute. This one was not billed.",
    ),
]
QUARANTINED = [
    Reason(
        "not_an_object",
        "Not an object",
        f"An entry of positions is not a JSON object. {_UNREADABLE}",
        'Send each position as {"recorded_at": …, "latitude": …, "longitude": …}.',
    ),
    Reason(
        "missing_recorded_at",
        "No recorded_at",
        f"The position does not say when it was taken. {_UNREADABLE}",
        "Add recorded_at: ISO 8601 with an offset, or seconds or milliseconds since 1970.",
    ),
    Reason(
        "bad_recorded_at",
        "Unreadable recorded_at",
        f"recorded_at is no time that can be understood. {_UNREADABLE}",
        "Send ISO 8601 with an offset, as 2026-05-01T08:30:00Z, or seconds or milliseconds since 1970.",
    ),
    Reason(
        "missing_latitude",
        "No latitude",
        f"The position has no latitude. {_UNREADABLE}",
        "Add latitude in degrees, -90 to 90.",
    ),
    Reason(
        "missing_longitude",
        "No longitude",
        f"The position has no longitude. {_UNREADABLE}",
        "Add longitude in degrees, -180 to 180.",
    ),
    Reason(
        "bad_latitude",
        "Impossible latitude",
        f"latitude is not a number between -90 and 90. {_UNREADABLE}",
        "Send a JSON number in degrees. If it lies beyond 90, latitude and longitude may be swapped.",
    ),
    Reason(
        "bad_longitude",
        "Impossible longitude",
        f"longitude is not a number between -180 and 180. {_UNREADABLE}",
        "Send a JSON number in degrees.",
    ),
    Reason(
        "marked_invalid",
        "Marked invalid by the device",
        "The receiver itself says that it had no fix when it sent this.",
        "Indoors this is normal. If all of a device's fixes end here, check its antenna.",
    ),
    Reason(
        "encrypted",
        "Encrypted",
        "The app encrypts its messages with a key that is not known here, so nothing in them can be read.",
        "Switch the app's payload encryption off. HTTPS protects the way here.",
    ),
    Reason(
        "missing_device_id",
        "No device named",
        "The app does not say which device it is, so its fixes belong to nobody.",
        "Set an identifier in the app, or end its URL with /NAME, a name of your choice for this device.",
    ),
    Reason(
        "bad_device_id",
        "Impossible device id",
        "What the app gives as its identifier is empty, longer than 200 characters, or no text.",
        "Set another identifier in the app, or end its URL with /NAME.",
    ),
    Reason(
        "unrecognised",
        "No known form",
        "The request has the shape of no app known here. Often it is the app's URL opened in a browser, or a URL "
        "with placeholders that the app did not fill.",
        "See what arrived below, and compare it with the app's page under Connect a device.",
    ),
    Reason(
        "key_revoked",
        "Key revoked",
        "The key was revoked, or does not exist any more, when this report was stored.",
        "Give the device a key that is in force; the keys page has them.",
    ),
    Reason(
        "device_deleted",
        "Device deleted",
        "The device was deleted, so what it still sends is not kept.",
        "Stop the device from reporting, or let it report under another device_id.",
    ),
    Reason(
        "dead_letter",
        "Could not be stored",
        "The report broke a step of our processing. Nothing you sent was wrong in a way we know of.",
        "It is kept and will be looked at. If you ask about it, quote the request id.",
    ),
]
KNOWN = {reason.code: reason for reason in FILTERED + QUARANTINED}


def reason_of(code: str) -> Reason:
    """The words for a reason; a code that is new here gets its own name for a title."""
    return KNOWN.get(code) or Reason(code, code.replace("_", " ").capitalize(), "", "")
