"""Why something cannot be done with an invoice."""


class InvoiceRefused(ValueError):
    """What is wrong, in a sentence for people."""
