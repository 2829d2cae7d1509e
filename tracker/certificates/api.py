"""`/api/v1/devices/{device}/certificates`: issue, list, download, revoke."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.certificates.authority import BadRequestForCertificate
from tracker.certificates.broker_files import NoAuthority
from tracker.certificates.models import DeviceCertificate
from tracker.certificates.schemas import (
    CertificateDocument,
    CertificatePage,
    CertificateWish,
    IssuedDocument,
    certificate_document,
    issued_document,
)
from tracker.certificates.selectors import certificates_before, find_certificate
from tracker.certificates.services import (
    MOST_IN_FORCE,
    NoSuchDevice,
    TooManyInForce,
    issue_certificate,
    revoke_certificate,
)
from tracker.devices.api import DEVICE, device_or_404
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.parsing import object_of
from tracker.http.problems import ApiProblem, bad_request, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

CERTIFICATE = OpenApiParameter("certificate", str, "path", description="`crt_…`")


class DeviceCertificates(Endpoint):
    """The certificates of one device."""

    answer_is_secret = True  # the private key

    @extend_schema(
        operation_id="list_certificates",
        summary="List a device's certificates",
        tags=["Certificates"],
        parameters=[DEVICE, LIMIT, CURSOR],
        responses=problems(CertificatePage, 404),
    )
    def get(self, request: ApiRequest, device: str) -> Response:
        """Every certificate issued to the device, newest first, also those that were revoked or ran out."""
        query, now = Query(request, "limit", "cursor"), timezone.now()
        found, limit = device_or_404(request, device), limit_of(query)
        list_name = f"certificates:{found.environment_id}:{found.pk}"
        rows = certificates_before(found, before=place_in(list_name, query, int), limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, rows[-1].pk) if more else None
        return Response(CertificatePage([certificate_document(row, now=now) for row in rows], cursor))

    @extend_schema(
        operation_id="issue_certificate",
        summary="Issue a certificate",
        tags=["Certificates"],
        parameters=[DEVICE],
        request=CertificateWish,
        responses=problems({(201, "application/json"): IssuedDocument}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, device: str) -> Response:
        """A client certificate with which the device reports over MQTT, as itself and as nobody else.

        The private key is in this one answer and is stored nowhere; or send a `csr` and keep the key on the device.
        Several may be in force at once, so that a device changes over without a gap.
        """
        Query(request)
        found, now = device_or_404(request, device), timezone.now()
        text = _csr_in(request)
        try:
            issued = issue_certificate(found, by=None, now=now, request=text)
        except (BadRequestForCertificate, TooManyInForce, NoSuchDevice, NoAuthority) as error:
            raise _refusal(error) from error
        return Response(issued_document(issued, now=now), status=201)


class OneCertificate(Endpoint):
    """A certificate of a device."""

    @extend_schema(
        operation_id="get_certificate",
        summary="Download a certificate",
        tags=["Certificates"],
        parameters=[DEVICE, CERTIFICATE],
        responses=problems(CertificateDocument, 404),
    )
    def get(self, request: ApiRequest, device: str, certificate: str) -> Response:
        """A certificate, without its private key."""
        Query(request)
        row = _certificate_or_404(request, device, certificate)
        return Response(certificate_document(row, now=timezone.now()))

    @extend_schema(
        operation_id="revoke_certificate",
        summary="Revoke a certificate",
        tags=["Certificates"],
        parameters=[DEVICE, CERTIFICATE],
        responses=problems(None, 404),
    )
    def delete(self, request: ApiRequest, device: str, certificate: str) -> Response:
        """End a certificate for good: a live connection of the device is cut within seconds.

        It stays in the list as `revoked`. Revoking it once more changes nothing.
        """
        Query(request)
        row = _certificate_or_404(request, device, certificate)
        revoke_certificate(row, by=None, now=timezone.now())
        return Response(status=204)


def _csr_in(request: ApiRequest) -> bytes | None:
    """The signing request in the body; a body that is empty wishes for nothing special."""
    if request.META.get("CONTENT_LENGTH") in {None, "", "0"}:
        return None
    text = object_of(request, "csr").get("csr")
    if text is not None and not isinstance(text, str):
        raise bad_request("invalid_field", "csr must be a text in PEM form.", "/csr")
    return None if text is None else text.encode("utf-8", "replace")


def _certificate_or_404(request: ApiRequest, device: str, certificate: str) -> DeviceCertificate:
    row = find_certificate(device_or_404(request, device), certificate)
    if row is None:
        raise not_found("certificate")
    return row


def _refusal(error: Exception) -> ApiProblem:
    if isinstance(error, BadRequestForCertificate):
        return bad_request("invalid_csr", f"csr {error}.", "/csr")
    if isinstance(error, NoSuchDevice):
        return not_found("device")
    if isinstance(error, TooManyInForce):
        detail = f"The device holds {MOST_IN_FORCE} certificates in force: revoke one first."
        return ApiProblem(409, "too_many_certificates", detail)
    detail = "This installation has no certificate authority, so it issues no certificates."
    return ApiProblem(503, "certificates_unavailable", detail)
