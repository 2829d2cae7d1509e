"""Addresses of the webhook pages, under /console/webhooks/."""

from django.urls import path

from tracker.webhooks import action_views, views

urlpatterns = [
    path("", views.webhooks, name="console_webhooks"),
    path("new/", views.create, name="console_webhook_create"),
    path("<str:endpoint_id>/", views.endpoint, name="console_webhook"),
    path("<str:endpoint_id>/edit/", views.edit, name="console_webhook_edit"),
    path("<str:endpoint_id>/verify/", action_views.verify, name="console_webhook_verify"),
    path("<str:endpoint_id>/test/", action_views.send_test, name="console_webhook_test"),
    path("<str:endpoint_id>/rotate/", action_views.rotate, name="console_webhook_rotate"),
    path("<str:endpoint_id>/enable/", action_views.enable, name="console_webhook_enable"),
    path("<str:endpoint_id>/disable/", action_views.disable, name="console_webhook_disable"),
    path("<str:endpoint_id>/delete/", action_views.delete, name="console_webhook_delete"),
    path("<str:endpoint_id>/missing/", action_views.replay_missing, name="console_webhook_replay_missing"),
    path("<str:endpoint_id>/range/", action_views.replay_range, name="console_webhook_replay_range"),
    path("<str:endpoint_id>/messages/<str:message_id>/", views.message, name="console_webhook_message"),
    path(
        "<str:endpoint_id>/messages/<str:message_id>/replay/",
        action_views.replay_message,
        name="console_webhook_message_replay",
    ),
]
