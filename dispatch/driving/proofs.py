"""Photos and signatures that prove a delivery: looked at, put on the archive's shelf under their digest.

The bytes are kept as the phone sent them, so that their digest is the one the phone had; what is not a picture that
a decoder takes whole is refused.
"""

import hashlib
import io
import uuid
import warnings
from datetime import datetime

import msgspec
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from PIL import Image, UnidentifiedImageError

from dispatch.driving.errors import BadProof
from dispatch.driving.models import DeliveryProof
from dispatch.fleet.models import Driver
from dispatch.shipments.models import Shipment
from tracker.archive.shelf import NotThere, open_shelf

LARGEST = 5_000_000
MOST_PIXELS = 40_000_000
KINDS = {
    "photo": {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"},
    "signature": {"PNG": "image/png"},
}

UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,  # as the PNG decoder raises it
    Image.DecompressionBombWarning,
    Image.DecompressionBombError,
)


def keep_proof(
    shipment: Shipment,
    kind: str,
    content: bytes,
    *,
    uid: uuid.UUID,
    driver: Driver | None,
    taken_at: datetime,
    now: datetime,
) -> DeliveryProof:
    """Keep a photo or signature; the same again is the one that is there. Raises BadProof."""
    content_type = looked_at(kind, content)
    return _keep(
        DeliveryProof(
            uid=uid,
            environment_id=shipment.environment_id,
            shipment=shipment,
            driver=driver,
            kind=kind,
            content_type=content_type,
            taken_at=taken_at,
            received_at=now,
        ),
        content,
    )


def keep_code(
    shipment: Shipment, code: str, matched: bool, *, driver: Driver, taken_at: datetime, now: datetime
) -> DeliveryProof:
    """Keep that the customer told the driver a code, and whether it was the right one."""
    told = {"code": code[:20], "matched": matched, "at": taken_at.isoformat()}
    proof = DeliveryProof(
        environment_id=shipment.environment_id,
        shipment=shipment,
        driver=driver,
        kind="code",
        content_type="application/json",
        taken_at=taken_at,
        received_at=now,
    )
    return _keep(proof, msgspec.json.encode(told))


def _keep(proof: DeliveryProof, content: bytes) -> DeliveryProof:
    """Onto the shelf first, so that a row never names bytes that are not there."""
    shipment, digest = proof.shipment, hashlib.sha256(content).digest()
    rows = DeliveryProof.objects.for_environment(proof.environment_id).filter(
        shipment=shipment, sha256=digest
    )
    there = rows.first()
    if there is not None:
        return there
    proof.sha256, proof.size_bytes = digest, len(content)
    proof.stored_as = f"proofs/{proof.environment_id}/{shipment.uid.hex}/{digest.hex()}"
    shelf = open_shelf()
    with shelf.workspace() as folder:
        (folder / "proof").write_bytes(content)
        shelf.put(folder / "proof", proof.stored_as)
    try:
        with transaction.atomic():
            proof.save(force_insert=True)
    except IntegrityError:  # sent twice at the same time, or its id was used for other bytes
        there = rows.first()
        if there is None:
            raise BadProof("The id of this proof belongs to another one.") from None
        return there
    return proof


def content_of(proof: DeliveryProof) -> bytes:
    """The bytes of a proof. Raises NotThere where the shelf has lost them."""
    shelf = open_shelf()
    with shelf.workspace() as folder:
        shelf.fetch(proof.stored_as, folder / "proof")
        content = (folder / "proof").read_bytes()
    if hashlib.sha256(content).digest() != bytes(proof.sha256):
        raise NotThere(f"{proof.stored_as} is not what was put there")
    return content


def as_answer(proof: DeliveryProof, content: bytes) -> HttpResponse:
    """The bytes over HTTP; in a sandbox, for a browser must not take them for anything else."""
    answer = HttpResponse(content, content_type=proof.content_type)
    answer.headers["Cache-Control"] = "private, max-age=3600"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def looked_at(kind: str, content: bytes) -> str:
    """The content type of the bytes of a proof of that kind. Raises BadProof."""
    formats = KINDS.get(kind)
    if formats is None:
        raise BadProof(f"A proof is a photo or a signature, not {kind[:20]!r}.")
    if len(content) > LARGEST:
        raise BadProof(f"The {kind} has {len(content):,} bytes; the most is {LARGEST:,}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(formats)) as picture:
                found, (width, height) = picture.format or "", picture.size
                if width * height > MOST_PIXELS:
                    raise BadProof(f"The {kind} has {width} by {height} pixels: too many.")
                picture.load()
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ):
        raise BadProof(f"The {kind} is no whole picture in the form {' or '.join(formats)}.") from None
    return formats[found]
