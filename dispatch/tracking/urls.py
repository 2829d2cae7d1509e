"""Addresses of the customer's page, under /s/."""

from django.urls import path

from dispatch.tracking import views

urlpatterns = [
    path("<str:token>", views.page, name="customer_page"),
    path("<str:token>/state", views.state, name="customer_state"),
    path("<str:token>/note", views.note, name="customer_note"),
    path("<str:token>/slot", views.slot, name="customer_slot"),
]
