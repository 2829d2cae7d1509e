"""Addresses of the console pages of planning."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
