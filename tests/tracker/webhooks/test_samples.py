"""The code shown beside a new secret, run as it stands against requests as we sign them."""

import json
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tracker.webhooks.samples import Sample, samples
from tracker.webhooks.signing import headers, new_secret, secret_text

SECRET = new_secret()
OTHER = new_secret()


def the(name: str, url: str = "http://localhost/") -> Sample:
    [found] = [one for one in samples(secret_text(SECRET), url, "application/json") if one.name == name]
    return found


def signed(body: bytes, *secrets: bytes) -> dict[str, str]:
    return headers(secrets or [SECRET], "evt_1", int(time.time()), body)


def test_the_python_sample_answers_challenges_and_takes_an_event_once(capsys):
    place: dict[str, Any] = {}
    exec(the("Python").text, place)
    challenge = json.dumps({"type": "webhook.verification", "challenge": "repeat me", "id": "vrf_1"}).encode()
    assert place["receive"](signed(challenge), challenge) == (200, "repeat me")
    event = json.dumps({"id": "evt_1", "type": "device.silent", "timestamp": "t", "data": {}}).encode()
    for _ in range(2):
        assert place["receive"](signed(event, OTHER, SECRET), event) == (204, "")
    assert capsys.readouterr().out.count("device.silent") == 1
    with pytest.raises(Exception, match="signature"):
        place["receive"](signed(event, OTHER), event)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize(("secrets", "ends_well"), [([OTHER, SECRET], True), ([OTHER], False)])
def test_the_node_sample_lets_our_requests_in_and_no_others(tmp_path, secrets, ends_well):
    body = '{"id":"evt_1","data":"ü"}'
    call = f"console.log(verify({json.dumps(signed(body.encode(), *secrets))}, {json.dumps(body)}).id);"
    (tmp_path / "sample.mjs").write_text(the("Node").text + call, encoding="utf-8")
    ran = subprocess.run(["node", "sample.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) is ends_well, ran.stderr
    assert ("evt_1" in ran.stdout) is ends_well


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_curl_sample_sends_what_the_public_library_accepts():
    taken: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            given = {name.lower(): value for name, value in self.headers.items()}
            taken.append(Webhook(secret_text(SECRET)).verify(body, given))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    text = the("curl", f"http://127.0.0.1:{server.server_port}/hooks").text
    ran = subprocess.run(["sh", "-c", text], capture_output=True, text=True, timeout=30, check=False)
    server.shutdown()
    server.server_close()
    assert taken == [{"type": "webhook.test"}], ran.stderr
