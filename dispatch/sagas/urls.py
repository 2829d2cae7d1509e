"""Addresses of the pages about exceptions, under /console/dispatch/."""

from django.urls import path

from dispatch.sagas import views

SAGA = "sagas/<str:saga_id>/"
urlpatterns = [
    path("sagas/", views.sagas, name="console_sagas"),
    path("sagas/silent/", views.silent, name="console_silent_drivers"),
    path("sagas/unconfirmed/", views.unconfirmed, name="console_unconfirmed_shipments"),
    path(SAGA, views.saga, name="console_saga"),
    path(f"{SAGA}continue/", views.continue_one, name="console_saga_continue"),
    path(f"{SAGA}call-off/", views.call_off_one, name="console_saga_call_off"),
    path(f"{SAGA}count/", views.count_one, name="console_saga_count"),
]
