"""`/api/v1/drivers/{driver}/phone`: give a sign-in link, see the phone, sign it out."""

from typing import Annotated

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from dispatch.driving.selectors import phone_of
from dispatch.driving.sessions import create_link, end_links, end_sessions
from dispatch.fleet.answering import driver_or_404, in_service, path_of
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query
from tracker.http.schema import problems
from tracker.http.times import Moment, moment_text

DRIVER = path_of("driver", "drv")


class SignInLink(Struct):
    """A link by which a driver signs in, told only here."""

    url: Annotated[str, Meta(description="Works once. Show it as a QR code, or send it to the driver.")]
    expires_at: Moment


class PhoneDocument(Struct):
    """The phone that is signed in as a driver."""

    signed_in: bool
    phone: Annotated[str, Meta(description="What its browser says it is; empty where none is signed in.")] = (
        ""
    )
    device: Annotated[str | None, Meta(description="`dev_…` it reports as.")] = None
    since: Moment | None = None
    seen_at: Moment | None = None


class DriverPhone(Endpoint):
    """A driver's phone."""

    @extend_schema(
        operation_id="get_driver_phone", summary="Look at a driver's phone", tags=["Fleet"], parameters=[DRIVER],
        responses=problems(PhoneDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, driver: str) -> Response:
        """Which phone is signed in, and when it was last heard of."""
        Query(request)
        found = phone_of(driver_or_404(request, driver))
        if found is None:
            return Response(PhoneDocument(False))
        seen = moment_text(found.seen_at) if found.seen_at else None
        device = found.device.public_id if found.device else None
        return Response(PhoneDocument(True, found.phone, device, moment_text(found.created_at), seen))

    @extend_schema(
        operation_id="sign_out_driver", summary="Sign a driver's phone out", tags=["Fleet"], parameters=[DRIVER],
        responses=problems({204: None}, 404),
    )  # fmt: skip
    def delete(self, request: ApiRequest, driver: str) -> Response:
        """The phone is out at once, and links that are out work no more."""
        Query(request)
        found, now = driver_or_404(request, driver), timezone.now()
        end_sessions(found, reason="signed out by the API", now=now)
        end_links(found, now=now)
        return Response(status=204)


class DriverSignInLinks(Endpoint):
    """Links by which drivers sign in."""

    answer_is_secret = True

    @extend_schema(
        operation_id="create_driver_sign_in_link", summary="Make a sign-in link", tags=["Fleet"], parameters=[DRIVER],
        request=None, responses=problems({201: SignInLink}, 404, 409),
    )  # fmt: skip
    def post(self, request: ApiRequest, driver: str) -> Response:
        """A link to the driver's page. It works once, for a day, on one phone; links made before work no more, and the
        phone that is signed in now is signed out once the link is used."""
        Query(request)
        found = driver_or_404(request, driver)
        in_service(found, "driver")
        link, url = create_link(found, by=None, now=timezone.now())
        return Response(SignInLink(url, moment_text(link.expires_at)), status=201)
