"""Keys in the staff's admin: seen without their hash, revoked and never made."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tracker.audit.services import note
from tracker.keys.models import Key
from tracker.keys.services import revoke_key
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts


@admin.register(Key, site=site)
class KeyAdmin(Facts):
    """Credentials of all environments."""

    list_display = ("hint", "name", "kind", "environment", "tenant", "last_used_at", "revoked_at")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("environment", "tenant")
    search_fields = ("hint", "name", "tenant__name")
    fields = (
        "hint",
        "name",
        "kind",
        "public_id",
        "environment",
        "tenant",
        "created_by",
        "created_at",
        "last_used_at",
        "revoked_at",
    )
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Staff who might change keys may end them."""
        return request.user.has_perm("tracker.change_key")

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[Key]) -> None:
        """End keys for good; each is on record in the admin's log."""
        ended = [key for key in keys if revoke_key(key, now=timezone.now())]
        for key in ended:
            note(request, "key.revoke", key.public_id, None, {"hint": key.hint}, environment=key.environment)
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{len(ended)} of {len(keys)} revoked.", messages.SUCCESS)
