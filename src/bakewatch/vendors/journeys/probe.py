"""Can every journey be loaded, and are its tests found? Nothing is walked, nothing is sent."""

from collections.abc import Callable

from bakewatch.model.plan import Journey
from bakewatch.model.probe import Found, Probe, missing, ok

_RIGHT = {
    "no_such_file": "a pytest module beside the plan",
    "no_tests": "functions called `test_…`",
    "password_missing": "its persona's `password_env` in the environment",
}


def of(journey: Journey, find: Callable[[Journey], str]) -> Probe:
    """What *find* (a code, empty when all is well) says of *journey*."""

    def ask() -> Found:
        problem = find(journey)
        if not problem:
            return ok(f"{journey.file} can be loaded (it was not walked)")
        right = _RIGHT.get(problem, f"what `python -m pytest --collect-only {journey.file}` can load")
        return missing(f"{journey.file}: {problem}", right, needed=journey.required)

    return Probe(journey.name, ask, needed=journey.required)
