"""The parameters after the question mark: each read by its kind, a wrong one refused by its name."""

from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches

from django.http import QueryDict
from rest_framework.request import Request

from tracker.http.problems import ApiProblem, bad_request
from tracker.http.times import BadMoment, parse_moment

LONGEST = 500


class Query:
    """The query of one request. A parameter that is not among `names`, or comes twice, is refused:

    a filter that is misspelt must not quietly answer with everything.
    """

    def __init__(self, request: Request, *names: str) -> None:
        # not request.GET: that decodes by the charset of the Content-Type, which a caller may set to anything
        raw = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
        given = QueryDict(raw, encoding="utf-8")
        for name in given:
            if name not in names:
                raise bad_request("unknown_parameter", _unknown(name, names), name[:100])
            if len(given.getlist(name)) > 1:
                raise bad_request("repeated_parameter", f"{name} is given more than once.", name)
        self._given = {name: given[name] for name in given if given[name] != ""}

    def text(self, name: str, *, longest: int = LONGEST) -> str | None:
        """The text, None where absent or empty."""
        value = self._given.get(name)
        if value is None:
            return None
        if "\x00" in value:
            raise wrong(name, f"{name} holds the character U+0000.")
        if len(value) > longest:
            raise wrong(name, f"{name} is {len(value)} characters long; at most {longest} are possible.")
        return value

    def choice(self, name: str, options: Iterable[str]) -> str | None:
        """One of the options, None where absent."""
        value, known = self.text(name), list(options)
        if value is not None and value not in known:
            raise wrong(name, f"{name} must be one of {', '.join(known)}, not {value[:60]!r}.")
        return value

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number within the bounds."""
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):
            raise wrong(name, f"{name} must be a whole number from {low} to {high}, not {value[:60]!r}.")
        return int(value)

    def day(self, name: str) -> date | None:
        """A day such as 2026-05-01, None where absent."""
        value = self.text(name)
        if value is None:
            return None
        try:
            found = date.fromisoformat(value) if len(value) == len("2026-05-01") else None
        except ValueError:
            found = None
        if found is None:
            raise wrong(name, f"{name} must be a day such as 2026-05-01, not {value[:60]!r}.")
        return found

    def moment(self, name: str) -> datetime | None:
        """A time in UTC, None where absent."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return parse_moment(value)
        except BadMoment:
            raise wrong(
                name,
                f"{name} must be a time such as 2026-05-01T08:30:00Z, or seconds or milliseconds since 1970, "
                f"not {value[:60]!r}.",
            ) from None


def wrong(name: str, detail: str) -> ApiProblem:
    """400 about one parameter."""
    return bad_request("invalid_parameter", detail, name)


def require_order(since: date, until: date) -> None:
    """Refuse a span that ends before it begins."""
    if since > until:
        raise wrong("from", "from lies after to.")


def _unknown(name: str, names: tuple[str, ...]) -> str:
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else f" Known are {', '.join(names)}." if names else ""
    return f"There is no parameter {name[:60]!r} here.{hint}"
