"""The composition as a Django app, so that its system checks run."""

from django.apps import AppConfig

from config import checks


class ConfigConfig(AppConfig):
    name = "config"
    label = "milepost_config"
    checks = checks  # importing them registers them
