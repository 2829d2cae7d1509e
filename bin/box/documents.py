"""Links in the documents: each that points into the repository must point at something."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

LINK = re.compile(r"\]\(([^)\s]+)\)")


def broken_links(project: Path) -> list[str]:
    """One sentence per link to a file or a heading that does not exist."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\0")
    return [complaint for name in filter(None, listed) for complaint in _of_document(project, project / name)]


def _of_document(project: Path, document: Path) -> Iterator[str]:
    if not document.is_file():
        return
    prose = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in LINK.findall(prose):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, heading = unquote(link).partition("#")
        target = (document.parent / name) if name else document
        where = document.relative_to(project)
        if not target.exists():
            yield f"{where}: the link {link} leads nowhere"
        elif heading and target.suffix == ".md" and heading not in _headings(target):
            yield f"{where}: {link} names a heading that is not there"


def _headings(document: Path) -> set[str]:
    """The anchors that forges make of headings."""
    lines = re.findall(r"^#+\s+(.*)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.strip().lower()).replace(" ", "-") for line in lines}
