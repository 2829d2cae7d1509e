"""Forms of the uploads pages."""

from typing import Any

from django import forms

from dispatch.fleet.models import Hub
from dispatch.intake.cells import Wrong, currency_code
from dispatch.intake.columns import COLUMNS
from dispatch.intake.delimited import DELIMITERS
from dispatch.intake.delivering import hub_choices
from dispatch.intake.encodings import CHOICES
from dispatch.intake.headings import IGNORE
from dispatch.intake.moments import FORMS
from dispatch.intake.options import KEEP, REFUSE, Options
from dispatch.intake.sheets import LARGEST_FILE

ACCEPTED = ".csv,.tsv,.txt,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(forms.Form):
    """A file and, where the file does not say it itself, how to read it."""

    file = forms.FileField(label="File", widget=forms.FileInput(attrs={"accept": ACCEPTED}))
    hub = forms.ChoiceField(required=False, help_text="Of rows that name none.")
    date_form = forms.ChoiceField(
        required=False,
        label="Dates",
        choices=list(FORMS.items()),
        help_text="Dates such as 11/12/2026. ISO 8601 is always read.",
    )
    day = forms.DateField(
        required=False, label="Day of slots that name none", widget=forms.DateInput(attrs={"type": "date"})
    )
    currency = forms.CharField(
        required=False, max_length=10, label="Currency of amounts that name none",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "INR"}),
    )  # fmt: skip
    encoding = forms.ChoiceField(required=False, choices=[("", "as the file shows"), *CHOICES.items()])
    delimiter = forms.ChoiceField(
        required=False, label="Columns divided by", choices=[("", "as the file shows"), *DELIMITERS.items()]
    )
    past_slots = forms.ChoiceField(
        label="Slots that are over",
        choices=[(REFUSE, "refuse the row"), (KEEP, "take the shipment all the same")],
        initial=REFUSE, required=False,
    )  # fmt: skip
    change = forms.BooleanField(
        required=False, label="A row whose id is known changes that shipment, where it is not on its way yet"
    )

    def __init__(self, *args: Any, hubs: list[Hub], limited: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hub"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = ([] if limited else [("", "by the delivery zone of each place")]) + hub_choices(hubs)
        field.required = limited

    def clean_file(self) -> bytes:
        """The bytes of the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                f"The file is larger than {LARGEST_FILE // 2**20} MiB. Cut it into several."
            )
        content: bytes = file.read()
        return content

    def clean_currency(self) -> str:
        """The three letters."""
        text = self.cleaned_data["currency"].strip()
        try:
            return currency_code(text) if text else ""
        except Wrong as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def options(self) -> Options:
        """How to read it."""
        given = self.cleaned_data
        return Options(
            encoding=given["encoding"],
            delimiter=given["delimiter"],
            date_form=given["date_form"],
            day=given["day"],
            currency=given["currency"],
            past_slots=given["past_slots"] or REFUSE,
            change=given["change"],
        )


class ColumnsForm(forms.Form):
    """Which column is which, a select for each heading."""

    def __init__(self, *args: Any, headings: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headings = headings
        choices = [("", "as its heading says"), (IGNORE, "leave it alone")]
        choices += [(column.name, column.label) for column in COLUMNS]
        for number, heading in enumerate(headings):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=heading, required=False, choices=choices
            )

    def columns(self) -> dict[str, str]:
        """Heading to the name of a column, of those that a person chose."""
        chosen = {
            heading: self.cleaned_data[f"column_{number}"] for number, heading in enumerate(self.headings)
        }
        return {heading: name for heading, name in chosen.items() if name}


class GazetteerForm(forms.Form):
    """A list of places."""

    file = forms.FileField(label="File of places", widget=forms.FileInput(attrs={"accept": ACCEPTED}))

    def clean_file(self) -> bytes:
        """The bytes of the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                f"The file is larger than {LARGEST_FILE // 2**20} MiB. Cut it into several."
            )
        content: bytes = file.read()
        return content


class PlaceForm(forms.Form):
    """Where a parcel goes, as a person says."""

    latitude = forms.FloatField(min_value=-90, max_value=90, widget=forms.NumberInput(attrs={"step": "any"}))
    longitude = forms.FloatField(
        min_value=-180, max_value=180, widget=forms.NumberInput(attrs={"step": "any"})
    )
    address = forms.CharField(
        max_length=500, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    remember = forms.BooleanField(
        required=False, initial=True, label="Remember it for this address",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """0, 0 is what an empty form would say."""
        found: dict[str, Any] = super().clean() or {}
        if (found.get("latitude"), found.get("longitude")) == (0.0, 0.0):
            self.add_error("latitude", "0, 0 lies in the sea off Africa.")
        return found
