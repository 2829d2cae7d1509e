"""Forms about exports and erasures: each asks for the name of what is meant, typed out."""

from typing import Any

from django import forms


def _plain(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off"} | attrs)


class DeviceForm(forms.Form):
    """Names a device by the id it reports under."""

    device = forms.CharField(
        max_length=200, label="Device", help_text="The id it reports under, as the devices page shows it.",
        widget=_plain(),
    )  # fmt: skip


class EraseDeviceForm(DeviceForm):
    """The same twice: what is erased does not come back."""

    again = forms.CharField(max_length=200, label="The same id again", widget=_plain())

    def clean(self) -> dict[str, Any]:
        """Both must be the same, to the letter."""
        cleaned = super().clean() or {}
        if cleaned.get("device") and cleaned.get("again") and cleaned["device"] != cleaned["again"]:
            self.add_error("again", "This is not the id above. Type the same id in both fields.")
        return cleaned


class EraseTenantForm(forms.Form):
    """The organisation's name, typed out."""

    name = forms.CharField(max_length=200, label="The organisation's name", strip=False, widget=_plain())

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = name

    def clean_name(self) -> str:
        """It must be the very name."""
        typed = str(self.cleaned_data["name"])
        if typed != self.wanted:
            raise forms.ValidationError(f"This is not its name. Type “{self.wanted}”, to the letter.")
        return typed
