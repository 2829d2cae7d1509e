"""Makes exports, a piece at a time: rows of a table as lines of JSON, in the end all pieces in one ZIP.

A piece is written whole under its name and then noted in the row of the export; a worker that dies between the two
leaves a file that the next one writes again. The pieces of a table are of different moments.
"""

import json
import logging
import shutil
import time
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tracker.privacy import registry, shelved
from tracker.privacy.models import DataExport
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant

ROWS_A_PIECE = 20_000
BUDGET_S = 15.0
LASTS = timedelta(days=7)
MOST_TRIES = 20  # of pieces that failed: a full disk does not empty itself
WHY = "exports of all customers are made in one go"
State = DataExport.State

logger = logging.getLogger(__name__)


def make_due(*, now: datetime, budget_s: float = BUDGET_S) -> int:
    """Work on exports that were asked for, and remove those past their week; how many became ready."""
    ends = time.monotonic() + budget_s
    _remove_old(now)
    with scope.scope(unscoped=WHY):
        rows = DataExport.objects.unscoped(WHY).filter(state=State.MAKING).order_by("asked_at")
        numbers = list(rows.values_list("pk", flat=True))
    ready = 0
    for number in numbers:
        while time.monotonic() < ends:
            state = _piece(number, now)
            ready += state == State.READY
            if state != State.MAKING:
                break
    return ready


def folder() -> Path:
    """Where exports lie."""
    return Path(settings.STATE_DIR) / "exports"


def _piece(number: int, now: datetime) -> str:
    """One piece of one export, its row locked meanwhile; its state afterwards, "" where another worker has it."""
    with scope.scope(unscoped=WHY):
        rows = DataExport.objects.unscoped(WHY).select_for_update(skip_locked=True)
        export = rows.filter(pk=number, state=State.MAKING).first()
        if export is None:
            return ""
        try:
            _go_on(export, now)
        except OSError as error:
            _failed(export, error, now)
        export.save()
        return str(export.state) if not export.trouble or export.state == State.FAILED else ""


def _go_on(export: DataExport, now: datetime) -> None:
    export.trouble = ""
    for table in exported(of_device=export.device_number is not None):
        done = export.done.get(table.label)
        if done is None or done[2] is not None:
            export.done[table.label] = _write(export, table, done or [0, 0, []])
            return
    if export.device_number is None and shelved.take_next(export, _workplace(export)):
        return
    _finish(export, now)


def _failed(export: DataExport, error: OSError, now: datetime) -> None:
    export.tries += 1
    export.trouble = f"{type(error).__name__}: {error}"[:300]
    logger.warning("an export is held up", extra={"export": export.pk, "reason": export.trouble})
    if export.tries >= MOST_TRIES:
        export.state, export.ended_at = State.FAILED, now
        shutil.rmtree(_workplace(export), ignore_errors=True)


def exported(*, of_device: bool) -> list[registry.Table]:
    """The tables that go into an export, by name."""
    found = [table for table in registry.tables() if not table.left_out and (table.device or not of_device)]
    return sorted(found, key=lambda table: table.name)


def _workplace(export: DataExport) -> Path:
    return folder() / f"{export.uid}.making"


def _write(export: DataExport, table: registry.Table, done: list[Any]) -> list[Any]:
    """The next piece of a table: pieces so far, rows so far, and after which key to go on (null: it is complete)."""
    pieces, rows, after = done
    lines, last = _read(export, table, after)
    if lines:
        pieces += 1
        place = _workplace(export)
        place.mkdir(parents=True, exist_ok=True)
        unfinished = place / ".unfinished"
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(place / f"{table.name}-{pieces:05d}.ndjson")
    return [pieces, rows + len(lines), last if len(lines) == ROWS_A_PIECE else None]


def _read(export: DataExport, table: registry.Table, after: list[str]) -> tuple[list[str], list[str]]:
    """Rows as JSON text, by their key from `after` on; and the key of the last."""
    key = ", ".join(f't."{column}"' for column in table.key)
    shown = ", ".join(f't."{column}"' for column in table.columns())
    where, values = _whose(export, table)
    if after:
        where += f" AND ({key}) > ({', '.join(['%s'] * len(after))})"
        values += after
    keys = ", ".join(f't."{column}"::text' for column in table.key)
    query = (
        f"SELECT (SELECT row_to_json(r)::text FROM (SELECT {shown}) r), {keys} "  # noqa: S608 names of our own
        f'FROM "{table.name}" t WHERE {where} ORDER BY {key} LIMIT %s'
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, ROWS_A_PIECE])
        found = cursor.fetchall()
    return [row[0] for row in found], list(found[-1][1:]) if found else []


