"""Forms of the geofences pages."""

from django import forms

from tracker.geofences.refusals import LARGEST_UPLOAD
from tracker.geofences.shape_facts import (
    LARGEST_MARGIN_M,
    LONGEST_DWELL_S,
    LONGEST_EXTERNAL_ID,
    LONGEST_NAME,
)


class GeofenceForm(forms.Form):
    """Everything about a geofence but its border, which is drawn on the map or uploaded."""

    name = forms.CharField(max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    external_id = forms.CharField(
        max_length=LONGEST_EXTERNAL_ID,
        required=False,
        label="Your id",
        help_text="By which your own system knows it; an upload with this id changes this geofence.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    margin_m = forms.FloatField(
        required=False,
        min_value=0,
        max_value=LARGEST_MARGIN_M,
        label="Margin, metres",
        help_text="How far beyond the border a device must be to count. Empty: by the accuracy of its fixes. "
        "0: each fix decides by itself.",
    )
    dwell_s = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_DWELL_S,
        label="Tell of stays, seconds",
        help_text="Tell when a device has stayed this long. Empty: do not.",
    )
    alert_on_enter = forms.BooleanField(required=False, label="Alert when a device enters")
    alert_on_exit = forms.BooleanField(required=False, label="Alert when a device leaves")
    colour = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        required=False,
        label="Colour",
        widget=forms.TextInput(attrs={"type": "color"}),
    )


class UploadForm(forms.Form):
    """A GeoJSON file and what to do with it."""

    file = forms.FileField(
        label="GeoJSON file",
        widget=forms.FileInput(attrs={"accept": ".geojson,.json,application/geo+json,application/json"}),
    )
    replace = forms.BooleanField(
        required=False,
        label="The file is the whole set: take out every geofence it does not hold",
    )
    skip_invalid = forms.BooleanField(required=False, label="Take the good features where some are refused")

    def clean_file(self) -> bytes:
        """The bytes of the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_UPLOAD:
            raise forms.ValidationError(f"The file is larger than {LARGEST_UPLOAD // 2**20} MiB.")
        content: bytes = file.read()
        return content


class NoteForm(forms.Form):
    """Why something is published."""

    note = forms.CharField(
        max_length=500,
        required=False,
        label="Note",
        help_text="For those who come after: what changed, and why.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
