"""Reads of invoices."""

from billing.invoices.models import Invoice
from tracker.tenants.identifiers import BadIdentifier, parse_id


def invoices_of(tenant_id: int) -> list[Invoice]:
    """All of a tenant, newest first."""
    return list(Invoice.objects.for_tenant(tenant_id).order_by("-month"))


def invoice_of(tenant_id: int, invoice_id: str) -> Invoice | None:
    """One of a tenant by its public id; none for anything else."""
    try:
        uid = parse_id("bil", invoice_id)
    except BadIdentifier:
        return None
    return Invoice.objects.for_tenant(tenant_id).filter(uid=uid).first()
