"""The dispatch app; once its models are there it hears of events."""

from importlib import import_module

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"

    def ready(self) -> None:
        """Subscribe to the relay, and declare what is special about its tables.

        By name, for these modules read models, which must be loaded first.
        """
        subscribers = import_module("tracker.outbox.subscribers")
        subscribers.subscribe(import_module("dispatch.hearing").hear)
        import_module("dispatch.privacy").declare()
