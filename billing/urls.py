"""Addresses of billing, a capability at a time."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("billing.invoices.urls")),
    path("", include("billing.ledger.urls")),
    path("", include("billing.plans.urls")),
    # /console/storms/
    path("console/storms/", include("billing.storms.urls")),
    # /console/billing/payment/, /billing/stripe/
    path("", include("billing.payments.urls")),
    # /console/usage/, /api/v1/usage
    path("", include("billing.meters.urls")),
    path("", include("billing.guard.urls")),
]
