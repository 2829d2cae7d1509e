"""Addresses of the quarantine page, under /console/quarantine/."""

from django.urls import path

from tracker.ingestion import views

urlpatterns = [path("", views.quarantine, name="console_quarantine")]
