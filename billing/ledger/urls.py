"""Addresses of the ledger in the console."""

from django.urls import path

from billing.ledger import views

urlpatterns = [
    path("console/billing/ledger/", views.statement_page, name="console_ledger"),
]
