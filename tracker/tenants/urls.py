"""Addresses of members, invitations and settings."""

from django.urls import path

from tracker.tenants import settings_views, views

urlpatterns = [
    # /console/members/
    path("console/members/", views.members, name="console_members"),
    path("console/members/invite/", views.invite, name="console_invite"),
    path("console/members/<str:member_id>/role/", views.change_role, name="console_member_role"),
    path("console/members/<str:member_id>/remove/", views.remove, name="console_member_remove"),
    path(
        "console/invitations/<str:invitation_id>/cancel/",
        views.cancel_invitation,
        name="console_invitation_cancel",
    ),
    # /console/join/
    path("console/join/<str:invitation_id>/<str:token>/", views.join, name="console_join"),
    # /console/settings/
    path("console/settings/", settings_views.settings_page, name="console_settings"),
    path("console/settings/organisation/", settings_views.rename_tenant, name="console_tenant_rename"),
    path(
        "console/settings/second-factor/", settings_views.change_second_factor, name="console_second_factor"
    ),
    path(
        "console/settings/environment/", settings_views.change_environment, name="console_environment_change"
    ),
    path(
        "console/settings/environments/new/",
        settings_views.add_environment,
        name="console_environment_create",
    ),
    # /console/organisations/
    path("console/organisations/new/", settings_views.new_tenant, name="console_new_tenant"),
]
