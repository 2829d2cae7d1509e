"""The compiled search as a shared library: built once with the machine's C compiler, kept beside the source, loaded.

It is called through ctypes, which lets go of the interpreter's lock: two searches run on two cores in one process.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

from dispatch.optimiser.engines.kernel.layout import Layout

SOURCES = ("plan.h", "keep.h", "neighbours.h", "route.h", "ruin.h", "tails.h", "recreate.h", "search.c")
HERE = Path(__file__).parent
FOLDERS = (
    HERE / "__pycache__",
    Path.home() / ".cache" / "milepost",
    Path(tempfile.gettempdir()) / f"milepost-{os.getuid()}",
)
FLAGS = ("-O3", "-shared", "-fPIC", "-std=c11")


class NoCompiler(Exception):
    """There is no C compiler here, or it refused the source; the message says which."""


@cache
def library() -> ctypes.CDLL:
    """Raises NoCompiler where it was never built and cannot be."""
    return _declared(ctypes.CDLL(str(built())))


def available() -> bool:
    try:
        library()
    except (NoCompiler, OSError):
        return False
    return True


def built() -> Path:
    """The library's file, built if this source never was. Raises NoCompiler."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in SOURCES)).hexdigest()[:16]
    name = f"search-{digest}-{sysconfig.get_platform()}.so"
    for home in FOLDERS:
        if (home / name).exists() and (home / name).stat().st_uid in (0, os.getuid()):
            return home / name
    for home in FOLDERS:
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            return _build(home / name)
        except OSError:
            continue  # not ours to write: the next
    raise NoCompiler("no folder to keep the compiled search in")


def _build(target: Path) -> Path:
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("no C compiler: install gcc and libc6-dev, or name one in CC")
    with tempfile.TemporaryDirectory(dir=target.parent) as place:
        made = Path(place) / target.name
        run = subprocess.run(
            [compiler, *FLAGS, "-o", str(made), str(HERE / "search.c"), "-lm"],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            raise NoCompiler(f"{compiler} refused the search: {run.stderr.strip()[:300]}")
        made.replace(target)  # at once and whole: several processes may build at the same time
    return target


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    plan, number, pointer, real = ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_double
    library.tables_neighbours.argtypes = [ctypes.POINTER(Layout), pointer, pointer, real]
    library.tables_neighbours.restype = None
    library.plan_new.argtypes, library.plan_new.restype = [ctypes.POINTER(Layout), ctypes.c_uint64], plan
    library.plan_free.argtypes, library.plan_free.restype = [plan], None
    library.plan_load.argtypes, library.plan_load.restype = [plan, pointer, pointer], None
    library.plan_keep.argtypes, library.plan_keep.restype = [plan], None
    library.plan_focus.argtypes, library.plan_focus.restype = [plan, pointer, ctypes.c_int32], None
    library.plan_read.argtypes = [plan, ctypes.c_int32, pointer, pointer]
    library.plan_read.restype = ctypes.c_int32
    library.plan_cost.argtypes, library.plan_cost.restype = [plan, ctypes.c_int32], number
    library.plan_anneal.argtypes = [plan, number, real, real, real, real, real]
    library.plan_anneal.restype = None
    return library
