"""What intake keeps for a while only: files that could not be read, rows of uploads, what was said of addresses."""

from datetime import datetime, timedelta

from dispatch.intake.geocoding.answers import PERSON
from dispatch.intake.geocoding.memory import KEPT, KNOWS_NOTHING
from dispatch.intake.models import GeocodedAddress, ShipmentUpload, ShipmentUploadRow
from tracker.tenants.scope import scope

FILES = timedelta(days=7)  # in which the columns of a file that could not be read may still be mapped
ROWS = timedelta(days=90)  # they hold names and addresses of people whose parcels we never had
WORDS_OF_PERSONS = timedelta(days=400)  # since they were last given
WHY = "of all customers, by age"


def forget_old(*, now: datetime) -> int:
    """Drop what is over; how many rows were changed or are gone. The counts of uploads stay."""
    with scope(unscoped=WHY):
        uploads = ShipmentUpload.objects.unscoped(WHY).filter(created_at__lt=now - FILES)
        failed = uploads.filter(state=ShipmentUpload.State.FAILED).exclude(content=None).update(content=None)
        rows = ShipmentUploadRow.objects.unscoped(WHY).filter(upload__created_at__lt=now - ROWS)
        gone = rows.delete()[0]
        said = GeocodedAddress.objects.unscoped(WHY)
        gone += said.filter(provider=PERSON, asked_at__lt=now - WORDS_OF_PERSONS).delete()[0]
        for provider, lasts in KEPT.items():
            gone += said.filter(provider=provider, asked_at__lt=now - lasts).delete()[0]
            nothing = said.filter(provider=provider, longitude=None, asked_at__lt=now - KNOWS_NOTHING)
            gone += nothing.delete()[0]
        return failed + gone
