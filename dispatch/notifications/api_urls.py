"""Addresses of the messages' API."""

from django.urls import path

from dispatch.notifications import api

ONE = "api/v1/notifications/<str:notification>"
urlpatterns = [
    path("api/v1/notifications", api.Notifications.as_view(), name="api_notifications"),
    path(ONE, api.OneNotification.as_view(), name="api_notification"),
    path(f"{ONE}/send-again", api.SendAgain.as_view(), name="api_notification_send_again"),
]
