"""What a phone keeps to open the page without a network: the files of its shell, and their version."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse

FILES = (
    "css/driver.css",
    "img/mark.svg",
    "img/driver-192.png",
    "img/driver-512.png",
    "js/driver.js",
    "js/driver/actions.js",
    "js/driver/api.js",
    "js/driver/day.js",
    "js/driver/elements.js",
    "js/driver/report.js",
    "js/driver/scan.js",
    "js/driver/screens.js",
    "js/driver/sending.js",
    "js/driver/sign.js",
    "js/driver/store.js",
    "js/driver/sync.js",
    "js/driver/telling.js",
)
WORKER = "js/driver_worker.js"


def addresses() -> list[str]:
    """What the worker fetches when it is installed: the page and all it loads."""
    return [reverse("driver"), *(settings.STATIC_URL + name for name in FILES)]


@cache
def version() -> str:
    """Changes when any of the files does, or the page's template: the worker is then another one."""
    digest = hashlib.sha256()
    for name in (*FILES, WORKER):
        digest.update(_file(name).read_bytes())
    digest.update((settings.PROJECT / "templates/dispatch/driving/page.html").read_bytes())
    return digest.hexdigest()[:16]


def worker_source() -> str:
    """The text of the service worker."""
    return _file(WORKER).read_text()


def _file(name: str) -> Path:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(f"static/{name}, which the driver's page keeps on the phone, is not there")
    return Path(found)
