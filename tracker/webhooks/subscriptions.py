"""Which kinds of events an endpoint asks for: names, families such as `trip.*`, or nothing for all. Pure."""

from collections.abc import Sequence

from tracker.outbox.catalogue import Kind

FAMILIES = tuple(sorted({f"{kind.partition('.')[0]}.*" for kind in Kind if kind != Kind.WEBHOOK_TEST}))
KNOWN = frozenset({*(kind.value for kind in Kind if kind != Kind.WEBHOOK_TEST), *FAMILIES})


def unknown_among(kinds: Sequence[str]) -> list[str]:
    """Those that name no kind and no family."""
    return [kind for kind in kinds if kind not in KNOWN]


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Whether an endpoint that asks for `kinds` is told of `kind`. A test goes to the endpoint it was made for."""
    if kind == Kind.WEBHOOK_TEST:
        return False
    return not kinds or kind in kinds or f"{kind.partition('.')[0]}.*" in kinds


def expanded(kinds: Sequence[str]) -> list[str]:
    """Every kind that these ask for, by name."""
    return [kind.value for kind in Kind if wants(kinds, kind)]
