"""The evidence pack: whole, checkable by a stranger with nothing but Python, and telling what was tampered with."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command

from dispatch.driving.models import DeliveryProof
from dispatch.fleet.models import DeviceHolding
from dispatch.shipments.commands import ConfirmDelivery, ForgetPersonalData
from dispatch.shipments.evidence import verify_evidence
from dispatch.shipments.evidence.packing import pack
from dispatch.shipments.evidence.signing import public_key, sign
from dispatch.shipments.kinds import Proof
from tests.dispatch.shipments.parcels import HOUR, MINUTE, NOW, a_driver, a_hub, does, out
from tests.tracker.caller import a_device, a_position
from tracker.geofences.models import Geofence, GeofenceCrossing
from tracker.http.times import moment_text
from tracker.tenants import scope

PHOTO = b"\xff\xd8 not a real picture, but bytes with a digest"
AT = NOW + HOUR


@pytest.fixture
def environment(customer, settings, tmp_path):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path / "archive"
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        yield customer.test


def a_proof(environment, shipment_id: int, driver) -> Proof:
    digest = hashlib.sha256(PHOTO).hexdigest()
    location = f"proofs/{environment.pk}/photo"
    row = DeliveryProof.objects.create(
        environment=environment, shipment_id=shipment_id, driver=driver, kind="photo", content_type="image/jpeg",
        size_bytes=len(PHOTO), sha256=bytes.fromhex(digest), stored_as=location, taken_at=AT, received_at=AT,
    )  # fmt: skip
    return Proof(row.public_id, "photo", digest)


@pytest.fixture
def delivered(environment, settings):
    """A parcel delivered with a photo by a driver whose phone told where it was, and crossed a border."""
    driver = a_driver(environment, a_hub(environment))
    device, other = a_device(environment, "phone-1"), a_device(environment, "phone-2")
    DeviceHolding.objects.create(
        environment=environment, driver=driver, device=device, since=NOW, until=AT + 5 * MINUTE
    )
    parcel = out(environment, driver, "order-1")
    for minute in range(-30, 30, 3):
        a_position(device, AT + minute * MINUTE, location=Point(73.85, 18.52, srid=4326))
    a_position(other, AT, location=Point(1.0, 1.0, srid=4326))
    fence = Geofence.objects.create(environment=environment, external_id="zone-1")
    GeofenceCrossing.objects.create(
        environment=environment, device=device, kind="crossed", cause="moved", to_geofence=fence, to_name="Lake",
        occurred_at=AT - MINUTE, decided_at=AT - MINUTE, version=1, received_at=AT, stored_at=AT,
    )  # fmt: skip
    place = Path(settings.ARCHIVE_DIR) / "proofs" / str(environment.pk)
    place.mkdir(parents=True)
    (place / "photo").write_bytes(PHOTO)
    proof = a_proof(environment, parcel.shipment_id, driver)
    does(environment, parcel.shipment_id, ConfirmDelivery(recipient="her son", proofs=(proof,)), now=AT)
    return parcel


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def closed(files: dict[str, bytes], path: Path) -> str:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return str(path)


@pytest.fixture
def files(environment, delivered):
    return opened(pack(environment.pk, delivered.shipment_id, now=AT + HOUR))


def test_a_pack_holds_what_happened_where_the_driver_was_and_what_proves_it(files, delivered):
    events = json.loads(files["events.json"])
    assert [event["kind"] for event in events] == [
        "ShipmentCreated", "PickupConfirmed", "Assigned", "OutForDelivery", "DeliveryConfirmed",
    ]  # fmt: skip
    assert events[0]["author"] == {"kind": "system", "id": "test", "name": ""}
    assert b"Asha" not in files["events.json"]
    assert json.loads(files["personal.json"])[0]["data"]["recipient"] == "Asha Rao"
    windows = {one["kind"]: one for one in json.loads(files["positions.json"])}
    told = windows["DeliveryConfirmed"]
    assert (told["from"], told["to"]) == (moment_text(AT - 10 * MINUTE), moment_text(AT + 5 * MINUTE))
    assert len(told["rows"]) == 5, "of the phone while the driver carried it, ten minutes on either side"
    assert {row["longitude"] for row in told["rows"]} == {73.85}
    crossed = {one["kind"]: one["rows"] for one in json.loads(files["crossings.json"])}
    assert [row["geofence_version"] for row in crossed["DeliveryConfirmed"]] == [1]
    assert [zone["version"] for zone in json.loads(files["zones.json"])] == [1]
    [proof] = json.loads(files["proofs.json"])
    assert files[proof["file"]] == PHOTO


def test_a_stranger_checks_it_with_nothing_but_python(files, tmp_path):
    path = closed(files, tmp_path / "pack.zip")
    script = tmp_path / "verify_evidence.py"
    script.write_bytes(files["verify_evidence.py"])
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), path, "--key", public_key()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "As it was made." in done.stdout
    assert "5 events are chained without a gap" in done.stdout


@pytest.mark.parametrize(
    ("more", "code", "last"),
    [
        ([], 3, "It holds together, but the signature was NOT checked: no key was given."),
        (["--key", "ab" * 32], 1, "Not as it was made."),
        (["--key"], 1, "Not as it was made."),
        (["more"], 2, ""),
    ],
)
def test_without_the_operators_key_nobody_is_told_that_all_is_well(files, tmp_path, capsys, more, code, last):
    path = closed(files, tmp_path / "pack.zip")
    assert verify_evidence.main([path, *more]) == code
    told = capsys.readouterr().out.splitlines()
    assert (told[-1] if told else "") == last
    assert any(line.startswith("NOT CHECKED  signature: no key given") for line in told) is (code == 3)
    assert "evidence-key" in files["README.txt"].decode()


def changed(files: dict[str, bytes], name: str, change) -> dict[str, bytes]:
    """The pack with one JSON file changed, and the manifest's digest made to fit, as a forger would."""
    value = json.loads(files[name])
    change(value)
    return refitted(files | {name: json.dumps(value).encode()})


