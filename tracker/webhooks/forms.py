"""Forms of the webhook pages."""

from datetime import timedelta

from django import forms

from tracker.outbox.catalogue import Kind
from tracker.webhooks.models import WebhookEndpoint
from tracker.webhooks.published import title_of

HOUR, DAY = 3600, 86_400
OVERLAPS = [
    (DAY, "a day"),
    (HOUR, "an hour"),
    (7 * DAY, "a week"),
    (0, "not at all: the old one ends now"),
]


def kind_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Families with their kinds, each with what happened."""
    families: dict[str, list[tuple[str, str]]] = {}
    for kind in Kind:
        if kind is not Kind.WEBHOOK_TEST:
            families.setdefault(kind.partition(".")[0], []).append((kind.value, title_of(kind)))
    return list(families.items())


class EndpointForm(forms.Form):
    """An endpoint, new or to be changed. Whether its URL may be one the service says."""

    url = forms.CharField(
        max_length=2000,
        label="URL",
        widget=forms.URLInput(
            attrs={
                "placeholder": "https://example.com/milepost",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
        help_text="Requests are POSTed to it. It must be reachable from the internet, over https.",
    )
    description = forms.CharField(
        max_length=200,
        required=False,
        label="Description",
        widget=forms.TextInput(attrs={"placeholder": "Our order system", "autocomplete": "off"}),
    )
    content_type = forms.ChoiceField(
        choices=[
            (WebhookEndpoint.ContentType.JSON.value, "application/json"),
            (
                WebhookEndpoint.ContentType.TEXT.value,
                "text/plain, for a receiver that takes the body apart itself",
            ),
        ],
        label="Content type",
    )
    kinds = forms.MultipleChoiceField(choices=(), required=False, label="Events")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        families = [(f"{name}.*", name) for name, _ in kind_choices()]
        self.fields["kinds"].choices = families + [  # type: ignore[attr-defined]  # a MultipleChoiceField
            one for _, kinds in kind_choices() for one in kinds
        ]

    @property
    def chosen(self) -> list[str]:
        """What is ticked, as it was sent or as it stands."""
        value = self["kinds"].value()
        return list(value or [])


class RotateForm(forms.Form):
    """For how long the old secret stays in force beside the new one."""

    overlap = forms.TypedChoiceField(
        choices=OVERLAPS, coerce=int, label="The old secret stays in force for", initial=DAY
    )

    @property
    def span(self) -> timedelta:
        """The overlap chosen."""
        return timedelta(seconds=self.cleaned_data["overlap"])


class ReplayForm(forms.Form):
    """A time range to send again, in UTC."""

    since = forms.DateTimeField(
        label="From (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    until = forms.DateTimeField(
        label="To (UTC)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    delivered_too = forms.BooleanField(label="Also what was delivered", required=False)
