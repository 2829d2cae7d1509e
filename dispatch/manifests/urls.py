"""Addresses of the console pages of manifests."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
