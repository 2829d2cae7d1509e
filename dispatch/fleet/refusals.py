"""What the fleet refuses, in one form for the API, for forms and for rows of a file."""


class FleetRefusal(Exception):
    """A wish that cannot be met. `field` is the name of the wish's part it is about, empty for the whole of it."""

    code = "invalid_field"
    status = 400

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.detail, self.field = detail, field


class Taken(FleetRefusal):
    """Another one of the environment has this id."""

    code, status = "external_id_taken", 409


class InUse(FleetRefusal):
    """It cannot end while other things rest on it; the detail says which."""

    code, status = "in_use", 409


class NotATree(FleetRefusal):
    """The move would put a hub below itself."""

    code, status = "hub_below_itself", 409


class TooMany(FleetRefusal):
    """The environment, or the driver, has as many as it may."""

    code, status = "too_many", 409
