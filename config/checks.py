"""System checks: what is misset, with the variable to set and how."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution


@register(Tags.security)
def secrets_are_set(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A served process must not run on the placeholder secrets of a bare checkout."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        return found
    if settings.SECRET_KEY == settings.UNSAFE_SECRET_KEY:
        found.append(
            Caution(
                "MILEPOST_SECRET_KEY is not set, so sessions are signed with a public value.",
                hint="`make run` writes one into var/milepost.env; elsewhere set 50 random characters.",
                id="milepost.W001",
            )
        )
    if settings.UNSAFE_SECRET_KEY.encode() in settings.KEY_SIGNING_SECRETS:
        found.append(
            Caution(
                "MILEPOST_KEY_SIGNING_SECRETS is not set, so anybody could sign a key.",
                hint="Set the same comma-separated secrets for the monolith and for the edge.",
                id="milepost.W002",
            )
        )
    return found


@register()
def addresses_make_sense(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The base URL must be one that links in mails and the quickstart's curl line can use."""
    if settings.BASE_URL.startswith(("http://", "https://")):
        return []
    return [
        Error(
            f"MILEPOST_BASE_URL must begin with http:// or https://, not {settings.BASE_URL!r}.",
            hint="For example MILEPOST_BASE_URL=https://milepost.example.com",
            id="milepost.E001",
        )
    ]


@register()
def basemap_is_readable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A basemap file that is named must be there."""
    if settings.MAP_PMTILES and not Path(settings.MAP_PMTILES).is_file():
        return [
            Error(
                f"MILEPOST_MAP_PMTILES names {settings.MAP_PMTILES!r}, which is no file.",
                hint="Give the path of a .pmtiles file, or leave the variable empty for coast and borders.",
                id="milepost.E002",
            )
        ]
    return []


@register()
def archive_has_a_place(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The archive's bucket must be one that can be read as such."""
    url = urlsplit(settings.ARCHIVE_URL)
    if not settings.ARCHIVE_URL or (url.scheme == "s3" and url.netloc):
        return []
    return [
        Error(
            f"MILEPOST_ARCHIVE_URL must be like s3://bucket/prefix, not {settings.ARCHIVE_URL!r}.",
            hint="For a folder of this machine set MILEPOST_ARCHIVE_DIR instead.",
            id="milepost.E003",
        )
    ]


@register()
def geocoder_is_known(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever is asked for the places of addresses must be one we know how to ask."""
    if settings.GEOCODER not in {"", "nominatim", "google"}:
        return [
            Error(
                f"MILEPOST_GEOCODER must be nominatim or google, not {settings.GEOCODER!r}.",
                hint="Leave it empty to ask nobody: customers may load a gazetteer of their own.",
                id="milepost.E004",
            )
        ]
    if settings.GEOCODER == "google" and not settings.GEOCODER_KEY:
        return [
            Error(
                "MILEPOST_GEOCODER is google, and MILEPOST_GEOCODER_KEY is empty.",
                hint="Google answers nobody without a key: set it, or ask nominatim.",
                id="milepost.E005",
            )
        ]
    return []
