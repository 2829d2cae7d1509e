"""The parts of the console's navigation that open a second row: which pages lie in which."""

from typing import NamedTuple

from django.urls import reverse


class Section(NamedTuple):
    """An entry of the first row, and what stands in the second while one of its pages is open."""

    code: str
    label: str
    entries: tuple[tuple[str, str], ...]  # the name of an address, and the word for it

    def holds(self, path: str) -> bool:
        """Whether this page, or the one it lies below, is among the entries."""
        return any(path.startswith(reverse(name)) for name, _ in self.entries)


SECTIONS = {
    section.code: section
    for section in (
        Section(
            "developers",
            "Developers",
            (
                ("console_quickstart", "Quickstart"),
                ("console_connect", "Connect"),
                ("console_keys", "Keys"),
                ("console_webhooks", "Webhooks"),
                ("console_quarantine", "Quarantine"),
                ("console_letters", "Dead letters"),
            ),
        ),
        Section(
            "organisation",
            "Organisation",
            (("console_members", "Members"), ("console_settings", "Settings")),
        ),
    )
}


def section_of(path: str) -> Section | None:
    """The section a page lies in, None for those without a second row."""
    return next((section for section in SECTIONS.values() if section.holds(path)), None)
