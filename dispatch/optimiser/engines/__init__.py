"""The engines by name, each loaded when it is first asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from dispatch.optimiser.core import Engine

_HOMES = {
    "best": "best:best",  # what the product uses
    "savings": "savings:savings",  # at once
    "strings": "best:strings",  # the compiled search alone
    "descent": "best:descent",  # the library's local search in our own loop, alone
    "pyvrp": "defaults:pyvrp_defaults",  # the library as it comes, for comparison
}


class Engines(Mapping[str, Engine]):
    """Raises KeyError with the names there are."""

    def __getitem__(self, name: str) -> Engine:
        if name not in _HOMES:
            raise KeyError(f"no engine {name!r}; there are {', '.join(_HOMES)}")
        module, function = _HOMES[name].split(":")
        return cast("Engine", getattr(import_module(f"{__name__}.{module}"), function))

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


ENGINES: Mapping[str, Engine] = Engines()
