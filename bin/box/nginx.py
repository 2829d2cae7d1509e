"""The front: one origin on nginx, routed to edge, live, web and the static files."""

import grp
import ipaddress
import pwd
import shutil
from pathlib import Path

from box import front_workers
from box.place import Place
from box.processes import edge_sockets, registrations_socket
from box.programs import Program
from box.say import Refusal
from box.settings_file import Settings
from box.templates import render, write_if_changed
from box.users import service_account

BINARY = "/usr/sbin/nginx"
LAUNCH = Path(front_workers.__file__).resolve()


class Nginx:
    """The front of a stack; `assets` is the folder that holds `static/`."""

    def __init__(self, place: Place, assets: Path) -> None:
        self._place = place
        self._assets = assets
        self._account = service_account("www-data", "nobody")
        self._conf = place.conf / "nginx.conf"

    def prepare(self, settings: Settings) -> None:
        """Folders and configuration."""
        scratch = self._place.state / "nginx"
        scratch.mkdir(mode=0o755, exist_ok=True)
        self._let_in_workers_alone(self._place.run / "app")
        group = _group_of(self._account) if self._account else ""
        text = render(
            "nginx.conf",
            user_line=f"user {self._account} {group};" if self._account else "",
            scratch=str(scratch),
            pid_file=str(self._place.front_pid_file),
            # whoever ends TLS speaks plain HTTP to us; what the world calls us says what the client spoke
            scheme="https" if settings["MILEPOST_BASE_URL"].startswith("https://") else "$scheme",
            trusted_proxy=_trusted(settings.values.get("MILEPOST_TRUSTED_PROXY", "")),
            listen=f"{settings['MILEPOST_LISTEN']}:{settings['MILEPOST_PORT']}",
            edge=" ".join(f'server "unix:{socket}" max_fails=0;' for socket in edge_sockets(settings)),
            registrations=registrations_socket(settings),
            web=settings["MILEPOST_WEB_SOCKET"],
            live=settings["MILEPOST_LIVE_SOCKET"],
            static=str(self._assets / "static"),
            tiles=_tiles(settings.values.get("MILEPOST_MAP_PMTILES", "")),
        )
        write_if_changed(self._conf, text)

    def program(self) -> Program:
        """The front under the supervisor; QUIT lets requests under way end."""
        return Program(
            name="nginx",
            command=(*self._launch(), BINARY, "-e", "stderr", "-c", str(self._conf), "-g", "daemon off;"),
            priority=40,
            service=True,
            stop_signal="QUIT",
            stop_wait_s=5,
            watched=(self._conf,),
        )

    def serves(self, pid: int) -> bool:
        """Whether this process is a master that holds its port: it writes its id down only then."""
        pid_file = self._place.front_pid_file
        return pid_file.is_file() and pid_file.read_text(encoding="ascii").strip() == str(pid)

    def _launch(self) -> tuple[str, ...]:
        return (str(self._place.venv_python), "-S", str(LAUNCH), str(self._place.front_pid_file))

    def _let_in_workers_alone(self, sockets: Path) -> None:
        """Who reaches web or edge behind our back can claim any address: only nginx's group enters, or we alone."""
        sockets.mkdir(mode=0o700, exist_ok=True)
        if self._account:
            shutil.chown(sockets, group=_group_of(self._account))
        sockets.chmod(0o750 if self._account else 0o700)


def _group_of(account: str) -> str:
    return grp.getgrgid(pwd.getpwnam(account).pw_gid).gr_name


def _trusted(text: str) -> str:
    """Directives that take the client's address from the proxies of these addresses or networks, and no others."""
    lines = []
    for part in text.replace(",", " ").split():
        try:
            lines.append(f"set_real_ip_from {ipaddress.ip_network(part, strict=False)};")
        except ValueError:
            raise Refusal(
                f"MILEPOST_TRUSTED_PROXY holds {part!r}, which is no address or network",
                next_step="give addresses or networks with commas, such as 10.0.0.5,192.168.0.0/24",
            ) from None
    return " ".join([*lines, "real_ip_header X-Forwarded-For; real_ip_recursive on;"]) if lines else ""


def _tiles(path: str) -> str:
    """The operator's basemap file, with ranges, where there is one."""
    if not path:
        return ""
    return (
        f'location = /map/basemap.pmtiles {{ alias "{path}"; default_type application/octet-stream;'
        ' gzip off; add_header Cache-Control "no-cache" always; }'
    )
