"""Cold start of the HTTP function: from the start of a fresh interpreter to its answer, with Kinesis beside it.

The interpreter sees what the package holds, `ingest_lambda` and msgspec, and nothing of this project's environment.
Kinesis is a stand-in behind TLS on this machine that answers at once, so what is measured is ours: interpreter,
imports, set-up, TLS, signing, the answer. Lambda itself adds its own time before the interpreter starts.
"""

import argparse
import datetime
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ingest_lambda.keys import Kind, Mode, mint

PROJECT = Path(__file__).resolve().parent.parent
SECRET = "bench"
STARTS = 15
TARGET_MS = 200
# what an answer may have imported; anything else that is not the standard library's is a mistake
PACKAGES = {"ingest_lambda", "msgspec"}
CHILD = """
import sys
sys.path.insert(0, {package!r})
import json
event = json.loads(sys.stdin.read())
from ingest_lambda.lambda_http import handler
answer = handler(event, None)
assert answer["statusCode"] == 202, answer
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def event() -> dict[str, Any]:
    """One post of one fix, as API Gateway hands it over."""
    key = mint(Kind.PUBLISHABLE, Mode.TEST, 1, 1, SECRET)
    fix = {"recorded_at": int(time.time() * 1000), "latitude": 52.37, "longitude": 4.9, "accuracy_m": 8}
    return {
        "version": "2.0",
        "rawPath": "/ingest/v1/positions",
        "rawQueryString": "",
        "headers": {"authorization": f"Bearer {key}", "content-type": "application/json"},
        "requestContext": {"stage": "$default", "http": {"method": "POST", "sourceIp": "192.0.2.1"}},
        "body": json.dumps({"device_id": "van-1", "positions": [fix]}),
        "isBase64Encoded": False,
    }


def measure(starts: int = STARTS) -> dict[str, Any]:
    """Median and worst of `starts` fresh interpreters, with compiled modules and without, and what they imported."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, kinesis(Path(folder)) as environ:
        package = packed(Path(folder) / "package")
        once(package, environ)  # reads the disk, and compiles
        walls, cpus, imported = zip(*(once(package, environ) for _ in range(starts)), strict=True)
        bare = statistics.median(interpreter() for _ in range(starts))
        raw = [once(package, environ | {"PYTHONDONTWRITEBYTECODE": "1"}, fresh=True)[0] for _ in range(5)]
    figures["cold start p50, ms"] = round(statistics.median(walls), 1)
    figures["cold start worst, ms"] = round(max(walls), 1)
    figures["of it processor time, ms"] = round(statistics.median(cpus), 1)
    figures["a bare interpreter, ms"] = round(bare, 1)
    figures["cold start p50 without compiled modules, ms"] = round(statistics.median(raw), 1)
    figures["target, ms"] = TARGET_MS
    figures["within the target"] = statistics.median(walls) < TARGET_MS
    figures["starts"] = starts
    figures["packages beyond the standard library"] = ", ".join(sorted(foreign(imported[0])))
    return figures


def run(seconds: float, **_: Any) -> dict[str, Any]:
    """The case as `make bench-edge` runs it; a start takes a fifth of a second, so `seconds` bounds their number."""
    figures = measure(max(5, min(40, int(seconds * 3))))
    return {"figures": figures, "table": [[what, value] for what, value in figures.items()]}


def once(package: Path, environ: dict[str, str], *, fresh: bool = False) -> tuple[float, float, list[str]]:
    """One start to its answer: milliseconds on the wall, of the processor, and the top modules imported."""
    if fresh:
        for compiled in package.rglob("*.pyc"):
            compiled.unlink()
    command = [_python(), "-I", "-S", "-c", CHILD.format(package=str(package))]
    if fresh:
        command.insert(1, "-B")
    given = json.dumps(event()).encode()
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(command, input=given, capture_output=True, env=environ, check=False)
    wall, after = time.perf_counter() - began, os.times()
    if done.returncode:
        raise RuntimeError(f"the function did not answer: {done.stderr.decode()[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return wall * 1000, cpu * 1000, modules


def interpreter() -> float:
    """How long an interpreter takes that does nothing, in milliseconds."""
    began = time.perf_counter()
    subprocess.run([_python(), "-I", "-S", "-c", "pass"], check=True)
    return (time.perf_counter() - began) * 1000


def importing(package: Path, environ: dict[str, str], most: int = 25) -> list[tuple[int, str]]:
    """The modules that took longest to import by themselves: microseconds and name."""
    command = [_python(), "-I", "-S", "-X", "importtime", "-c", CHILD.format(package=str(package))]
    done = subprocess.run(
        command, input=json.dumps(event()).encode(), capture_output=True, env=environ, check=True
    )
    rows = [line.split("|") for line in done.stderr.decode().splitlines() if line.startswith("import time:")]
    found = [(int(row[0].split(":")[1]), row[2].strip()) for row in rows[1:]]
    return sorted(found, reverse=True)[:most]


def packed(folder: Path) -> Path:
    """What the package of the HTTP function holds, as links: our code and msgspec."""
    folder.mkdir()
    source = PROJECT / "ingest_lambda"
    for path in source.rglob("*.py"):
        place = folder / "ingest_lambda" / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    library = Path(msgspec.__file__).parent
    for path in library.iterdir():
        if path.suffix in {".py", ".so"}:
            place = folder / "msgspec" / path.name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(path.read_bytes())
    return folder


def foreign(modules: list[str]) -> set[str]:
    """Those of the modules that are not of the standard library."""
    return {name for name in modules if name not in sys.stdlib_module_names} - {"__main__"}


@contextmanager
def kinesis(folder: Path) -> Iterator[dict[str, str]]:
    """A Kinesis that takes everything, behind TLS; the environment of a function that uses it."""
    certificate = _certificate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield {
            "SSL_CERT_FILE": str(certificate),
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_KINESIS": f"https://localhost:{server.server_port}",
            "MILEPOST_KEY_SIGNING_SECRETS": SECRET,
            "MILEPOST_STREAM_URL": "kinesis://eu-west-1/positions",
            "MILEPOST_ENV_FILE": "/nonexistent",
        }
    finally:
        server.shutdown()
        server.server_close()


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        results = [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"} for _ in asked["Records"]]
        body = json.dumps({"FailedRecordCount": 0, "Records": results}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _certificate(folder: Path) -> Path:
    """A key and a certificate for localhost that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "kinesis.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


def _python() -> str:
    """The interpreter itself, outside of any environment."""
    return os.path.realpath(sys.executable)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start", description=__doc__)
    parser.add_argument("--starts", type=int, default=STARTS)
    options = parser.parse_args()
    figures = measure(options.starts)
    for what, value in figures.items():
        print(f"  {what:<52} {value!s:>24}")
    with tempfile.TemporaryDirectory() as folder, kinesis(Path(folder)) as environ:
        package = packed(Path(folder) / "package")
        once(package, environ)
        print("\n  imports that took longest by themselves, µs")
        for microseconds, name in importing(package, environ):
            print(f"  {name:<52} {microseconds:>14,}")
    print("\n" + json.dumps(figures))


if __name__ == "__main__":
    main()
