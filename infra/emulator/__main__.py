"""`python -m infra.emulator PORT [tethered]`: serve on the loopback until told to stop.

Tethered, it also ends when its standard input does: with whoever started it, however that one ended.
"""

import os
import sys
import threading

# before boto3 is first used: what the kinds ask for goes to this very server, with credentials that are none
PORT = sys.argv[1] if len(sys.argv) > 1 else "5099"
os.environ.update(
    {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_PORT": PORT,
    }
)
for _name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
    os.environ.pop(_name, None)

from moto import server  # noqa: E402  the environment comes first

from infra.emulator import access_kinds, data_kinds, edge_kinds, gaps  # noqa: E402  the same
from infra.emulator.kinds import register  # noqa: E402  the same


def _end_with_the_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if "tethered" in sys.argv:
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
register([*access_kinds.KINDS, *data_kinds.KINDS, *edge_kinds.KINDS])
gaps.fill()
server.main(["-H", "127.0.0.1", "-p", PORT])
