"""What the runner tells the plugin, and what the plugin reports: two JSON files; and what it has counted. Text in
them is raw."""

from msgspec import Struct, field

from bakewatch.model.journey import Parameter, Walked

ERRAND_VARIABLE = "BAKEWATCH_ERRAND"
"""The environment variable that names the file with the errand."""


class Errand(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One walk, as the plugin needs to know it. Secrets are names of environment variables."""

    address: str
    tag: str
    persona: str
    findings: str
    """The file to write."""
    seconds: float
    """After so long the walk ends itself, should the runner have died."""
    email: str = ""
    password_env: str = ""
    db_env: str = ""
    counts: str = ""
    """The socket to count at; empty: by `db_env`, if at all."""
    test_event: str = ""


MAX_COUNT = 64 * 1024
"""Bytes of a question, and of its answer."""


class CountAsked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question to the counter: one line of JSON."""

    query: str
    parameters: tuple[Parameter, ...] = ()


class CountTold(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Its answer: one line of JSON."""

    count: int | None = None
    problem: str = ""


class Exchange(Struct, forbid_unknown_fields=True, kw_only=True):
    """One request and what came back."""

    method: str
    path: str
    status: int = 0
    """0 when there was no answer."""
    ms: int = 0
    code: str = ""
    """The error code in the answer, if any."""


class Broken(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ended a walk early."""

    walked: Walked
    """FAILED, or UNWALKED when it says nothing about the release."""
    code: str = ""
    """Why it could not be walked."""
    words: str = ""
    """What did not hold, in the journey's own words."""
    exchanges: int = 0
    """How many requests had been made by then."""


class Findings(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a walk found, as far as it came."""

    collected: int = -1
    """Tests that were to be run; -1 before they are known."""
    finished: int = 0
    """Tests that were run to their end, whatever it was."""
    held: int = 0
    """Expectations and assertions that held, and observations."""
    shown: bool = False
    """Before it cleaned up, something had held and the application had answered or shown a page."""
    broken: Broken | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    facts: dict[str, int | bool | str] = field(default_factory=dict)
    swept: bool = True


def marked(tag: str) -> str:
    """How *tag* stands in headers that name a program."""
    return f"bakewatch/{tag}"


def short(text: str, limit: int) -> str:
    """At most *limit* characters of *text*, in a form that can be written as UTF-8."""
    return text[:limit].encode(errors="replace").decode()
