"""Lines of a benchmark file by number, and what to say when one is wrong."""

from collections.abc import Sequence


class BadInstance(ValueError):
    """A file that is no instance; `line` counts from 1, 0 for the whole file."""

    def __init__(self, name: str, line: int, reason: str) -> None:
        super().__init__(f"{name}, line {line}: {reason}" if line else f"{name}: {reason}")
        self.name, self.line, self.reason = name, line, reason


def number(name: str, line: int, word: str, what: str) -> float:
    """A finite number; raises BadInstance that says which word is none."""
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e15:
        raise BadInstance(name, line, f"{what} is {word!r}, not a number")
    return value


def whole(name: str, line: int, word: str, what: str, least: int = 0) -> int:
    """A whole number of at least `least`."""
    value = number(name, line, word, what)
    if value != int(value):
        raise BadInstance(name, line, f"{what} is {word}, not a whole number")
    if value < least:
        raise BadInstance(name, line, f"{what} is {word}, less than {least}")
    return int(value)


def words(name: str, line: int, text: str, count: int, what: str) -> Sequence[str]:
    """Exactly so many words."""
    found = text.split()
    if len(found) != count:
        raise BadInstance(name, line, f"{what} should be {count} numbers, found {len(found)}")
    return found
