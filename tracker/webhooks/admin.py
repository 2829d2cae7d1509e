"""Webhook endpoints in the staff's admin: how they fare, to look at."""

from django.contrib import admin

from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts
from tracker.webhooks.models import WebhookEndpoint


@admin.register(WebhookEndpoint, site=site)
class WebhookEndpointAdmin(Facts):
    """Who is told what happens. Secrets and payloads are the customer's and are not shown."""

    list_display = ("url", "environment", "state", "failing_since", "disabled_at", "created_at", "deleted_at")
    list_filter = ("state", ("failing_since", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("environment",)
    search_fields = ("url", "uid__exact")
    fields = (
        "uid",
        "environment",
        "url",
        "description",
        "kinds",
        "content_type",
        "state",
        "state_reason",
        "verified_at",
        "failing_since",
        "told_failing_at",
        "disabled_at",
        "created_at",
        "created_by",
        "deleted_at",
    )
