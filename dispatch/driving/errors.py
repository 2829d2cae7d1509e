"""What goes wrong for a driver's phone, in words it can show."""


class DrivingError(Exception):
    """Refused; the text says why."""


class LinkOver(DrivingError):
    """The link was used, revoked, has expired, or never was."""


class SignedOut(DrivingError):
    """The phone is not signed in, or not any more."""


class BadProof(DrivingError):
    """The bytes are no photo or signature that can be kept."""
