"""House rules that no linter has: the length of files and functions, names that are none, what a lock may hold."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 600
FUNCTION_LINES = 40
DRAWERS = {"utils", "helpers", "common", "base", "manager", "misc"}


def breaches(project: Path) -> list[str]:
    """One sentence per breach, with file and line; empty when the tree keeps the rules."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.py", "bin/milepost"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\0")
    found: list[str] = []
    for name in filter(None, listed):
        path = project / name
        if "migrations" in path.parts or not path.is_file():
            continue
        found += _breaches_of(Path(name), path.read_text(encoding="utf-8"))
    return [*found, *_addresses(project)]


def _breaches_of(name: Path, text: str) -> Iterator[str]:
    if name.stem in DRAWERS:
        yield f"{name}: a drawer of that name always fills; name the file for its idea"
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{name}: {lines} lines, more than {FILE_LINES}; split it"
    tree = ast.parse(text)
    if tree.body and ast.get_docstring(tree) is None:
        yield f"{name}: the first line does not say what lives here"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "tests" not in name.parts:
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES}"


def _addresses(project: Path) -> Iterator[str]:
    """A lock with download addresses works on one network only."""
    for name in ("package-lock.json", "requirements/app.txt", "requirements/dev.txt"):
        path = project / name
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if '"resolved"' in text or "--index-url" in text or "--find-links" in text:
            yield f"{name}: holds download addresses; make lock writes it without"
