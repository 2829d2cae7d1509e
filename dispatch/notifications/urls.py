"""Addresses of the pages about messages, under /console/dispatch/."""

from django.urls import path

from dispatch.notifications import views

urlpatterns = [
    path("notifications/", views.notifications, name="console_notifications"),
    path("notifications/<str:notification_id>/", views.notification, name="console_notification"),
    path("notifications/<str:notification_id>/again/", views.again, name="console_notification_again"),
]
