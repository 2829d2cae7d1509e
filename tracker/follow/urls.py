"""The address of the page that follows a request, /console/requests/follow/."""

from django.urls import path

from tracker.follow import views

urlpatterns = [path("follow/", views.find, name="console_request")]
