"""Addresses of plans in the console."""

from django.urls import path

from billing.plans import views

urlpatterns = [
    path("console/billing/plan/", views.change, name="console_billing_plan"),
]
