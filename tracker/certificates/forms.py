"""Form for a new certificate."""

from django import forms

from tracker.certificates.authority import LONGEST_CSR_BYTES


class CertificateForm(forms.Form):
    """Nothing to fill in, unless the device made a key of its own."""

    csr = forms.CharField(
        required=False,
        max_length=LONGEST_CSR_BYTES,
        label="Signing request of the device",
        help_text="PEM. Its names are ignored; the certificate bears this device's id.",
        widget=forms.Textarea(
            attrs={"rows": 5, "spellcheck": "false", "placeholder": "-----BEGIN CERTIFICATE REQUEST-----"}
        ),
    )
