"""The address of the request log, /console/requests/."""

from django.urls import path

from tracker.requestlog import views

urlpatterns = [path("", views.log, name="console_requests")]
