"""Address of the day's page, under /console/dispatch/."""

from django.urls import path

from dispatch.metrics import views

urlpatterns = [path("", views.day, name="console_dispatch")]
