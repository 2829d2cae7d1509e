"""Celery: a worker and a beat with few fixed ticks."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

NICER_BY = 5
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("milepost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tracker", "dispatch", "billing"])


@worker_init.connect  # type: ignore[untyped-decorator]  # celery says nothing of it
def give_way(**_: Any) -> None:
    """What the clock asks for comes in bursts on all cores: the kernel serves people who wait for pages before it."""
    os.nice(NICER_BY)
