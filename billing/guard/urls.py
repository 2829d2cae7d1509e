"""Addresses of the spend guard."""

from django.urls import path

from billing.guard import views

urlpatterns = [
    path("console/budget/", views.budget, name="console_budget"),
    path("console/budget/set/", views.set_budget, name="console_budget_set"),
    path("console/budget/remove/", views.remove_budget, name="console_budget_remove"),
    path("console/budget/caps/set/", views.set_cap, name="console_cap_set"),
    path("console/budget/caps/remove/", views.remove_cap, name="console_cap_remove"),
]
