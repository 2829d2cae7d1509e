"""What proves a delivery: whole pictures only, kept once, and given back as they came."""

import io
import uuid
from datetime import UTC, datetime

import pytest
from PIL import Image

from dispatch.driving.errors import BadProof
from dispatch.driving.models import DeliveryProof
from dispatch.driving.proofs import LARGEST, content_of, keep_proof, looked_at
from tests.dispatch.rounds import a_round
from tracker.archive.shelf import NotThere, open_shelf

NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


@pytest.fixture
def shipment(box):
    return a_round(box, 1, now=NOW).shipment(1)


def keep(shipment, content: bytes, kind: str = "photo", uid: uuid.UUID | None = None) -> DeliveryProof:
    return keep_proof(shipment, kind, content, uid=uid or uuid.uuid4(), driver=None, taken_at=NOW, now=NOW)


@pytest.mark.django_db
def test_a_photo_is_given_back_byte_for_byte(shipment):
    content = picture()
    kept = keep(shipment, content)
    assert (kept.content_type, kept.size_bytes) == ("image/jpeg", len(content))
    assert content_of(kept) == content


@pytest.mark.django_db
def test_the_same_bytes_are_kept_once_under_whichever_id(shipment):
    content = picture()
    assert keep(shipment, content).pk == keep(shipment, content).pk


@pytest.mark.django_db
def test_an_id_stands_for_one_proof(shipment):
    uid = uuid.uuid4()
    keep(shipment, picture(), uid=uid)
    with pytest.raises(BadProof, match="belongs to another"):
        keep(shipment, picture(colour="blue"), uid=uid)


@pytest.mark.django_db
def test_bytes_that_changed_on_the_shelf_are_not_given_out(shipment):
    kept = keep(shipment, picture())
    shelf = open_shelf()
    with shelf.workspace() as folder:
        (folder / "other").write_bytes(picture(colour="blue"))
        shelf.put(folder / "other", kept.stored_as)
    with pytest.raises(NotThere, match="is not what was put there"):
        content_of(kept)


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("photo", b"", "no whole picture"),
        ("photo", b"<svg onload=alert(1)>", "no whole picture"),
        ("photo", picture()[:-100], "no whole picture"),
        ("photo", picture("GIF"), "no whole picture"),
        ("signature", picture("JPEG"), "no whole picture in the form PNG"),
        ("photo", b"\xff" * (LARGEST + 1), "the most is 5,000,000"),
        ("photo", picture("PNG", (9000, 9000)), "too many|no whole picture"),
        ("video", picture(), "a photo or a signature"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(kind, content, why):
    with pytest.raises(BadProof, match=why):
        looked_at(kind, content)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_forms_that_phones_make_are_taken(form):
    assert looked_at("photo", picture(form)) == f"image/{form.lower()}"