def _whose(export: DataExport, table: registry.Table) -> tuple[str, list[Any]]:
    values: list[Any]
    if table.owner == "tenant_id":
        where, values = 't."tenant_id" = %s', [export.tenant_id]
    else:
        numbers = Environment.objects.for_tenant(export.tenant_id).values_list("pk", flat=True)
        where, values = 't."environment_id" = ANY(%s)', [list(numbers)]
    if export.device_number is not None:
        where += f' AND t."{table.device}" = %s'
        values.append(export.device_number)
    return where, values


def _finish(export: DataExport, now: datetime) -> None:
    """All pieces into one ZIP, table by table, with a page that says what is in it."""
    place = _workplace(export)
    place.mkdir(parents=True, exist_ok=True)
    name = f"{export.uid}.zip"
    unfinished = place / ".zip"
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr("README.txt", _readme(export, now))
        archive.writestr("organisation.json", json.dumps(_head(export), indent=2))
        for table in exported(of_device=export.device_number is not None):
            with archive.open(f"{table.name}.ndjson", "w", force_zip64=True) as out:
                for piece in sorted(place.glob(f"{table.name}-?????.ndjson")):
                    with piece.open("rb") as lines:
                        shutil.copyfileobj(lines, out, 1 << 20)
        for day in sorted(place.glob("archive/*/*.parquet")):
            archive.write(day, str(day.relative_to(place)), zipfile.ZIP_STORED)  # is compressed already
    unfinished.replace(folder() / name)
    shutil.rmtree(place, ignore_errors=True)
    export.file, export.bytes = name, (folder() / name).stat().st_size
    export.state, export.ended_at, export.expires_at = State.READY, now, now + LASTS


def _head(export: DataExport) -> dict[str, Any]:
    """The organisation, its environments and its people."""
    tenant = Tenant.objects.get(pk=export.tenant_id)
    environments = Environment.objects.for_tenant(tenant).order_by("pk")
    return {
        "id": tenant.public_id,
        "number": tenant.pk,
        "name": tenant.name,
        "environments": [
            {"id": one.public_id, "number": one.pk, "name": one.name, "kind": one.kind}
            for one in environments
        ],
    }


def _readme(export: DataExport, now: datetime) -> str:
    what = f"the device {export.device_name}" if export.device_number is not None else "your organisation"
    rows = "\n".join(f"{label}: {done[1]}" for label, done in sorted(export.done.items()))
    left_out = "\n".join(f"{table.label}: {table.left_out}" for table in registry.tables() if table.left_out)
    return (
        f"What Milepost holds of {what}, copied from {export.asked_at:%Y-%m-%d %H:%M} to {now:%H:%M} UTC.\n\n"
        "One file a table, one JSON object a line; geometries are GeoJSON, times carry their zone. Rows refer\n"
        "to each other by number: environment_id is the number of an environment in organisation.json.\n"
        "Credentials, digests of them and files that are bytes (proofs, uploads as they came) are not in it.\n"
        f"{shelved.told(export)}\n\n"
        f"Rows:\n{rows}\n\nNot in it:\n{left_out}\n"
    )


def _remove_old(now: datetime) -> None:
    """Exports past their week."""
    with scope.scope(unscoped=WHY):
        old = DataExport.objects.unscoped(WHY).filter(state=State.READY, expires_at__lte=now)
        for export in old.select_for_update(skip_locked=True):
            (folder() / export.file).unlink(missing_ok=True)
            export.state, export.file = State.GONE, ""
            export.save(update_fields=["state", "file"])


def remove_files_of(tenant_id: int) -> None:
    """All an organisation's exports, made or being made; their rows are for the caller."""
    with scope.scope(tenant_id=tenant_id):
        for export in DataExport.objects.for_tenant(tenant_id).select_for_update():
            (folder() / f"{export.uid}.zip").unlink(missing_ok=True)
            shutil.rmtree(_workplace(export), ignore_errors=True)
