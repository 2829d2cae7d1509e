"""Exports: whole, without secrets, one at a time, for the customer alone, gone after a week."""

import hashlib
import io
import json
import threading
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from tests.architecture.victim import MARK, make_victim
from tests.tracker.pages import a_device
from tracker.archive.shelf import LocalShelf
from tracker.keys.models import Key
from tracker.positions.models import ArchivedDay
from tracker.privacy import making, registry
from tracker.privacy.making import make_due
from tracker.privacy.models import DataExport
from tracker.privacy.services import AlreadyAsked, ask_export
from tracker.tenants import scope
from tracker.tenants.models import Role, User
from tracker.tenants.services import create_tenant


@pytest.fixture(autouse=True)
def own_folder(tmp_path, settings):
    settings.STATE_DIR = tmp_path


@pytest.fixture
def now():
    return datetime.now(UTC)


def ask(tenant, now, device=None):
    with scope.scope(tenant_id=tenant.pk):
        return ask_export(tenant, by=None, now=now, device=device)


def made(now) -> zipfile.ZipFile:
    for _ in range(50):
        if make_due(now=now, budget_s=5):
            (path,) = making.folder().glob("*.zip")
            return zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    pytest.fail("the export does not become ready")


def lines(file: zipfile.ZipFile, table: str) -> list[dict]:
    return [json.loads(line) for line in file.read(f"{table}.ndjson").decode().splitlines()]


def test_an_export_has_every_row_of_every_table_and_nothing_of_another_customer(db, customer, now):
    victim = make_victim()
    ask(victim.new.tenant, now)
    file = made(now)
    numbers = [victim.new.test.environment.pk, victim.new.live.environment.pk]
    for table in making.exported(of_device=False):
        owner = numbers if table.owner == "environment_id" else [victim.new.tenant.pk]
        with scope.scope(unscoped="a test counts"), connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{table.name}" WHERE "{table.owner}" = ANY(%s)', [owner])
            assert len(lines(file, table.name)) == cursor.fetchone()[0], table.label
    everything = b"".join(file.read(name) for name in file.namelist()).decode()
    assert MARK in everything
    assert f'"tenant_id":{customer.tenant.pk},' not in everything
    (position,) = lines(file, "tracker_position")
    assert position["location"]["type"] == "Point"


def test_no_secret_leaves_with_an_export(db, now):
    victim = make_victim()
    ask(victim.new.tenant, now)
    file = made(now)
    everything = b"".join(file.read(name) for name in file.namelist()).decode()
    with scope.scope(unscoped="a test looks"):
        digests = [bytes(key.sha256).hex() for key in Key.objects.unscoped("a test looks")]
    for secret in (
        victim.new.test.secret_key,
        victim.new.live.secret_key,
        *digests,
        "token_sha256",
        "password",
    ):
        assert secret not in everything
    assert not [name for name in file.namelist() if "secret" in name]


def test_every_table_with_rows_of_customers_is_known_and_every_bytes_column_left_out():
    for table in registry.tables():
        shown = table.columns()
        assert shown or table.left_out, table.label
        assert not [name for name in shown if "token" in name or "sha256" in name or "secret" in name]
    labels = {table.label for table in registry.tables()}
    assert {"tracker.Position", "dispatch.Shipment", "tracker.AuditEntry"} <= labels


def test_pieces_add_up_and_a_crash_between_two_doubles_no_row(customer, now, monkeypatch):
    for number in range(25):
        a_device(customer.test, f"van-{number:02d}")
    monkeypatch.setattr(making, "ROWS_A_PIECE", 10)
    ask(customer.tenant, now)
    real, calls = making._write, 0

    def dying(export, table, done):
        nonlocal calls
        calls += 1
        found = real(export, table, done)
        if calls in {3, 40}:
            raise KeyboardInterrupt  # the piece lies on the disk, its row was not committed
        return found

    monkeypatch.setattr(making, "_write", dying)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            made(now)
    names = [row["external_id"] for row in lines(made(now), "tracker_device")]
    assert sorted(names) == [f"van-{number:02d}" for number in range(25)]


def test_of_one_device_only_its_own_rows(db, now):
    victim = make_victim()
    ask(victim.new.tenant, now, victim.device)
    file = made(now)
    assert len(lines(file, "tracker_position")) == 1
    assert "dispatch_shipment.ndjson" not in file.namelist()


def test_a_second_export_is_refused_while_the_first_is_made(customer, now):
    ask(customer.tenant, now)
    with pytest.raises(AlreadyAsked):
        ask(customer.tenant, now)
    made(now)
    ask(customer.tenant, now + timedelta(minutes=1))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_is_heard(now):
    owner = User.objects.create_user("owner@race.example.com", "correct-horse-battery-9")
    tenant = create_tenant("race", owner=owner).tenant
    heard, gate = [], threading.Barrier(6)

    def one():
        gate.wait()
        try:
            heard.append(ask(tenant, now))
        except AlreadyAsked:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 1


