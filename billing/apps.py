"""The billing app: it sits on top of the others and pulls what it charges for through their selectors."""

from importlib import import_module

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        """Declare and offer. By name, for these modules read models, which must be loaded first."""
        import_module("billing.privacy").declare()
        import_module("billing.guard.offers").offer()
