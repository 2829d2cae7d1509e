"""Checks an evidence pack of a shipment: python3 verify_evidence.py PACK.zip --key HEX

It needs nothing but Python 3.10 or newer: no network, no account, no package. It prints what it checked and names each
thing that was changed, added or removed since the pack was made. It ends with

* 0 if all is well,
* 1 if something was tampered with,
* 2 if it was called in a wrong way,
* 3 if the pack holds together, but no key was given: whoever made it up could have signed it with a key of their own.

The key is the operator's. Ask for it in another way than the one in which the pack came: it is `public_key` at
/api/v1/evidence-key of the operator's address (with any API key of your environment).

How the pack is made, so that you can check it with a program of your own:

* The canonical form of a JSON value: ASCII, names sorted by code point, no white space, other characters as \\uXXXX, a
  number without a fraction written without one. SHA-256 of that is a value's digest.
* events.json lists what happened, by number. An event's `hash` is the digest of the event without `hash`; `previous` is
  the hash of the event before it, 64 zeros before the first.
* What an event says of the recipient stands in personal.json, with a salt. The event's data holds the digest of
  {"personal": data, "salt": salt} as `personal_sha256`. Where the recipient was forgotten, it is not in the pack.
* manifest.json has the SHA-256 and the size of every file. signature.json has an Ed25519 signature (RFC 8032) over the
  bytes of manifest.json, and the public key it was made with, which proves nothing until it is compared with the
  operator's.
"""

import hashlib
import json
import sys
import zipfile
from typing import Any

FORMAT = "milepost-evidence/1"
UNLISTED = {"manifest.json", "signature.json"}  # the one lists the others, the other signs it
NOTHING_BEFORE = "0" * 64
OUTCOMES = {
    0: "As it was made.",
    1: "Not as it was made.",
    3: "It holds together, but the signature was NOT checked: no key was given.",
}
LARGEST = 500_000_000  # of all files together, unpacked


