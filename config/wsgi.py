"""WSGI entry point: console, API and admin."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from tracker.http.charset import Utf8Handler  # noqa: E402  needs the settings

application = Utf8Handler()
