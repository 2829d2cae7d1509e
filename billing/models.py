"""All models of the app, gathered from its capabilities for Django."""

from billing.payments.models import MeterSubmission, PaymentAccount, ProviderEvent, Reconciliation

__all__ = ["MeterSubmission", "PaymentAccount", "ProviderEvent", "Reconciliation"]
