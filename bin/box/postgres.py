"""The private PostgreSQL cluster: made once, never as root, reached over its own socket folder alone."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from box.place import Place
from box.programs import Program
from box.say import Progress, Refusal, last_lines, run_logged
from box.settings_file import Settings
from box.supervisor import run_quietly
from box.templates import render, write_if_changed
from box.users import account_name, as_account, give_file, own_folder, service_account

BIN = Path("/usr/lib/postgresql/15/bin")
ROLES = ("owner", "app", "edge")


class Postgres:
    """One cluster in a stack's state folder. Not durable means: for tests, where a crash may lose everything."""

    def __init__(self, place: Place, *, durable: bool) -> None:
        self._place = place
        self._durable = durable
        self._account = service_account("postgres")
        self.data = place.state / "postgres"
        self.sockets = place.run / "pg"

    def prepare(self, progress: Progress) -> None:
        """Make the cluster if there is none, and write its configuration."""
        own_folder(self.sockets, self._account, 0o755)
        if not (self.data / "PG_VERSION").is_file():
            with progress.step("database", "making a private PostgreSQL cluster"):
                self._initdb()
        self._write("postgresql.conf", self._main_configuration())
        self._write("pg_hba.conf", render("pg_hba.conf"))
        self._write("pg_ident.conf", f"superuser {account_name(self._account)} postgres\n")

    def program(self) -> Program:
        """The server under the supervisor; SIGINT is PostgreSQL's fast shutdown."""
        return Program(
            name="postgres",
            command=(str(BIN / "postgres"), "-D", str(self.data)),
            priority=10,
            account=self._account,
            service=True,
            stop_signal="INT",
            stop_wait_s=60,
            watched=tuple(self.data / name for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")),
        )

    def ready(self) -> bool:
        """Whether the server accepts connections."""
        return run_quietly([str(BIN / "pg_isready"), "-q", "-h", str(self.sockets), "-p", "5432"])

    def make_roles(self, settings: Settings) -> None:
        """The three roles with their passwords, PostGIS in template1, the database; skipped when all that stands."""
        passwords = [settings[f"MILEPOST_{role.upper()}_PASSWORD"] for role in ROLES]
        stamp = self._place.state / "roles-stamp"
        wanted = hashlib.sha256("\n".join(passwords).encode()).hexdigest()
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        self._sql("template1", "CREATE EXTENSION IF NOT EXISTS postgis;")
        for role, password in zip(ROLES, passwords, strict=True):
            self._sql(
                "postgres",
                _role(f"milepost_{role}", password, "CREATEDB" if role == "owner" else "NOCREATEDB"),
            )
        self._sql(
            "postgres",
            "SELECT 'CREATE DATABASE milepost OWNER milepost_owner'"
            " WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'milepost') \\gexec",
        )
        stamp.write_text(wanted, encoding="utf-8")

    def _initdb(self) -> None:
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        own_folder(draft, self._account, 0o700)
        options = ["-U", "postgres", "-A", "peer", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
        run_logged(
            as_account(self._account, [str(BIN / "initdb"), "-D", str(draft), *options, *self._sync()]),
            self._place.logs / "setup-initdb.log",
            failed="making the database cluster failed",
            next_step="mend what it says, then make run",
            cwd=Path("/"),
        )
        draft.rename(self.data)

    def _sync(self) -> list[str]:
        return [] if self._durable else ["--no-sync"]

    def _main_configuration(self) -> str:
        memory = _memory_mb()
        return render(
            "postgresql.conf",
            socket_folder=str(self.sockets),
            max_connections=200,
            shared_buffers=f"{min(1024, max(128, memory // 8))}MB" if self._durable else "128MB",
            effective_cache_size=f"{max(256, memory // 2)}MB",
            durable="on" if self._durable else "off",
        )

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        write_if_changed(path, text, mode=0o600)
        give_file(path, self._account, 0o600)

    def _sql(self, database: str, text: str) -> None:
        psql = [
            str(BIN / "psql"),
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.sockets),
            "-U",
            "postgres",
        ]
        done = subprocess.run(
            as_account(self._account, [*psql, "-d", database]),
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        if done.returncode:
            raise Refusal(
                f"the database refuses its set-up: {done.stderr.strip()}",
                next_step="make logs p=postgres shows the server's side",
                tail=last_lines(self._place.logs / "postgres.log", 5),
            )


def _role(name: str, password: str, rights: str) -> str:
    """Passwords are ours, of letters, digits, - and _: they need no escaping."""
    return f"""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN CREATE ROLE {name}; END IF;
        END $$;
        ALTER ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS {rights} PASSWORD '{password}';
    """


def _memory_mb() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 2048
