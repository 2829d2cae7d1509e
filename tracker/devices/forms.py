"""Form for what people may change about a device."""

import json
from typing import Any

from django import forms

from tracker.devices.metadata import BadMetadata, storable

METADATA_CHARS = 20_000  # a little more than may be stored, for white space


class DeviceForm(forms.Form):
    """Name and metadata; the rest is what the device reports."""

    name = forms.CharField(
        max_length=200, required=False, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    metadata = forms.CharField(
        max_length=METADATA_CHARS,
        required=False,
        label="Metadata",
        help_text='A JSON object of your own, as <code>{"plate": "B-MP 1"}</code>.',
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean_metadata(self) -> dict[str, Any]:
        """The object written in the field; an empty field is an empty object."""
        text = self.cleaned_data["metadata"].strip()
        if not text:
            return {}
        try:
            return storable(json.loads(text))
        except json.JSONDecodeError as error:
            raise forms.ValidationError(
                f"Line {error.lineno}, column {error.colno}: this is not JSON ({error.msg.lower()})."
            ) from None
        except BadMetadata as error:
            raise forms.ValidationError(f"{str(error).capitalize()}.") from None
        except (ValueError, RecursionError):
            raise forms.ValidationError(
                "This cannot be read: it is nested too deeply or too large."
            ) from None