class Findings:
    """What was checked and what is wrong."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.faults: list[str] = []
        self.unchecked: list[str] = []

    def ok(self, text: str) -> None:
        """Something is as it should be."""
        self.checked.append(text)

    def open(self, text: str) -> None:
        """Something could not be checked."""
        self.unchecked.append(text)

    def lines(self) -> list[str]:
        """All of it, and in the last line what it comes to."""
        told = [f"ok           {text}" for text in self.checked]
        told += [f"NOT CHECKED  {text}" for text in self.unchecked]
        told += [f"TAMPERED     {text}" for text in self.faults]
        return [*told, OUTCOMES[self.code()]]

    def code(self) -> int:
        """0: as it was made; 1: not; 3: nobody knows by whom it was made."""
        return 1 if self.faults else 3 if self.unchecked else 0

    def wrong(self, text: str) -> None:
        """Something was tampered with."""
        self.faults.append(text)


def canonical(value: Any) -> bytes:
    """The one form in which a value is hashed."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def verify(path: str, key: str | None = None) -> Findings:
    """Check the pack in that file. `key` is the public key it must be signed with, hexadecimal."""
    found = Findings()
    try:
        with zipfile.ZipFile(path) as pack:
            names = [entry.filename for entry in pack.infolist()]
            if sum(entry.file_size for entry in pack.infolist()) > LARGEST:
                found.wrong("the pack: larger than any that we make")
                return found
            files = {name: pack.read(name) for name in names}
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, RuntimeError) as error:
        found.wrong(f"the pack: cannot be read as a zip file ({error})")
        return found
    if len(names) != len(files):
        found.wrong("the pack: holds a file twice")
    try:
        _verify(files, key, found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        found.wrong(f"the pack: something in it does not have its form ({type(error).__name__}: {error})")
    return found


def _verify(files: dict[str, bytes], key: str | None, found: Findings) -> None:
    missing = [name for name in ("manifest.json", "signature.json", "events.json") if name not in files]
    for name in missing:
        found.wrong(f"{name}: is missing")
    if missing:
        return
    manifest = json.loads(files["manifest.json"])
    if manifest.get("format") != FORMAT:
        found.wrong(
            "manifest.json: format is {!r}, this script knows {}".format(manifest.get("format"), FORMAT)
        )
        return
    _check_signature(files, key, found)
    _check_files(files, manifest, found)
    events = json.loads(files["events.json"])
    _check_events(events, manifest, found)
    _check_personal(events, json.loads(files.get("personal.json", b"[]")), found)
    _check_proofs(events, json.loads(files.get("proofs.json", b"[]")), files, found)
    for name in ("positions.json", "crossings.json"):
        _check_windows(name, events, json.loads(files.get(name, b"[]")), manifest, found)


def _check_signature(files: dict[str, bytes], key: str | None, found: Findings) -> None:
    signature = json.loads(files["signature.json"])
    public = bytes.fromhex(signature["public_key"])
    if not ed25519_holds(public, files["manifest.json"], bytes.fromhex(signature["signature"])):
        found.wrong("manifest.json: is not what was signed")
    elif key is not None and public.hex() != key.strip().lower():
        found.wrong(f"signature.json: signed with another key than the one given: {public.hex()}")
    elif key is not None:
        found.ok("the manifest is signed with the key given")
    else:
        found.open(f"signature: no key given (--key). It was made with {public.hex()}, whosever that is.")


def _check_files(files: dict[str, bytes], manifest: dict[str, Any], found: Findings) -> None:
    listed = manifest["files"]
    wrong = False
    for name in sorted(listed):
        if name not in files:
            found.wrong(f"{name}: is missing")
        elif hashlib.sha256(files[name]).hexdigest() != listed[name]["sha256"]:
            found.wrong(f"{name}: is not the file that was packed")
        else:
            continue
        wrong = True
    for name in sorted(set(files) - set(listed) - UNLISTED):
        found.wrong(f"{name}: was added")
        wrong = True
    if not wrong:
        found.ok(f"{len(listed)} files are those that were packed")


def _check_events(events: list[dict[str, Any]], manifest: dict[str, Any], found: Findings) -> None:
    before, faults = NOTHING_BEFORE, len(found.faults)
    for place, event in enumerate(events, 1):
        name = "events.json: event {} ({})".format(event.get("sequence"), event.get("kind"))
        if event.get("sequence") != place:
            found.wrong(f"{name}: stands at place {place}, so an event is missing or moved")
        if event.get("previous") != before:
            found.wrong(f"{name}: does not follow on the event before it")
        if (event.get("shipment"), event.get("environment")) != (
            manifest["shipment"],
            manifest["environment"],
        ):
            found.wrong(f"{name}: is of another shipment")
        content = {field: value for field, value in event.items() if field != "hash"}
        if digest(content) != event.get("hash"):
            found.wrong(f"{name}: was changed")
        before = str(event.get("hash"))
    if (len(events), before) != (manifest["events"], manifest["head"]):
        found.wrong("events.json: does not end where it ended, events are missing or were added")
    if len(found.faults) == faults:
        found.ok(f"{len(events)} events are chained without a gap, up to {before}")


def _check_personal(events: list[dict[str, Any]], personal: list[dict[str, Any]], found: Findings) -> None:
    promised = {event["sequence"]: event["data"].get("personal_sha256") for event in events}
    forgotten = any(event["kind"] == "PersonalDataForgotten" for event in events)
    kept = {part["sequence"]: part for part in personal}
    faults = len(found.faults)
    for sequence in sorted(set(promised) | set(kept)):
        part, wanted = kept.get(sequence), promised.get(sequence)
        name = f"personal.json: event {sequence}"
        if part is None:
            if wanted is not None and not forgotten:
                found.wrong(f"{name}: what it says of the recipient is missing")
        elif wanted is None:
            found.wrong(f"{name}: the event says nothing of the recipient")
        elif digest({"personal": part["data"], "salt": part["salt"]}) != wanted:
            found.wrong(f"{name}: is not what the event said of the recipient")
    if len(found.faults) == faults:
        found.ok(
            "the recipient was forgotten" if forgotten else "the recipient's data is what the events said"
        )


def _check_proofs(
    events: list[dict[str, Any]], proofs: list[dict[str, Any]], files: dict[str, bytes], found: Findings
) -> None:
    listed = {proof["id"]: proof for proof in proofs}
    forgotten = any(event["kind"] == "PersonalDataForgotten" for event in events)
    count, faults = 0, len(found.faults)
    for event in events:
        for proof in event["data"].get("proofs", []):
            name = f"proof {proof['id']} of event {event['sequence']}"
            known = listed.get(proof["id"])
            if known is None or not known.get("file"):
                if not forgotten and not (known or {}).get("missing"):
                    found.wrong(f"{name}: is missing")
                continue
            content = files.get(known["file"])
            if content is None:
                found.wrong("{}: {} is missing".format(name, known["file"]))
            elif hashlib.sha256(content).hexdigest() != proof["sha256"]:
                found.wrong("{}: {} is not what was shown to the driver's phone".format(name, known["file"]))
            count += 1
    if len(found.faults) == faults:
        found.ok(f"{count} proofs are those that the events name")


def _check_windows(
    name: str,
    events: list[dict[str, Any]],
    windows: list[dict[str, Any]],
    manifest: dict[str, Any],
    found: Findings,
) -> None:
    """Each window lies around the event it names, and what is in it lies within."""
    times = {event["sequence"]: event["occurred_at"] for event in events}
    faults, count = len(found.faults), 0
    for window in windows:
        place = "{}: around event {}".format(name, window.get("sequence"))
        if times.get(window["sequence"]) != window["occurred_at"]:
            found.wrong(f"{place}: the event happened at another time")
        for row in window["rows"]:
            count += 1
            if not window["from"] <= (row.get("recorded_at") or row["occurred_at"]) <= window["to"]:
                found.wrong(f"{place}: something in it lies outside of it")
                break
    if len(found.faults) == faults:
        found.ok(f"{name} holds {count} rows around {len(windows)} transitions")


# Ed25519 by RFC 8032: points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x y = T/Z
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature over the message was made with the private key that belongs to this public one."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= ORDER or BASE is None:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = _times(scalar, BASE), _sum(nonce, _times(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def _sum(a: Point, b: Point) -> Point:
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(count: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while count:
        if count & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        count >>= 1
    return total


def _point(text: bytes) -> Point | None:
    """The point of these 32 bytes: y, and in the highest bit whether x is odd; None for what is none."""
    number = int.from_bytes(text, "little")
    odd, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def main(arguments: list[str]) -> int:
    """The command line."""
    key = None
    if "--key" in arguments:
        place = arguments.index("--key")
        key = arguments[place + 1] if place + 1 < len(arguments) else "none"
        arguments = arguments[:place] + arguments[place + 2 :]
    if len(arguments) != 1:
        sys.stderr.write("usage: verify_evidence.py PACK.zip [--key HEX]\n")
        return 2
    found = verify(arguments[0], key)
    sys.stdout.write("".join(f"{line}\n" for line in found.lines()))
    return found.code()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
