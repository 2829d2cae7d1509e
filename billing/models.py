"""All models of the app, gathered from its capabilities for Django."""

from billing.guard.models import Budget, BudgetAlert, Cap, LimitOverride
from billing.invoices.models import ClosedMonth, Invoice, InvoiceNumbers
from billing.ledger.models import Entry, Transaction
from billing.meters.models import PullMark, UsageRecord
from billing.payments.models import MeterSubmission, PaymentAccount, ProviderEvent, Reconciliation
from billing.plans.models import Plan, PlanChoice, PlanPrice
from billing.storms.models import Storm

__all__ = [
    "Budget",
    "BudgetAlert",
    "Cap",
    "ClosedMonth",
    "Entry",
    "Invoice",
    "InvoiceNumbers",
    "LimitOverride",
    "MeterSubmission",
    "PaymentAccount",
    "Plan",
    "PlanChoice",
    "PlanPrice",
    "ProviderEvent",
    "PullMark",
    "Reconciliation",
    "Storm",
    "Transaction",
    "UsageRecord",
]
