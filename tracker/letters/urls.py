"""Addresses of the dead letters page, under /console/dead-letters/."""

from django.urls import path

from tracker.letters import views

urlpatterns = [
    path("", views.letters, name="console_letters"),
    path("redrive/", views.redrive_all, name="console_letters_redrive_all"),
    path("<str:letter_id>/redrive/", views.redrive, name="console_letter_redrive"),
]
