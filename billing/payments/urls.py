"""Addresses of payments: the console's page, and where the provider posts its news."""

from django.urls import path

from billing.payments import views, webhooks

urlpatterns = [
    path("console/billing/payment/", views.payment, name="console_payment"),
    path("console/billing/payment/checkout/", views.checkout, name="console_payment_checkout"),
    path("console/billing/payment/portal/", views.portal, name="console_payment_portal"),
    path("console/billing/payment/done/", views.done, name="console_payment_done"),
    path("billing/stripe/webhook/", webhooks.whole_events, name="stripe_webhook"),
    path("billing/stripe/events/", webhooks.thin_events, name="stripe_events"),
]
