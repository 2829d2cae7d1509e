"""Which states a trip may go to from which, and the refusal that names them. Pure."""

LEGAL: dict[str, tuple[str, ...]] = {
    "active": ("arrived", "completed", "cancelled"),
    "arrived": ("completed", "cancelled"),
    "completed": (),
    "cancelled": (),
}
UNDER_WAY = ("active", "arrived")
ENDED = ("completed", "cancelled")


class IllegalTransition(Exception):
    """A trip cannot go there from where it is; the text says where it can go."""

    def __init__(self, state: str, wanted: str) -> None:
        legal = LEGAL[state]
        can = f"can become {' or '.join(legal)}" if legal else "stays so for good"
        super().__init__(f"The trip is {state} and cannot become {wanted}: a trip that is {state} {can}.")
        self.state, self.wanted, self.legal = state, wanted, legal


def require(state: str, wanted: str) -> None:
    """Raises IllegalTransition where `wanted` cannot follow."""
    if wanted not in LEGAL[state]:
        raise IllegalTransition(state, wanted)
