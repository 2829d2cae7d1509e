"""Addresses of planning's API."""

from django.urls import path

from dispatch.planning.api import OneRun, OneWindow, Runs, StopRun, Windows

urlpatterns = [
    path("api/v1/dispatch-windows", Windows.as_view(), name="api_dispatch_windows"),
    path("api/v1/dispatch-windows/<str:window>", OneWindow.as_view(), name="api_dispatch_window"),
    path("api/v1/plan-runs", Runs.as_view(), name="api_plan_runs"),
    path("api/v1/plan-runs/<str:run>", OneRun.as_view(), name="api_plan_run"),
    path("api/v1/plan-runs/<str:run>/stop", StopRun.as_view(), name="api_plan_run_stop"),
]
