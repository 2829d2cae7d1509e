"""The functions' packages, really built: what is in each zip, how big it is, and that its handler can be imported."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from box.say import Progress, Refusal

from infra.packages import ENVIRONMENTS, INGEST_BYTES, Package, package
from tests.architecture.sources import tracked
from tests.infra.edge_modules import needed_by

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = json.loads((PROJECT / "zappa_settings.json").read_text(encoding="utf-8"))
HANDLERS = {"ingest": "lambda_http", "consume": "lambda_consume", "sweep": "lambda_sweep"}
# what Zappa reads while it packs
PACKING = (
    "lambda_handler", "runtime", "exclude", "exclude_glob", "include", "slim_handler",
    "use_precompiled_packages", "django_settings", "app_function", "prebuild_script", "environment_variables",
)  # fmt: skip
NEEDED_HERE = {"typing_extensions.py"}  # psycopg wants it below Python 3.13 only
SECRET = "MILEPOST_SECRET_KEY=do-not-ship"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """The project as a working copy has it, with what must never ship lying about in it."""
    folder: Path = tmp_path_factory.mktemp("checkout") / "milepost"
    for path in tracked():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / path, folder / path)
    for place in (folder, folder / "ingest_lambda"):
        (place / ".env").write_text(SECRET, encoding="utf-8")
    (folder / "var").mkdir()
    (folder / "var" / "milepost.env").write_text(SECRET, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def packages(checkout, tmp_path_factory) -> dict[str, Package]:
    """One of each stage. What is packed alike is packed once: a stage's other settings do not reach its zip."""
    state = tmp_path_factory.mktemp("state")
    made: dict[str, Package] = {}
    found = {}
    for stage, own in SETTINGS.items():
        alike = json.dumps([stage.split("_")[0], *(own.get(name) for name in PACKING)])
        if alike not in made:
            made[alike] = package(stage, checkout, state, Progress(quiet=True))
        found[stage] = made[alike]
    return found


def names_in(made: Package) -> set[str]:
    with zipfile.ZipFile(made.path) as archive:
        return set(archive.namelist())


def test_every_package_holds_the_edge_its_libraries_and_nothing_else(packages):
    for stage, made in packages.items():
        libraries = {"ingest": {"msgspec"}}.get(
            stage.split("_")[0],
            {"msgspec", "psycopg", "psycopg_binary", "psycopg_binary.libs", "redis"}
            | {"shapely", "shapely.libs", "numpy", "numpy.libs"},
        )
        tops = {top for top in made.tops if not top.endswith(".dist-info")}
        assert tops == libraries | {"ingest_lambda", "zappa_settings.py", "__init__.py"}, stage


def test_no_package_holds_django_secrets_tests_templates_or_static_files(packages):
    for stage, made in packages.items():
        for name in names_in(made):
            assert "django" not in name.lower(), stage
            assert not {".env", "milepost.env", "tests", "templates", "static", "tracker"} & set(
                name.split("/")
            ), name
        with zipfile.ZipFile(made.path) as archive:
            assert not [name for name in archive.namelist() if SECRET.encode() in archive.read(name)]


def test_the_doors_package_is_under_a_mebibyte_and_carries_no_consumer(packages):
    for stage, made in packages.items():
        if stage.startswith("ingest"):
            assert made.size < INGEST_BYTES
            names = names_in(made)
            assert not [name for name in names if name.startswith("ingest_lambda/steps")]
            assert "ingest_lambda/lambda_consume.py" not in names


def test_every_module_that_a_handler_loads_is_in_its_package(packages):
    for stage, made in packages.items():
        needed = needed_by(f"ingest_lambda.{HANDLERS[stage.split('_')[0]]}")
        assert sorted(needed - names_in(made)) == [], stage


def test_compiled_parts_are_for_lambdas_python(packages):
    for stage, made in packages.items():
        compiled = [name for name in names_in(made) if name.endswith(".so") and ".libs/" not in name]
        assert compiled, stage
        assert all(".cpython-313-x86_64-linux-gnu." in name for name in compiled), compiled


def test_door_and_consumer_are_packed_alike_in_every_stage(packages):
    assert {made.stage for made in packages.values()} == {f"{function}_dev" for function in HANDLERS}


@pytest.mark.parametrize("function", HANDLERS)
def test_the_handler_can_be_imported_from_the_unpacked_package_alone(function, packages, tmp_path):
    """With this Python's own build of the same libraries before it: the package's compiled parts are Lambda's."""
    own = tmp_path / "own"
    own.mkdir()
    here = Path(sysconfig.get_path("purelib"))
    for path in here.iterdir():
        if (
            path.name.split("-")[0]
            in {top.split("-")[0] for top in packages[f"{function}_dev"].tops} | NEEDED_HERE
        ):
            (own / path.name).symlink_to(path)
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(packages[f"{function}_dev"].path) as archive:
        archive.extractall(unpacked)
    script = (
        f"import sys; sys.path[:0] = [{str(own)!r}, {str(unpacked)!r}]\n"
        f"import ingest_lambda.{HANDLERS[function]} as module\n"
        "assert callable(module.handler)\n"
        f"assert module.__file__.startswith({str(unpacked)!r})\n"
        "print([name for name in ('django', 'numpy', 'boto3', 'zappa') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath},
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.parametrize("lock", sorted(set(ENVIRONMENTS.values())))
def test_what_ships_is_what_the_tests_ran_with(lock):
    here = pinned("dev")
    shipped = pinned(lock)
    assert shipped
    assert {name: version for name, version in shipped.items() if here.get(name) != version} == {}


def pinned(lock: str) -> dict[str, str]:
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", text, flags=re.MULTILINE))


def test_a_new_folder_that_nobody_excluded_is_refused(checkout, tmp_path):
    stray = checkout / "ledger"
    stray.mkdir()
    (stray / "accounts.py").write_text("x = 1\n", encoding="utf-8")
    try:
        with pytest.raises(Refusal, match="ingest_dev would ship ledger"):
            package("ingest_dev", checkout, tmp_path, Progress(quiet=True))
    finally:
        shutil.rmtree(stray)
