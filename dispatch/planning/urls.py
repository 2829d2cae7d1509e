"""Addresses of planning's console pages, below /console/dispatch/."""

from django.urls import path

from dispatch.planning import views, window_views

urlpatterns = [
    path("runs/", views.runs, name="console_runs"),
    path("runs/ask/", views.ask, name="console_run_ask"),
    path("runs/windows/", window_views.windows, name="console_windows"),
    path("runs/windows/of/<str:hub_id>/add/", window_views.add, name="console_window_add"),
    path("runs/windows/<str:window_id>/", window_views.edit, name="console_window"),
    path("runs/windows/<str:window_id>/change/", window_views.change, name="console_window_change"),
    path("runs/windows/<str:window_id>/switch/", window_views.switch, name="console_window_switch"),
    path("runs/windows/<str:window_id>/remove/", window_views.remove, name="console_window_remove"),
    path("runs/<str:run_id>/", views.run, name="console_run"),
    path("runs/<str:run_id>/state/", views.run_state, name="console_run_state"),
    path("runs/<str:run_id>/stop/", views.stop, name="console_run_stop"),
    path("runs/<str:run_id>/release/", views.release, name="console_run_release"),
]
