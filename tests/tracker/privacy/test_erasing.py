"""Erasures: after one nothing of the customer is found anywhere, whatever happened on the way."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from tests.architecture.victim import MARK, make_victim
from tracker.archive.shelf import LocalShelf
from tracker.keys.models import Key
from tracker.keys.selectors import key_in_force
from tracker.limits import feed
from tracker.privacy import erasing, registry
from tracker.privacy.models import ErasureRequest
from tracker.privacy.services import (
    AlreadyAsked,
    NotErasable,
    erase_device,
    erase_tenant,
    take_back,
    throw_away,
)
from tracker.tenants import scope
from tracker.tenants.models import Environment, Membership, Role, Tenant, User
from tracker.tenants.services import add_test_environment

LATER = timedelta(days=8)


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def archive(tmp_path, settings):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path / "archive"
    settings.STATE_DIR = tmp_path / "state"
    return LocalShelf(tmp_path / "archive")


def all_tables() -> list[str]:
    """Every table of the schema and every partition, as the database itself lists them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


def traces(words: list[str], *, besides: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """The tables in which a word is found: in any column, bytes among them; ids with and without their dashes."""
    found = {}
    with scope.scope(unscoped="a test looks for what should be gone"), connection.cursor() as cursor:
        for table in all_tables():
            if table in besides:
                continue
            patterns = [f"%{word}%" for word in words]
            patterns += [f"%{word.encode().hex()}%" for word in words]
            cursor.execute(f'SELECT t::text FROM "{table}" t WHERE t::text ILIKE ANY(%s)', [patterns])
            if rows := [row[0][:300] for row in cursor.fetchall()]:
                found[table] = rows
    return found


def books() -> tuple[str, ...]:
    """Tables that are kept by law and name whom an invoice must name: the only ones in which a word may stay."""
    return tuple(
        table.name for table in registry.tables() if table.kept and table.label.startswith("billing.")
    )


def owned_rows(environments: list[int], tenant: int) -> dict[str, int]:
    """How many rows each table has that name the environments or the tenant, asked of the database's own catalogue."""
    found = {}
    with scope.scope(unscoped="a test looks for what should be gone"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name IN ('environment_id', 'tenant_id')"
        )
        for table, column in cursor.fetchall():
            numbers = environments if column == "environment_id" else [tenant]
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}" = ANY(%s)', [numbers])
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found


def words_of(victim) -> list[str]:
    """Names and ids of a customer's rows, ids as the database writes them too; not of what stays by law."""
    words = [MARK]
    stays = (victim.new.tenant.public_id, victim.invoice.public_id)
    for public in victim.ids:
        tail = public.partition("_")[2]
        if len(tail) == 32 and public not in stays:
            words += [tail, str(uuid.UUID(tail))]
    return words


def filed(shelf: LocalShelf, environment: Environment) -> Path:
    """A day in the archive."""
    folder = f"tenant={environment.tenant.public_id}/environment={environment.public_id}/day=2026-01-01"
    path = shelf.root / folder / "part.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(MARK.encode())
    return path


@pytest.fixture
def victim(db, archive):
    made = make_victim()
    environment = made.new.test.environment
    filed(archive, environment)
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.hset("archive:trouble", str(environment.pk), MARK)
    client.set(f"limit:environment:{environment.pk}", "1 1")
    staff = User.objects.create_superuser("staff@milepost.example", "correct-horse-battery-9")
    LogEntry.objects.create(
        user=staff, content_type=ContentType.objects.get_for_model(Tenant), object_id=str(made.new.tenant.pk),
        object_repr=MARK, action_flag=2, change_message=MARK,
    )  # fmt: skip
    return made


def finish(now: datetime) -> None:
    """Ticks until nothing is due."""
    for _ in range(200):
        erasing.erase_due(now=now, budget_s=0.2)
        with scope.scope(unscoped="a test asks whether all is done"):
            rows = ErasureRequest.objects.unscoped("the same").filter(ended_at=None, taken_back_at=None)
            if not rows.filter(due_at__lte=now).exists():
                return
    pytest.fail("the erasure does not end")


def test_the_victim_has_a_row_in_nearly_every_table_so_that_the_search_means_something(victim):
    environments = [victim.new.test.environment.pk, victim.new.live.environment.pk]
    there = owned_rows(environments, victim.new.tenant.pk)
    assert len(there) > 50
    assert traces([MARK])