def test_after_a_week_the_file_is_gone(customer, now):
    ask(customer.tenant, now)
    made(now)
    make_due(now=now + timedelta(days=8))
    assert list(making.folder().glob("*.zip")) == []
    with scope.scope(tenant_id=customer.tenant.pk):
        assert DataExport.objects.for_tenant(customer.tenant).get().state == "gone"


def test_a_full_disk_is_said_and_tried_again(customer, now, monkeypatch):
    export = ask(customer.tenant, now)

    def full(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, "_write", full)
        make_due(now=now)
    with scope.scope(tenant_id=customer.tenant.pk):
        assert "No space left" in DataExport.objects.for_tenant(customer.tenant).get(pk=export.pk).trouble
    made(now)


def test_only_owners_and_admins_of_that_customer_download(customer, rival, signed_in, now):
    ask(customer.tenant, now)
    made(now)
    with scope.scope(tenant_id=customer.tenant.pk):
        wanted = DataExport.objects.for_tenant(customer.tenant).get().public_id
    address = f"{reverse('console_data_download')}?export={wanted}"
    answer = signed_in(customer.owner).get(address)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert zipfile.ZipFile(io.BytesIO(b"".join(answer))).testzip() is None
    assert signed_in(customer.member(Role.SUPERVISOR)).get(address).status_code == 403
    assert signed_in(rival.owner).get(address).status_code == 404


def test_an_organisation_is_erased_only_by_its_name_and_its_owner(customer, signed_in):
    page, erase = reverse("console_data"), reverse("console_data_erase_tenant")
    owner = signed_in(customer.owner)
    answer = owner.post(erase, {"tenant-name": "something else"})
    assert "This is not its name" in answer.content.decode()
    assert signed_in(customer.member(Role.ADMIN)).post(erase, {"tenant-name": "ours"}).status_code == 403
    owner.post(erase, {"tenant-name": "ours"})
    assert "This organisation is erased" in owner.get(page).content.decode()
    owner.post(reverse("console_data_take_back"))
    assert "This organisation is erased" not in owner.get(page).content.decode()


def test_a_device_is_erased_only_where_its_id_is_typed_twice(customer, signed_in):
    a_device(customer.test, "van-1")
    owner, address = signed_in(customer.owner), reverse("console_data_erase_device")
    assert (
        "not the id above"
        in owner.post(address, {"erase-device": "van-1", "erase-again": "van"}).content.decode()
    )
    assert (
        "No device" in owner.post(address, {"erase-device": "van-9", "erase-again": "van-9"}).content.decode()
    )
    answer = owner.post(address, {"erase-device": "van-1", "erase-again": "van-1"}, follow=True)
    assert "is being erased" in answer.content.decode()


def shelve(environment, day, content, root, *, released):
    """A day in the archive, its positions gone from the table or not."""
    location = f"tenant={environment.tenant.public_id}/environment={environment.public_id}/day={day}/positions.parquet"
    path = LocalShelf(root).root / location
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    at = datetime.now(UTC)
    with scope.scope(environment_id=environment.pk):
        ArchivedDay.objects.create(
            environment=environment, day=day, location=location, rows=7, bytes=len(content), newest_stored_at=at,
            sha256=hashlib.sha256(content).digest(), archived_at=at, released_at=at if released else None,
        )  # fmt: skip
    return path


def test_days_that_lie_in_the_archive_alone_are_in_it_as_the_files_they_are(
    customer, rival, now, tmp_path, settings
):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path / "archive"
    root = tmp_path / "archive"
    shelve(customer.test, "2026-01-01", b"PAR1 first", root, released=True)
    shelve(customer.live, "2026-01-01", b"PAR1 of the live one", root, released=True)
    shelve(customer.test, "2026-01-02", b"PAR1 second", root, released=True)
    shelve(customer.test, "2026-06-01", b"PAR1 still in the table", root, released=False)
    shelve(rival.test, "2026-01-01", b"PAR1 theirs", root, released=True)
    ask(customer.tenant, now)
    file = made(now)
    found = {name: file.read(name) for name in file.namelist() if name.endswith(".parquet")}
    assert found == {
        f"archive/{customer.test.public_id}/2026-01-01.parquet": b"PAR1 first",
        f"archive/{customer.test.public_id}/2026-01-02.parquet": b"PAR1 second",
        f"archive/{customer.live.public_id}/2026-01-01.parquet": b"PAR1 of the live one",
    }
    assert "archive: 21" in file.read("README.txt").decode()


def test_an_archived_day_that_is_not_what_was_written_is_never_handed_out(customer, now, tmp_path, settings):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path / "archive"
    path = shelve(customer.test, "2026-01-01", b"PAR1 first", tmp_path / "archive", released=True)
    path.write_bytes(b"PAR1 other")
    ask(customer.tenant, now)
    for _ in range(making.MOST_TRIES + 100):
        assert make_due(now=now, budget_s=5) == 0
        with scope.scope(tenant_id=customer.tenant.pk):
            export = DataExport.objects.for_tenant(customer.tenant).get()
        if export.state != DataExport.State.MAKING:
            break
    assert export.state == DataExport.State.FAILED
    assert "its digest is another" in export.trouble
    assert list(making.folder().glob("*.zip")) == []
