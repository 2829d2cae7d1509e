"""WSGI entry point: console, API and admin."""

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.urls import get_resolver  # noqa: E402  needs the settings

from tracker.http.charset import Utf8Handler  # noqa: E402

application = Utf8Handler()
get_resolver().check()  # imports every page before somebody waits for it
# What is loaded stays: the collector need not walk it while pages wait, which took a tenth of a second each time.
gc.collect()
gc.freeze()
