"""What tests of pages share: rows to show, and a reader that looks for what no page may hold."""

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

from tracker.devices.models import Device, DeviceState
from tracker.ingestion.models import SetAsideReport
from tracker.tenants.models import Environment

NAUGHTY_FILE = Path(__file__).resolve().parents[3] / "shared/data/badinput/naughty_strings.json"
OWN_NAUGHTY = [
    "<script>alert('ours')</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ request.user }}{% csrf_token %}",
    "'; DROP TABLE tracker_device; --",
    "Ünïcödé ‮reversed‬ 🚚 日本語",
    "  spaces  ",
    "%s %d %(x)s ${x} \\u0041",
    "a" * 200,
]


def link_in(mail: str, pattern: str) -> str:
    """The path of the link in a mail that matches, its host left out."""
    (path,) = re.findall(r"http://[^/\s]+(" + pattern + r"\S+)", mail)
    return str(path)


def naughty() -> list[str]:
    """Our own nasty strings, and the big list's where it is at hand; none longer than a name, none empty."""
    found = json.loads(NAUGHTY_FILE.read_text()) if NAUGHTY_FILE.is_file() else []
    texts = [text for text in found if isinstance(text, str)]
    return [text for text in OWN_NAUGHTY + texts if text.strip() and len(text) <= 200 and "\x00" not in text]


def nasty(count: int) -> list[str]:
    """So many of them, as often as it takes: to fill more than one page of a list."""
    texts = naughty()
    return [texts[number % len(texts)] for number in range(count)]


def a_device(
    environment: Environment, external_id: str = "van-1", *, name: str = "", age: timedelta | None = None
) -> Device:
    """A device; with an age, one whose last position is that old."""
    device = Device.objects.create(environment=environment, external_id=external_id, name=name)
    if age is not None:
        at = datetime.now(UTC) - age
        DeviceState.objects.create(
            environment=environment, device=device, recorded_at=at, received_at=at, stored_at=at, moved_at=at,
            longitude=9.99, latitude=53.55, anchor_longitude=9.99, anchor_latitude=53.55, battery=0.5,
        )  # fmt: skip
    return device


def a_report_set_aside(
    environment: Environment, reason: str = "bad_latitude", *, outcome: str = "quarantined", payload: str = "{}",
    detail: str = "latitude 99 is outside -90..90", external_id: str = "van-1",
) -> SetAsideReport:  # fmt: skip
    """A report that was not kept."""
    now = datetime.now(UTC)
    return SetAsideReport.objects.create(
        environment=environment, external_id=external_id, outcome=outcome, reason=reason, detail=detail,
        payload=payload, received_at=now, stored_at=now, request_id=uuid.uuid4(),
    )  # fmt: skip


@dataclass
class Page(HTMLParser):
    """A page taken apart. `faults` names what no page may have."""

    html: str
    faults: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._form: dict[str, str] | None = None
        self._tokens = 0
        self._script = ""
        self.feed(self.html)
        self._after()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "style" or "style" in values:
            self.faults.append(f"inline style on <{tag}>")
        self.faults += [f"{name} on <{tag}>" for name in values if name.startswith("on")]
        if values.get("href", "").lower().startswith("javascript:"):
            self.faults.append("a javascript: link")
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.faults.append("an inline script")
        if tag == "form":
            self._form, self._tokens = values, 0
        if tag == "input" and values.get("name") == "csrfmiddlewaretoken":
            self._tokens += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            if self._form.get("method", "").lower() == "post" and self._tokens != 1:
                self.faults.append(f"a form to {self._form.get('action')} with {self._tokens} tokens")
            self._form = None

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element with that tag."""
        return [values for name, values in self.tags if name == tag]

    def _after(self) -> None:
        doubled = {i for i in self.ids if self.ids.count(i) > 1}
        self.faults += [f"the id {i} more than once" for i in doubled]
        for count, tag in ((len(self.of(t)), t) for t in ("h1", "main", "title")):
            if count != 1:
                self.faults.append(f"{count} <{tag}>")
        labelled = {values.get("for", "") for values in self.of("label")}
        for tag in ("input", "select", "textarea"):
            for values in self.of(tag):
                if values.get("type") in {"hidden", "submit"} or values.get("id") in labelled:
                    continue
                if "aria-label" not in values:
                    self.faults.append(f"no label for <{tag} name={values.get('name')}>")
        self.faults += [f"no alt on {values.get('src')}" for values in self.of("img") if "alt" not in values]
        pointed = " ".join(v.get("aria-describedby", "") for _, v in self.tags).split()
        self.faults += [
            f"aria-describedby points to {i}, which is not there" for i in pointed if i not in self.ids
        ]
