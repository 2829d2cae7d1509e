"""The front: one origin on nginx, routed to edge, live, web and the static files."""

from pathlib import Path

from box.place import Place
from box.processes import edge_sockets
from box.programs import Program
from box.settings_file import Settings
from box.templates import render, write_if_changed
from box.users import am_root, service_account

BINARY = "/usr/sbin/nginx"


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
        text = render(
            "nginx.conf",
            user_line=f"user {self._account};" if am_root() and self._account else "",
            scratch=str(scratch),
            listen=f"{settings['MILEPOST_LISTEN']}:{settings['MILEPOST_PORT']}",
            edge=" ".join(f'server "unix:{socket}" max_fails=0;' for socket in edge_sockets(settings)),
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
            command=(BINARY, "-e", "stderr", "-c", str(self._conf), "-g", "daemon off;"),
            priority=40,
            service=True,
            stop_signal="QUIT",
            stop_wait_s=5,
            watched=(self._conf,),
        )


def _tiles(path: str) -> str:
    """The operator's basemap file, with ranges, where there is one."""
    if not path:
        return ""
    return (
        f'location = /map/basemap.pmtiles {{ alias "{path}"; default_type application/octet-stream;'
        ' gzip off; add_header Cache-Control "no-cache" always; }'
    )
