"""The tracker app; once its models are there it declares what is special about its tables."""

from importlib import import_module

from django.apps import AppConfig


class TrackerConfig(AppConfig):
    name = "tracker"

    def ready(self) -> None:
        """By name, for these modules read models, which must be loaded first."""
        import_module("tracker.privacy.declared").declare()