def test_nothing_is_found_of_an_erased_organisation(victim, archive, now):
    words, tenant = words_of(victim), victim.new.tenant
    environments = [victim.new.test.environment.pk, victim.new.live.environment.pk]
    erase_tenant(tenant, by=victim.new.owner.user, now=now)
    finish(now + LATER)
    kept = {t.name for t in registry.tables() if t.kept is not None}
    assert {t: n for t, n in owned_rows(environments, tenant.pk).items() if t not in kept} == {}
    assert traces(words, besides=books()) == {}
    assert traces([*words[1:], f"@{MARK}"]) == {}, "books name the organisation alone"
    assert [path for path in archive.root.rglob("*") if path.is_file()] == []
    client = redis.Redis.from_url(settings.REDIS_URL)
    assert client.hget("archive:trouble", str(environments[0])) is None
    assert client.get(f"limit:environment:{environments[0]}") is None
    assert not Environment.objects.unscoped("a test looks").filter(tenant=tenant).exists()


class Killed(BaseException):
    """The worker's process ends here."""


@pytest.mark.parametrize("die_at", [1, 4, 30, 62, 80])
def test_a_crash_between_any_two_batches_loses_nothing(victim, now, monkeypatch, die_at):
    words = words_of(victim)
    erase_tenant(victim.new.tenant, by=victim.new.owner.user, now=now)
    real, calls = erasing._steps, 0

    def dying(order, moment):
        nonlocal calls
        for step in real(order, moment):
            calls += 1
            if calls == die_at:
                raise Killed
            yield step

    monkeypatch.setattr(erasing, "_steps", dying)
    with pytest.raises(Killed):
        finish(now + LATER)
    finish_at = now + LATER + erasing.LEASE
    erasing.erase_due(now=now + LATER + timedelta(seconds=1))
    finish(finish_at)
    assert traces(words, besides=books()) == {}
    assert traces([*words[1:], f"@{MARK}"]) == {}, "books name the organisation alone"


def test_within_its_grace_nothing_is_erased_and_all_credentials_are_refused(victim, now):
    secret = victim.new.test.secret_key
    before = owned_rows([victim.new.test.environment.pk], victim.new.tenant.pk)
    assert key_in_force(secret) is not None
    erase_tenant(victim.new.tenant, by=None, now=now)
    with transaction.atomic():
        assert key_in_force(secret) is None
    finish(now + timedelta(days=6))
    after = owned_rows([victim.new.test.environment.pk], victim.new.tenant.pk)
    assert {t: n for t, n in after.items() if t != "tracker_erasurerequest"} == before


def test_taken_back_in_time_everything_is_as_it_was_and_keys_revoked_before_stay_so(victim, now):
    with scope.scope(unscoped="a test revokes a key"):
        old = Key.objects.for_environment(victim.new.test.environment).get(kind="pk")
        Key.objects.for_environment(victim.new.test.environment).filter(pk=old.pk).update(
            revoked_at=now - timedelta(days=1)
        )
    order = erase_tenant(victim.new.tenant, by=None, now=now)
    assert take_back(order, now=now + timedelta(days=3))
    assert not take_back(order, now=now + timedelta(days=3))
    finish(now + LATER)
    with transaction.atomic():
        assert key_in_force(victim.new.test.secret_key) is not None
        scope.enter(unscoped="a test looks")
        assert Key.objects.for_environment(victim.new.test.environment).get(pk=old.pk).revoked_at is not None
    assert traces([MARK])


def test_after_its_grace_an_order_cannot_be_taken_back(victim, now):
    order = erase_tenant(victim.new.tenant, by=None, now=now)
    assert not take_back(order, now=now + LATER)


def test_the_same_is_ordered_once(victim, now):
    erase_tenant(victim.new.tenant, by=None, now=now)
    with pytest.raises(AlreadyAsked):
        erase_tenant(victim.new.tenant, by=None, now=now)


