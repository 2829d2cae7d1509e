"""Addresses of the sagas' API."""

from django.urls import path

from dispatch.sagas import api

SAGA = "api/v1/sagas/<str:saga>"
urlpatterns = [
    path("api/v1/sagas", api.Sagas.as_view(), name="api_sagas"),
    path(SAGA, api.OneSaga.as_view(), name="api_saga"),
    path(f"{SAGA}/continue", api.ContinueSaga.as_view(), name="api_saga_continue"),
    path(f"{SAGA}/call-off", api.CallOffSaga.as_view(), name="api_saga_call_off"),
    path(f"{SAGA}/count", api.CountDay.as_view(), name="api_saga_count"),
    path("api/v1/silent-drivers", api.DriversSilent.as_view(), name="api_silent_drivers"),
    path(
        "api/v1/unconfirmed-shipments", api.ShipmentsUnconfirmed.as_view(), name="api_unconfirmed_shipments"
    ),
]
