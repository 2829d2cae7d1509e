"""Why something about the guard is refused, in words for whoever wanted it."""


class GuardRefused(Exception):
    """What is wrong, and at which field."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
