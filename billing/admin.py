"""All registrations of billing in the staff's admin, gathered from its capabilities for Django."""

from billing.guard.admin import BudgetAdmin, BudgetAlertAdmin, CapAdmin, LimitOverrideAdmin
from billing.invoices.admin import InvoiceAdmin
from billing.ledger.admin import TransactionAdmin
from billing.payments.admin import (
    MeterSubmissionAdmin,
    PaymentAccountAdmin,
    ProviderEventAdmin,
    ReconciliationAdmin,
)
from billing.plans.admin import PlanAdmin, PlanChoiceAdmin
from billing.storms.admin import StormAdmin

__all__ = [
    "BudgetAdmin",
    "BudgetAlertAdmin",
    "CapAdmin",
    "InvoiceAdmin",
    "LimitOverrideAdmin",
    "MeterSubmissionAdmin",
    "PaymentAccountAdmin",
    "PlanAdmin",
    "PlanChoiceAdmin",
    "ProviderEventAdmin",
    "ReconciliationAdmin",
    "StormAdmin",
    "TransactionAdmin",
]
