"""Configuration files from templates: `{{name}}` is a value; an unknown or unused name is an error."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "templates"


def render(template: str, **values: str | int) -> str:
    """The template's text with every `{{name}}` filled in; KeyError names one that has no value."""
    text = (FOLDER / template).read_text(encoding="utf-8")
    filled = re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found.group(1)]), text)
    unused = set(values) - set(re.findall(r"\{\{(\w+)\}\}", text))
    if unused:
        raise KeyError(f"{template} has no place for {', '.join(sorted(unused))}")
    return filled


def write_if_changed(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole, and only when its text is new: a reader never sees half of it."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        path.chmod(mode)
        return
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=mode)
    draft.chmod(mode)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
