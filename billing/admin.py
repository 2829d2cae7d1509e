"""All registrations of billing in the staff's admin, gathered from its capabilities for Django."""

from billing.storms.admin import StormAdmin

__all__ = ["StormAdmin"]
