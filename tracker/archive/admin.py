"""Archived days in the staff's admin: a page of its own, for a key of two columns is more than Django's lists take."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from tracker.archive.selectors import newest_archives
from tracker.archive.trouble import all_troubles
from tracker.tenants.admin_site import site
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

SHOWN = 300


def archived_days(request: HttpRequest) -> HttpResponse:
    """The newest archived days of all tenants, and what could not be archived."""
    environments = Environment.objects.unscoped("admin").select_related("tenant")
    try:
        wanted = environments.filter(uid=parse_id("env", request.GET.get("environment", ""))).first()
    except BadIdentifier:
        wanted = None
    troubles = all_troubles()
    facts = site.each_context(request) | {
        "rows": newest_archives(wanted, limit=SHOWN),
        "shown": SHOWN,
        "troubles": [(row, troubles[row.pk]) for row in environments.filter(pk__in=troubles)],
        "place": settings.ARCHIVE_URL.partition("?")[0] or settings.ARCHIVE_DIR,
    }
    return render(request, "tracker/archive/staff.html", facts)


def urls() -> list[URLPattern]:
    """What the staff's site adds to its addresses."""
    return [path("archive/", site.admin_view(archived_days), name="archive")]


site.pages.append(urls)
