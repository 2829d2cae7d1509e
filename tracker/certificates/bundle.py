"""What somebody takes home with a new certificate: its files in one archive, and the lines that use them."""

import io
import secrets
import zipfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from django.conf import settings

from tracker.certificates.services import Issued

PUBLISH = """mosquitto_pub -h {host} -p {port} --cafile ca.crt --cert device.crt --key device.key -q 1 \\
  -t devices/{device}/positions \\
  -m '{{"positions": [{{"recorded_at": '$(date +%s)', "latitude": 52.5163, "longitude": 13.3777}}]}}'"""

README = """Certificate of {device}, serial {serial}, until {ends:%Y-%m-%d %H:%M} UTC.

ca.crt      by which the device knows our broker
device.crt  the certificate
device.key  its private key: keep it on the device, it is stored nowhere else
{owntracks_files}
Send a first position, in the folder of these files:

{publish}

Its topics: publish on devices/{device}/positions, read devices/{device}/manifest.
{owntracks}"""

OWNTRACKS_FILES = "device.p12  certificate and key for phones; password {password}\n"
OWNTRACKS = """
OwnTracks: mode MQTT, host {host}, port {port}, TLS on, CA certificate ca.crt, client certificate device.p12 with the
password above, user name {device}, any device id. It then publishes on owntracks/{device}/... and reads commands there.
"""


def publish_line(device: str) -> str:
    """The line that sends a first position."""
    return PUBLISH.format(host=settings.MQTT_PUBLIC_HOST, port=settings.MQTT_TLS_PORT, device=device)


def archive(issued: Issued) -> bytes:
    """The zip. Without a private key of ours it holds certificate, authority and the lines."""
    device = issued.row.device.public_id
    place = {"device": device, "host": settings.MQTT_PUBLIC_HOST, "port": settings.MQTT_TLS_PORT}
    files = {"ca.crt": issued.trusted, "device.crt": issued.certificate}
    owntracks = owntracks_files = ""
    if issued.private_key is not None:
        password = secrets.token_hex(6)
        files["device.key"] = issued.private_key
        files["device.p12"] = _for_phones(issued, issued.private_key, password)
        owntracks_files = OWNTRACKS_FILES.format(password=password)
        owntracks = OWNTRACKS.format(**place)
    readme = README.format(
        device=device,
        serial=issued.row.serial,
        ends=issued.row.expires_at,
        publish=publish_line(device),
        owntracks_files=owntracks_files,
        owntracks=owntracks,
    )
    files["README.txt"] = readme.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return out.getvalue()


def _for_phones(issued: Issued, private_key: bytes, password: str) -> bytes:
    """PKCS #12 as old phones still read it; the password guards the way from here to the phone, no more."""
    key = serialization.load_pem_private_key(private_key, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("our keys are elliptic curve keys")
    certificate = x509.load_pem_x509_certificate(issued.certificate)
    way = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(50_000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303  what Android's importer knows; see above what it guards
        .build(password.encode())
    )
    trusted = x509.load_pem_x509_certificates(issued.trusted)
    return pkcs12.serialize_key_and_certificates(
        issued.row.device.public_id.encode(), key, certificate, trusted, way
    )
