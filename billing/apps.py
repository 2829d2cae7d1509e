"""The billing app: it sits on top of the others and pulls what it charges for through their selectors."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
