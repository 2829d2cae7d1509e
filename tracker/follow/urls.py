"""The address of the page that finds a request, /console/requests/."""

from django.urls import path

from tracker.follow import views

urlpatterns = [path("", views.find, name="console_request")]
