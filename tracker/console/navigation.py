"""The parts of the console's navigation that open a second row: which pages lie in which."""

from typing import NamedTuple

from django.urls import NoReverseMatch, reverse


class Section(NamedTuple):
    """An entry of the first row, and what stands in the second while one of its pages is open."""

    code: str
    label: str
    entries: tuple[tuple[str, str], ...]  # the name of an address, and the word for it

    def holds(self, path: str) -> bool:
        """Whether this page, or the one it lies below, is among the entries."""
        return any(path.startswith(reverse(name)) for name, _ in self.shown())

    def shown(self) -> tuple[tuple[str, str], ...]:
        """The entries whose pages this installation has: apps above this one bring some of them."""
        return tuple(entry for entry in self.entries if _is_there(entry[0]))


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
                ("console_requests", "Requests"),
                ("console_webhooks", "Webhooks"),
                ("console_quarantine", "Quarantine"),
                ("console_letters", "Dead letters"),
            ),
        ),
        Section(
            "billing",
            "Billing",
            (
                ("console_usage", "Usage"),
                ("console_billing", "Invoices"),
                ("console_budget", "Budget"),
                ("console_storms", "Storms"),
            ),
        ),
        Section(
            "organisation",
            "Organisation",
            (
                ("console_members", "Members"),
                ("console_environments", "Environments"),
                ("console_data", "Data"),
                ("console_settings", "Settings"),
                ("console_audit", "Audit log"),
            ),
        ),
    )
}


def _is_there(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def section_of(path: str) -> Section | None:
    """The section a page lies in, None for those without a second row."""
    return next((section for section in SECTIONS.values() if section.holds(path)), None)
