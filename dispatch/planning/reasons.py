"""Why a parcel is on nobody's route, in sentences a supervisor can act on."""

import msgspec


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason. `code` is stable; `vehicle` names the driver it is about, none where it is about all."""

    code: str
    text: str
    driver: str | None = None


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A smallest change that would serve it, found by solving again."""

    code: str
    text: str
    driver: str | None = None


class Unserved(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parcel that the plan leaves out."""

    shipment: str
    external_id: str | None
    reasons: list[Reason]
    changes: list[Change] = []
