"""The files of authority and broker on disk: made at set-up, renewed before they run out. Knows no Django.

`python -m tracker.certificates.broker_files` is how set-up calls it, before the database runs. The worker calls
`renew` once an hour, so that a machine that nobody touches for a year renews all the same.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tracker.certificates.authority import (
    BROKER_RENEWED_BEFORE,
    Authority,
    authorities_in,
    broker_names,
    key_pem,
    new_key,
    pem,
)

logger = logging.getLogger(__name__)
TRUSTED, SERVER, SERVER_KEY, REVOCATIONS = "ca.pem", "server.pem", "server.key", "crl.pem"


class NoAuthority(Exception):
    """There is no authority to sign with, or its files cannot be read; the message names them."""


@dataclass(frozen=True)
class AuthorityFiles:
    """Certificates and private keys of the authorities, newest first. The first signs devices.

    During a change of authority the one before it follows: it stays trusted, signs its own list of revocations,
    and vouches for the broker, because every device in the field knows it.
    """

    certificates: Path
    keys: Path

    def read(self) -> list[Authority]:
        """Raises NoAuthority."""
        try:
            found = authorities_in(self.certificates.read_bytes(), self.keys.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise NoAuthority(
                f"the certificate authority in {self.certificates} and {self.keys} cannot be read: {error}"
            ) from error
        if not found:
            raise NoAuthority(f"{self.certificates} holds no certificate")
        return found

    def exists(self) -> bool:
        """Whether either file is there: then the other must not be made anew behind its back."""
        return self.certificates.exists() or self.keys.exists()

    def write(self, authorities: Sequence[Authority]) -> None:
        """Keys first: a certificate without its key is refused, a key without its certificate harms nobody."""
        self.keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.keys, b"".join(key_pem(each.key) for each in authorities), 0o600)
        write_whole(self.certificates, pem(*(each.certificate for each in authorities)), 0o644)


def make_authority(files: AuthorityFiles, *, now: datetime, another: bool = False) -> bool:
    """Make the first authority where there is none, or put another in front. True where one was made."""
    if files.exists() and not another:
        return False
    before = files.read() if files.exists() else []
    files.write([Authority.made(now=now), *before])
    return True


def renew(
    files: AuthorityFiles, folder: Path, names: Sequence[str], *, now: datetime, ours: bool = True
) -> list[str]:
    """Bring what the broker reads in `folder` up to date; returns what was written, by file name.

    An operator's own authority (`ours` false) is only read.

    The first list of revocations is made here so that the broker can start; later ones come from the web side.
    """
    authorities = files.read()
    written = []
    if ours and any(each.wants_renewal(now=now) for each in authorities):
        authorities = [each.renewed(now=now) if each.wants_renewal(now=now) else each for each in authorities]
        files.write(authorities)
        written.append(files.certificates.name)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    trusted = pem(*(each.certificate for each in authorities))
    if _bytes(folder / TRUSTED) != trusted:
        write_whole(folder / TRUSTED, trusted, 0o644)
        written.append(TRUSTED)
    if not _server_is_good(folder, authorities[-1], names, now):
        _make_server(folder, authorities[-1], names, now)
        written += [SERVER_KEY, SERVER]
    if not _list_is_good(folder / REVOCATIONS, authorities):
        write_whole(
            folder / REVOCATIONS, pem(*(each.revocations({}, now=now) for each in authorities)), 0o644
        )
        written.append(REVOCATIONS)
    return written


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step, keeping its owner: a reader never sees half of it, nor loses the right to it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
        os.fchmod(out.fileno(), mode)
        if path.exists() and os.geteuid() == 0:
            before = path.stat()
            os.fchown(out.fileno(), before.st_uid, before.st_gid)
    draft.replace(path)


def _make_server(folder: Path, authority: Authority, names: Sequence[str], now: datetime) -> None:
    key = new_key()
    certificate = authority.signed_for_broker(names, key.public_key(), now=now)
    write_whole(folder / SERVER_KEY, key_pem(key), 0o600)
    write_whole(folder / SERVER, pem(certificate), 0o644)


def _server_is_good(folder: Path, authority: Authority, names: Sequence[str], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate((folder / SERVER).read_bytes())
        key = serialization.load_pem_private_key((folder / SERVER_KEY).read_bytes(), None)
        same = key.public_key() == certificate.public_key()
        named = broker_names(certificate) == list(names)
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    lasts = certificate.not_valid_after_utc - now > BROKER_RENEWED_BEFORE
    return same and named and lasts and authority.has_signed(certificate)


def _list_is_good(path: Path, authorities: Sequence[Authority]) -> bool:
    """Whether there is a list of each authority: without one the broker would refuse all of its devices."""
    issuers = []
    for block in _bytes(path).split(b"-----END X509 CRL-----")[:-1]:
        try:
            found = x509.load_pem_x509_crl(block + b"-----END X509 CRL-----\n")
        except ValueError:
            return False
        issuers.append(found.issuer)
    return issuers == [each.certificate.subject for each in authorities]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def main(argv: Sequence[str] | None = None) -> int:
    """Make or renew; prints what was written, one name a line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Make and renew the certificate authority and the broker's files."
    )
    parser.add_argument(
        "--certificates", type=Path, required=True, help="the authorities' certificates (PEM)"
    )
    parser.add_argument("--keys", type=Path, required=True, help="their private keys (PEM)")
    parser.add_argument("--folder", type=Path, help="the folder the broker reads; none: leave it to set-up")
    parser.add_argument("--name", action="append", default=[], help="a host name or address of the broker")
    parser.add_argument(
        "--given", action="store_true", help="the authority is the operator's: never make one"
    )
    parser.add_argument(
        "--another", action="store_true", help="put a new authority in front of the present one"
    )
    asked = parser.parse_args(argv)
    now = datetime.now(UTC)
    files = AuthorityFiles(asked.certificates, asked.keys)
    try:
        if not asked.given and make_authority(files, now=now, another=asked.another):
            sys.stdout.write(f"{files.certificates.name}\n")
        if asked.folder and asked.name:
            for name in renew(files, asked.folder, asked.name, now=now, ours=not asked.given):
                sys.stdout.write(f"{name}\n")
    except NoAuthority as error:
        parser.exit(1, f"{error}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
