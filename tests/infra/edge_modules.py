"""Which of the edge's modules a module may import, at its top or later, found without loading anything."""

import ast
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def needed_by(module: str) -> set[str]:
    """The edge's files that the module may come to load, relative to the project."""
    waiting, seen = [module], set()
    while waiting:
        name = waiting.pop()
        for path in _files(name):
            if path in seen:
                continue
            seen.add(path)
            waiting += _imports(path)
    return {str(path.relative_to(PROJECT)) for path in seen}


def _files(module: str) -> list[Path]:
    """A module's own file and those of the packages above it."""
    found = []
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        stem = PROJECT.joinpath(*parts[:depth])
        found += [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()]
    return found


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == "ingest_lambda"]
