"""The form by which a device is expected somewhere."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from tracker.alerts.bodies import NoSuchZone, zone_named
from tracker.alerts.expecting import Expectation
from tracker.devices.models import Device
from tracker.geofences.models import Geofence
from tracker.geofences.naming import last_name
from tracker.geofences.selectors import geofences_known
from tracker.tenants.models import Environment

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class ExpectationForm(forms.Form):
    """A device, a geofence, a time of day."""

    device = forms.CharField(
        max_length=200,
        label="Device",
        help_text="Its name or device id.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    geofence = forms.CharField(
        max_length=200,
        label="Geofence",
        help_text="Its name or external id.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    by = forms.TimeField(label="By", widget=forms.TimeInput(attrs={"type": "time"}))
    time_zone = forms.CharField(
        max_length=64, label="Time zone", initial="UTC", help_text="Such as Europe/Amsterdam."
    )
    weekdays = forms.MultipleChoiceField(
        label="On",
        required=False,
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
    )

    def __init__(self, *args: Any, environment: Environment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._environment = environment

    def clean_device(self) -> Device:
        """The one device of that name or id."""
        text = self.cleaned_data["device"]
        rows = Device.objects.for_environment(self._environment).filter(deleted_at=None)
        found = list(rows.filter(external_id=text)) or list(rows.filter(name=text)[:2])
        if len(found) != 1:
            raise forms.ValidationError(_not_one("device", len(found)))
        return found[0]

    def clean_geofence(self) -> Geofence:
        """The one geofence of that name or id."""
        text = self.cleaned_data["geofence"]
        rows = geofences_known(self._environment.pk)
        named = rows.annotate(shown=last_name("pk")).filter(shown=text)
        found = list(rows.filter(external_id=text)) or list(named[:2])
        if len(found) != 1:
            raise forms.ValidationError(_not_one("geofence", len(found)))
        return found[0]

    def clean_time_zone(self) -> ZoneInfo:
        """The zone of that name."""
        try:
            return zone_named(self.cleaned_data["time_zone"])
        except NoSuchZone as error:
            raise forms.ValidationError(f"{error}.") from None

    def expectation(self) -> Expectation:
        """What the valid form asks for."""
        values = self.cleaned_data
        by: time = values["by"].replace(second=0, microsecond=0)
        days = [int(day) for day in values["weekdays"]]
        return Expectation(values["device"], values["geofence"], by, values["time_zone"], days)


def _not_one(what: str, count: int) -> str:
    if count:
        return f"More than one {what} is called so: give its id."
    return f"There is no {what} of that name or id."
