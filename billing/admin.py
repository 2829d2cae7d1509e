"""All registrations of billing in the staff's admin, gathered from its capabilities for Django."""

from billing.payments.admin import (
    MeterSubmissionAdmin,
    PaymentAccountAdmin,
    ProviderEventAdmin,
    ReconciliationAdmin,
)
from billing.storms.admin import StormAdmin

__all__ = [
    "MeterSubmissionAdmin",
    "PaymentAccountAdmin",
    "ProviderEventAdmin",
    "ReconciliationAdmin",
    "StormAdmin",
]
