"""Addresses of the driver's page, under /d/, and of drivers' phones and proofs in the console."""

from django.urls import path

from dispatch.driving import api, console_views, views

urlpatterns = [
    # /d/
    path("d/", views.page, name="driver"),
    path("d/worker.js", views.worker, name="driver_worker"),
    path("d/app.webmanifest", views.app_manifest, name="driver_app_manifest"),
    path("d/in/<str:token>", views.enter, name="driver_sign_in"),
    path("d/api/day", api.day, name="driver_day"),
    path("d/api/actions", api.actions, name="driver_actions"),
    path("d/api/proofs/<uuid:proof_id>", api.proof, name="driver_proof"),
    path("d/api/sign-out", api.sign_out, name="driver_sign_out"),
    # /console/dispatch/drivers/…/phone, /console/dispatch/proofs/
    path("console/dispatch/drivers/<str:driver>/phone/", console_views.phone, name="console_driver_phone"),
    path(
        "console/dispatch/drivers/<str:driver>/phone/link", console_views.new_link, name="console_driver_link"
    ),
    path(
        "console/dispatch/drivers/<str:driver>/phone/revoke",
        console_views.revoke,
        name="console_driver_revoke",
    ),
    path("console/dispatch/proofs/<str:proof>", console_views.proof, name="console_proof"),
]
