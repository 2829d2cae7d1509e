"""What lies on disk: made once, kept while good, renewed in time, changed over without a gap."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from tracker.certificates.authority import BROKER_LASTS, Authority, key_pem, new_key, pem
from tracker.certificates.broker_files import (
    AuthorityFiles,
    NoAuthority,
    main,
    make_authority,
    renew,
    write_whole,
)
from tracker.certificates.renewal import renew_broker

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAMES = ["mqtt.example.com", "127.0.0.1"]
ALL = ["ca.pem", "server.key", "server.pem", "crl.pem"]


@pytest.fixture
def files(tmp_path):
    found = AuthorityFiles(tmp_path / "ca" / "ca.pem", tmp_path / "ca" / "ca.key")
    make_authority(found, now=NOW)
    return found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "broker"


def server(folder):
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_is_made_once_and_private_keys_are_for_their_owner(files, folder):
    assert renew(files, folder, NAMES, now=NOW) == ALL
    assert renew(files, folder, NAMES, now=NOW) == []
    assert make_authority(files, now=NOW) is False
    assert mode(files.keys) == mode(folder / "server.key") == 0o600
    assert mode(files.keys.parent) == 0o700
    assert mode(folder / "crl.pem") == 0o644


def test_the_brokers_certificate_is_renewed_before_it_runs_out(files, folder):
    renew(files, folder, NAMES, now=NOW)
    assert renew(files, folder, NAMES, now=NOW + timedelta(days=300)) == []
    later = NOW + BROKER_LASTS - timedelta(days=30)
    assert renew(files, folder, NAMES, now=later) == ["server.key", "server.pem"]
    assert server(folder).not_valid_after_utc > later + timedelta(days=300)


def test_another_name_makes_another_certificate(files, folder):
    renew(files, folder, NAMES, now=NOW)
    assert renew(files, folder, ["other.example.com"], now=NOW) == ["server.key", "server.pem"]


@pytest.mark.parametrize("name", ["server.key", "server.pem", "crl.pem"])
@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_what_is_broken_or_gone_is_made_again(files, folder, name, content):
    renew(files, folder, NAMES, now=NOW)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    assert name in renew(files, folder, NAMES, now=NOW)
    assert renew(files, folder, NAMES, now=NOW) == []


def test_a_list_of_revocations_that_is_there_is_kept(files, folder):
    renew(files, folder, NAMES, now=NOW)
    theirs = pem(files.read()[0].revocations({5: NOW}, now=NOW))
    (folder / "crl.pem").write_bytes(theirs)
    assert renew(files, folder, NAMES, now=NOW) == []
    assert (folder / "crl.pem").read_bytes() == theirs


def test_the_authority_renews_itself_and_nothing_it_signed_is_lost(files, folder):
    renew(files, folder, NAMES, now=NOW)
    before = files.read()[0]
    later = NOW + timedelta(days=8 * 365)
    assert "ca.pem" in renew(files, folder, NAMES, now=later)
    (after,) = files.read()
    assert key_pem(after.key) == key_pem(before.key)
    assert after.certificate.not_valid_after_utc > later + timedelta(days=9 * 365)
    assert before.has_signed(server(folder))  # devices with the old copy still know the broker


def test_an_operators_own_authority_is_never_written(files, folder):
    content = files.certificates.read_bytes()
    later = NOW + timedelta(days=8 * 365)
    assert "ca.pem" in renew(files, folder, NAMES, now=later, ours=False)
    assert files.certificates.read_bytes() == content


def test_while_authorities_change_over_both_are_trusted_and_old_devices_know_the_broker(files, folder):
    renew(files, folder, NAMES, now=NOW)
    old = files.read()[0]
    make_authority(files, now=NOW, another=True)
    new, still = files.read()
    assert still.certificate == old.certificate
    assert renew(files, folder, NAMES, now=NOW) == ["ca.pem", "crl.pem"]
    assert old.has_signed(server(folder))
    lists = (folder / "crl.pem").read_bytes().count(b"BEGIN X509 CRL")
    assert lists == 2
    files.write([new])
    assert renew(files, folder, NAMES, now=NOW) == ALL
    assert new.has_signed(server(folder))


def test_a_missing_or_broken_authority_is_named(tmp_path, files, capsys):
    with pytest.raises(NoAuthority, match="elsewhere"):
        AuthorityFiles(tmp_path / "elsewhere", files.keys).read()
    files.keys.write_bytes(key_pem(new_key()))
    with pytest.raises(NoAuthority, match="no private key for"):
        files.read()
    arguments = ["--certificates", str(files.certificates), "--keys", str(files.keys)]
    with pytest.raises(SystemExit):
        main([*arguments, "--folder", str(tmp_path / "broker"), "--name", "localhost", "--given"])
    assert "no private key for" in capsys.readouterr().err


def test_half_of_an_authority_is_not_replaced(files, folder):
    """A lost key must be noticed: a new authority would silently shut out every device."""
    files.keys.unlink()
    assert make_authority(files, now=NOW) is False
    with pytest.raises(NoAuthority):
        renew(files, folder, NAMES, now=NOW)


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "x"
    (tmp_path / "x.new").write_bytes(b"left by a crash")
    write_whole(path, b"1", 0o600)
    write_whole(path, b"2", 0o644)
    assert path.read_bytes() == b"2"
    assert mode(path) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_the_tick_renews_for_the_names_the_broker_has(files, folder, settings):
    settings.CA_CERT, settings.CA_KEY, settings.BROKER_DIR = files.certificates, files.keys, folder
    assert renew_broker(now=NOW) == []  # no broker here
    renew(files, folder, NAMES, now=NOW)
    assert renew_broker(now=NOW) == []
    assert renew_broker(now=NOW + BROKER_LASTS) == ["server.key", "server.pem"]


def test_a_stranger_is_not_taken_for_the_authority(files):
    assert not files.read()[0].has_signed(Authority.made(now=NOW).certificate)
