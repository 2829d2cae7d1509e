"""Packs the evidence of a shipment: what happened, chained; where the driver was; what proves it; how to check it."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.driving.models import DeliveryProof
from dispatch.driving.proofs import content_of
from dispatch.shipments.canonical import plain
from dispatch.shipments.chain import document
from dispatch.shipments.evidence import verify_evidence
from dispatch.shipments.evidence.signing import sign
from dispatch.shipments.evidence.surroundings import (
    AROUND,
    crossings_in,
    positions_in,
    shown_crossing,
    windows_of,
    zones_of,
)
from dispatch.shipments.history import fold, moot
from dispatch.shipments.store import StoredEvent, stored
from tracker.archive.shelf import NotThere
from tracker.http.times import moment_text

ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "application/json": ".json"}
READ_ME = """Evidence of shipment {shipment} ({external_id}), made at {made_at}.

Check it offline, with Python 3.10 or newer and nothing else:

    python3 verify_evidence.py PACK.zip --key THE_OPERATORS_PUBLIC_KEY

Get that key from the operator in another way than the one in which this pack came to you: it is public_key at
/api/v1/evidence-key of their address (with any API key). Without it the script says "signature: no key given" and ends
with 3, for whoever changes a pack can sign it with a key of their own.

The first lines of that script say how everything here is made, so that you can check it with a program of your own.

events.json     what happened, by number: each event with who made it happen, when it happened (occurred_at) and when it
                became known (recorded_at), chained by hashes; events without effect are listed in manifest.json as moot
personal.json   what the events said of the recipient; gone where the recipient was forgotten
positions.json  where the driver's device was, {around:.0f} minutes on either side of each transition
crossings.json  which borders of zones it crossed then, and the version of the zones that decided
zones.json      those versions: their times, and the borders that matter here, as GeoJSON
proofs.json     photos, signatures and codes; the files are in proofs/
manifest.json   the digest of every file; signature.json signs it
"""


class NoEvents(Exception):
    """A shipment of which nothing is known."""


def pack(environment_id: int, shipment_id: int, *, now: datetime) -> bytes:
    """The pack as a zip file. Raises NoEvents."""
    events = stored(environment_id, shipment_id=shipment_id)
    if not events:
        raise NoEvents
    files = _facts(environment_id, events) | _proofs(environment_id, shipment_id)
    first = events[0]
    names = {"shipment": first.link.shipment, "external_id": first.external_id or "no id of yours"}
    text = READ_ME.format(**names, made_at=moment_text(now), around=AROUND.total_seconds() / 60)
    files["README.txt"] = text.encode()
    files["verify_evidence.py"] = Path(verify_evidence.__file__).read_bytes()
    manifest = _json(_manifest(events, files, now))
    return _zipped({"manifest.json": manifest, "signature.json": _json(sign(manifest))} | files, now)


def _facts(environment_id: int, events: Sequence[StoredEvent]) -> dict[str, bytes]:
    windows = windows_of(environment_id, events)
    crossed = [(window, crossings_in(environment_id, window)) for window in windows]
    every = [crossing for _, listed in crossed for crossing in listed]
    hub = fold([event.known for event in events]).hub
    personal = [
        {"sequence": event.link.sequence, "salt": event.personal.salt, "data": event.personal.data}
        for event in events
        if event.personal is not None
    ]
    return {
        "events.json": _json([document(event.link) | {"hash": event.hash.hex()} for event in events]),
        "personal.json": _json(personal),
        "positions.json": _json([positions_in(window) for window in windows]),
        "crossings.json": _json(
            [window.shown([shown_crossing(one) for one in listed]) for window, listed in crossed]
        ),
        "zones.json": _json(zones_of(environment_id, windows, every, hub)),
    }


def _proofs(environment_id: int, shipment_id: int) -> dict[str, bytes]:
    """The proofs and their bytes; of one whose bytes are lost, that they are."""
    rows = DeliveryProof.objects.for_environment(environment_id).filter(shipment_id=shipment_id)
    listed, files = [], {}
    for proof in rows.select_related("driver").order_by("taken_at", "pk"):
        name = f"proofs/{proof.public_id}{ENDINGS.get(proof.content_type, '')}"
        facts: dict[str, Any] = {
            "id": proof.public_id,
            "kind": proof.kind,
            "content_type": proof.content_type,
            "sha256": bytes(proof.sha256).hex(),
            "taken_at": moment_text(proof.taken_at),
            "received_at": moment_text(proof.received_at),
            "driver": proof.driver.public_id if proof.driver else None,
        }
        try:
            files[name] = content_of(proof)
            listed.append(facts | {"file": name})
        except (NotThere, OSError) as lost:
            listed.append(facts | {"file": None, "missing": type(lost).__name__})
    return {"proofs.json": _json(listed)} | files


def _manifest(events: Sequence[StoredEvent], files: Mapping[str, bytes], now: datetime) -> dict[str, Any]:
    return {
        "format": verify_evidence.FORMAT,
        "made_at": moment_text(now),
        "environment": events[0].link.environment,
        "shipment": events[0].link.shipment,
        "external_id": events[0].external_id,
        "events": len(events),
        "head": events[-1].hash.hex(),
        "moot": sorted(moot([event.known for event in events])),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
    }


def _zipped(files: Mapping[str, bytes], now: datetime) -> bytes:
    buffer = io.BytesIO()
    moment = (max(now.year, 1980), now.month, now.day, now.hour, now.minute, now.second)
    with zipfile.ZipFile(buffer, "w") as pack_:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, moment)
            # pictures are compressed already
            entry.compress_type = zipfile.ZIP_STORED if name.startswith("proofs/") else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            pack_.writestr(entry, content)
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(plain(value), indent=1, ensure_ascii=False).encode() + b"\n"
