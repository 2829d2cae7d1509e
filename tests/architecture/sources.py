"""The project's own source files, for tests that read them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Files in git and new ones it does not ignore, relative to the project."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(Path(line) for line in listing.stdout.splitlines() if (PROJECT / line).is_file())


def python(*tops: str) -> list[Path]:
    """Python files below these top-level names (all where none is given), the command itself among them."""
    ours = (p for p in tracked() if p.suffix == ".py" or p == Path("bin/milepost"))
    return [p for p in ours if not tops or p.parts[0] in tops]


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse((PROJECT / path).read_text(encoding="utf-8"))
