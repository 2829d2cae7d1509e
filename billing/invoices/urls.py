"""Addresses of invoices in the console."""

from django.urls import path

from billing.invoices import views

urlpatterns = [
    path("console/billing/", views.overview, name="console_billing"),
    path("console/billing/invoices/<str:invoice_id>/", views.invoice, name="console_invoice"),
    path("console/billing/invoices/<str:invoice_id>/csv/", views.invoice_csv, name="console_invoice_csv"),
    path("console/billing/invoices/<str:invoice_id>/pdf/", views.invoice_pdf, name="console_invoice_pdf"),
]