def refitted(files: dict[str, bytes]) -> dict[str, bytes]:
    manifest = json.loads(files["manifest.json"])
    for name in manifest["files"]:
        if name in files:
            manifest["files"][name]["sha256"] = hashlib.sha256(files[name]).hexdigest()
    return files | {"manifest.json": json.dumps(manifest).encode()}


def faults(files: dict[str, bytes], tmp_path: Path, key: str | None = None) -> list[str]:
    return verify_evidence.verify(closed(files, tmp_path / "tampered.zip"), key).faults


def other_reason(events):
    events[2]["data"]["driver"] = "drv_" + "0" * 32


def later(events):
    events[4]["occurred_at"] = moment_text(AT - MINUTE)


def drop_one(events):
    del events[1]


def swap(events):
    events[1], events[2] = events[2], events[1]


def cut(events):
    del events[-1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (other_reason, "event 3 (Assigned): was changed"),
        (later, "event 5 (DeliveryConfirmed): was changed"),
        (drop_one, "event 3 (Assigned): stands at place 2"),
        (swap, "event 3 (Assigned): does not follow on the event before it"),
        (cut, "events.json: does not end where it ended"),
    ],
)
def test_whoever_changes_what_happened_is_found_by_the_event(files, tmp_path, change, named):
    found = faults(changed(files, "events.json", change), tmp_path)
    assert any(named in fault for fault in found), found
    assert "manifest.json: is not what was signed" in found


def test_an_event_rehashed_by_a_forger_breaks_the_chain_behind_it(files, tmp_path):
    def rehash(events):
        events[2]["data"]["driver"] = "drv_" + "0" * 32
        content = {name: value for name, value in events[2].items() if name != "hash"}
        events[2]["hash"] = verify_evidence.digest(content)

    found = faults(changed(files, "events.json", rehash), tmp_path)
    assert "events.json: event 4 (OutForDelivery): does not follow on the event before it" in found


def test_another_recipient_is_found_by_the_event_that_named_them(files, tmp_path):
    def rename(parts):
        parts[0]["data"]["recipient"] = "Somebody Else"

    assert "personal.json: event 1: is not what the event said of the recipient" in faults(
        changed(files, "personal.json", rename), tmp_path
    )

    def drop(parts):
        parts.clear()

    assert "personal.json: event 1: what it says of the recipient is missing" in faults(
        changed(files, "personal.json", drop), tmp_path
    )


def test_another_photo_is_found_even_where_every_digest_was_made_to_fit(files, tmp_path):
    [name] = [name for name in files if name.startswith("proofs/")]
    found = faults(refitted(files | {name: b"another photo"}), tmp_path)
    assert any("is not what was shown to the driver's phone" in fault for fault in found)
    found = faults({key: value for key, value in files.items() if key != name}, tmp_path)
    assert f"{name}: is missing" in found