def test_a_thrown_away_environment_is_refused_at_once_and_gone_soon_its_neighbours_untouched(victim, now):
    tenant, test = victim.new.tenant, victim.new.test.environment
    add_test_environment(tenant, "Second", by=victim.new.owner.user)
    live_before = owned_rows([victim.new.live.environment.pk], -1)
    throw_away(test, by=None, now=now)
    with transaction.atomic():
        assert key_in_force(victim.new.test.secret_key) is None
    erasing.erase_due(now=now)
    assert Environment.objects.unscoped("a test looks").filter(pk=test.pk).exists(), (
        "reports may be on their way"
    )
    finish(now + erasing.SETTLES)
    assert not Environment.objects.unscoped("a test looks").filter(pk=test.pk).exists()
    assert owned_rows([test.pk], -1) == {}
    assert owned_rows([victim.new.live.environment.pk], -1) == live_before


def test_what_books_need_stays_of_live_environments_alone(victim, now):
    """By its name: the tracker knows no billing, and its table names an environment as every other does."""
    label = "billing.UsageRecord"
    model = next(table.model for table in registry.tables() if table.label == label)
    test, live = victim.new.test.environment, victim.new.live.environment
    for environment in (test, live):
        with scope.scope(unscoped="a test makes books"):
            model._base_manager.create(
            environment=environment, meter="fixes_accepted", hour=now.replace(minute=0, second=0, microsecond=0),
            quantity=7, computed_at=now,
        )  # fmt: skip
    erase_tenant(victim.new.tenant, by=None, now=now)
    finish(now + LATER)
    left = Environment.objects.unscoped("a test looks").filter(tenant=victim.new.tenant)
    assert [(one.pk, one.name) for one in left] == [(live.pk, f"erased {live.pk}")]
    with scope.scope(unscoped="a test looks"):
        rows = model._base_manager.filter(environment__in=[test, live])
        assert list(rows.values_list("environment_id", flat=True)) == [live.pk]


def test_doors_go_on_refusing_a_publishable_key_whose_row_is_gone(victim, now):
    add_test_environment(victim.new.tenant, "Second", by=victim.new.owner.user)
    with scope.scope(unscoped="a test looks"):
        key = Key.objects.for_environment(victim.new.test.environment).get(kind="pk")
    throw_away(victim.new.test.environment, by=None, now=now)
    with scope.scope(unscoped="a test looks"):
        assert key.pk in feed._revoked_keys()
    finish(now + erasing.SETTLES)
    with scope.scope(unscoped="a test looks"):
        assert key.pk in feed._revoked_keys()


def test_the_last_test_environment_and_a_live_one_are_not_thrown_away(victim, now):
    for environment in (victim.new.test.environment, victim.new.live.environment):
        with pytest.raises(NotErasable):
            throw_away(environment, by=None, now=now)


def test_nothing_is_found_of_an_erased_device_but_what_is_listed(victim, now):
    device, tenant = victim.device, victim.new.tenant
    other = traces([device.external_id])
    assert "tracker_device" in other
    erase_device(device, tenant=tenant, by=None, now=now)
    finish(now + erasing.SETTLES)
    with scope.scope(unscoped="a test looks"), connection.cursor() as cursor:
        for table in registry.tables():
            if table.device and table.label not in erasing.STAYS_WITH_A_DEVICE:
                cursor.execute(f'SELECT count(*) FROM "{table.name}" WHERE device_id = %s', [device.pk])
                assert cursor.fetchone()[0] == 0, table.label
    assert traces([device.external_id]) == {}
    with scope.scope(unscoped="a test looks"):
        assert Environment.objects.unscoped("a test looks").filter(pk=device.environment_id).exists()


def test_an_archive_that_is_away_holds_an_erasure_up_and_says_so(victim, now, monkeypatch):
    order = erase_tenant(victim.new.tenant, by=None, now=now)

    def away(environment_id):
        raise OSError("the bucket does not answer")

    monkeypatch.setattr(registry, "environment_hooks", [away])
    assert erasing.erase_due(now=now + LATER) == 0
    with scope.scope(unscoped="a test looks"):
        order.refresh_from_db(from_queryset=ErasureRequest.objects.unscoped("a test looks"))
    assert "the bucket does not answer" in order.trouble
    monkeypatch.undo()
    finish(now + LATER)


def test_who_belongs_to_another_organisation_keeps_their_account(victim, customer, now):
    both = victim.new.owner.user
    with scope.scope(tenant_id=customer.tenant.pk):
        Membership.objects.create(tenant=customer.tenant, user=both, role=Role.VIEWER)
    erase_tenant(victim.new.tenant, by=None, now=now)
    finish(now + LATER)
    both.refresh_from_db()
    assert both.is_active
    assert MARK in both.email
