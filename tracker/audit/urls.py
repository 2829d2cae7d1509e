"""The address of the audit log, /console/audit/."""

from django.urls import path

from tracker.audit import views

urlpatterns = [path("", views.log, name="console_audit")]