@pytest.mark.parametrize(
    "name", ["positions.json", "crossings.json", "zones.json", "README.txt", "verify_evidence.py"]
)
def test_any_other_file_that_was_changed_is_named(files, tmp_path, name):
    found = faults(files | {name: files[name].replace(b"1", b"2")}, tmp_path)
    assert f"{name}: is not the file that was packed" in found
    found = faults(refitted(files | {name: files[name].replace(b"1", b"2", 1) + b" "}), tmp_path)
    assert "manifest.json: is not what was signed" in found


def test_a_position_moved_out_of_its_window_is_named(files, tmp_path):
    def shift(windows):
        next(window for window in windows if window["rows"])["rows"][0]["recorded_at"] = moment_text(
            AT + HOUR
        )

    assert any(
        "lies outside of it" in fault for fault in faults(changed(files, "positions.json", shift), tmp_path)
    )


def test_a_file_that_was_added_is_named(files, tmp_path):
    assert faults(files | {"letter.txt": b"believe me"}, tmp_path) == ["letter.txt: was added"]


def test_a_pack_signed_with_a_forgers_key_is_not_ours(files, tmp_path, settings):
    settings.SECRET_KEY = "the forger's own" * 4
    forged = opened(_signed_again(files))
    settings.SECRET_KEY = "whatever else it was" * 4
    found = verify_evidence.verify(closed(forged, tmp_path / "forged.zip"))
    assert (found.faults, found.code()) == ([], 3), "nobody can tell without a key to compare"
    assert any("signed with another key" in fault for fault in faults(forged, tmp_path, public_key()))


def _signed_again(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in files.items():
            signature = json.dumps(sign(files["manifest.json"])).encode()
            file.writestr(name, signature if name == "signature.json" else content)
    return buffer.getvalue()


def test_a_torn_file_is_refused_by_name(files, tmp_path):
    path = tmp_path / "torn.zip"
    path.write_bytes(b"PK\x03\x04 torn")
    assert "cannot be read as a zip file" in verify_evidence.verify(str(path)).faults[0]
    assert any("manifest.json: is missing" in f for f in faults({"events.json": b"[]"}, tmp_path))
    assert any("does not have its form" in f for f in faults(files | {"events.json": b'{"a": 1}'}, tmp_path))


def test_a_pack_without_the_recipient_still_holds(environment, delivered, tmp_path):
    does(environment, delivered.shipment_id, ForgetPersonalData(reason="asked"), now=AT + HOUR)
    files = opened(pack(environment.pk, delivered.shipment_id, now=AT + 2 * HOUR))
    assert json.loads(files["personal.json"]) == []
    assert not any(b"Asha" in content or b"her son" in content for content in files.values())
    assert not [name for name in files if name.startswith("proofs/")]
    assert faults(files, tmp_path, public_key()) == []


def test_the_command_checks_with_our_own_key(files, tmp_path, capsys):
    call_command("verify_evidence", closed(files, tmp_path / "ok.zip"))
    assert "signed with the key given" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Not as it was made"):
        call_command("verify_evidence", closed(files | {"more.txt": b""}, tmp_path / "bad.zip"))


def test_where_positions_are_not_kept_any_more_the_pack_says_so(environment):
    driver = a_driver(environment, a_hub(environment))
    device = a_device(environment, "phone-9")
    DeviceHolding.objects.create(
        environment=environment, driver=driver, device=device, since=NOW - timedelta(days=1)
    )
    parcel = out(environment, driver)
    files = opened(pack(environment.pk, parcel.shipment_id, now=AT))
    assert {one["note"] for one in json.loads(files["positions.json"])} == {
        "no position is kept of this time"
    }


def test_the_key_check_agrees_with_the_standard_and_refuses_what_is_none():
    # RFC 8032, section 7.1, test 2
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    holds = verify_evidence.ed25519_holds
    assert holds(public, b"\x72", signature)
    assert not holds(public, b"\x73", signature)
    assert not holds(public, b"\x72", signature[:-1] + b"\x01")
    assert not holds(b"\xff" * 32, b"\x72", signature)
    assert not holds(public[:31], b"\x72", signature)
