"""Addresses of the alerts page, under /console/alerts/."""

from django.urls import path

from tracker.alerts import views

urlpatterns = [
    path("", views.alerts, name="console_alerts"),
    path("expected/", views.expect_one, name="console_expected_create"),
    path("expected/<str:expected_id>/remove/", views.expect_one_no_more, name="console_expected_remove"),
    path("<str:alert_id>/acknowledge/", views.acknowledge_one, name="console_alert_acknowledge"),
]
