"""The compiled part of the route solver, built at set-up so that no plan waits for a compiler."""

from box.place import Place
from box.say import Progress, run_logged

ASKED = "from dispatch.optimiser.engines.kernel.library import built; print(built())"


def compile_search(place: Place, progress: Progress) -> None:
    """Build it if this source never was; raises `Refusal` where the compiler fails."""
    with progress.step("search", "the compiled part of the route solver"):
        run_logged(
            [str(place.venv_python), "-c", ASKED],
            place.logs / "setup-search.log",
            failed="compiling the route solver's search failed",
            next_step="look at the log; it needs gcc and libc6-dev, or a C compiler named in CC",
            cwd=place.project,
        )
