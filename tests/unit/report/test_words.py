"""The catalogues: complete, in both languages alike, compiled as they are written, and without entries nobody says."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import bakewatch
from bakewatch.model.chart import Marked
from bakewatch.model.habit import Trust
from bakewatch.model.hosting import Build, Safety
from bakewatch.model.journey import Walked
from bakewatch.model.plan import Rule
from bakewatch.model.release import MergeKind
from bakewatch.model.report import Stage, Standing, Tone, Unit
from bakewatch.model.timeline import Confirmation
from bakewatch.model.verdict import Ending, Outcome, Permission, Reason
from bakewatch.report.compose import compose
from bakewatch.report.document import words_of
from bakewatch.report.say import LANGUAGES, Speaker, number, percent

from . import timelines as told

SOURCE = Path(bakewatch.__file__).parent
WORDS = SOURCE / "report" / "words"

SPOKEN: dict[str, type[StrEnum]] = {
    "standing": Standing,
    "changed": Standing,
    "trigger": Standing,
    "policy.agrees": Standing,
    "policy.conclusion": Standing,
    "confirmation": Confirmation,
    "note": Confirmation,
    "kind": MergeKind,
    "rule": Rule,
    "walked": Walked,
    "permission": Permission,
    "build": Build,
    "safety": Safety,
    "outcome": Outcome,
    "ending": Ending,
    "tone": Tone,
    "found": Unit,
    "mark": Marked,
    "novelty": Trust,
}
"""Families of which every member of an enumeration has an entry."""

CODES = frozenset({"forbidden", "unsupported", "no_extension", "malformed", "missing", "unreadable", "no_samples"})
"""Codes that the code does not name where it gives them."""

_GIVERS = {"CannotWalk", "QueryError", "Unavailable", "Trouble"}
_KEYS = {"code", "problem", "refusal", "gap", "detail"}

OPEN_FAMILIES = {"code", "number", "moment", *SPOKEN}
"""Families whose members come from elsewhere: of the judges, of vendors, of enumerations."""


def po(language: str) -> Catalog:
    return read_po(BytesIO((WORDS / f"{language}.po").read_bytes()), locale=language)


def entries(catalogue: Catalog) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def constants(folder: Path) -> Iterator[str]:
    """Every string of the code."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def codes_given() -> Iterator[str]:
    """Every code that judges, the story and the vendors put into a reason, a gap or a problem."""
    paths = [path for part in ("judge", "flow", "vendors") for path in (SOURCE / part).rglob("*.py")]
    for path in [*paths, SOURCE / "report" / "findings.py"]:
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        for call in calls:
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            giver = name in _GIVERS or (name.endswith("Error") and name != "ConfigError")
            told = [*(call.args[:1] if giver else ()), *(one.value for one in call.keywords if one.arg in _KEYS)]
            yield from (text for one in told for text in _codes_in(one))


def _codes_in(told: ast.expr) -> Iterator[str]:
    nodes = (one for one in ast.walk(told) if isinstance(one, ast.Constant) and isinstance(one.value, str))
    yield from (str(one.value) for one in nodes if re.fullmatch(r"[a-z]+(_[a-z]+)*", str(one.value)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_compiled_as_it_is_written(language: str) -> None:
    with (WORDS / f"{language}.mo").open("rb") as compiled:
        assert entries(read_mo(compiled)) == entries(po(language))


def test_the_catalogues_have_the_same_entries_with_the_same_places() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    english, korean = entries(po("en")), entries(po("ko"))
    assert english.keys() == korean.keys()
    for entry, text in english.items():
        assert text and korean[entry], entry
        assert places(text) == places(korean[entry]), entry


def test_nothing_is_left_untranslated() -> None:
    english, korean = entries(po("en")), entries(po("ko"))
    alike = {entry for entry in english if english[entry] == korean[entry]}
    assert alike <= {"number.ln_e"}
    assert not any(message.fuzzy for language in LANGUAGES for message in po(language) if message.id)


def test_no_entry_is_one_of_the_phrases_that_say_nothing() -> None:
    for text in [*entries(po("en")).values(), *entries(po("ko")).values()]:
        assert not re.search("확인 중|확인 필요|TBD|to be confirmed", text)


@pytest.mark.parametrize(("family", "members"), SPOKEN.items())
def test_every_member_of_an_enumeration_has_words(family: str, members: type[StrEnum]) -> None:
    missing = {f"{family}.{member.value}" for member in members} - entries(po("en")).keys()
    assert not missing


def test_every_stage_has_words() -> None:
    assert {f"stage.{stage.value}" for stage in Stage if stage is not Stage.FINAL} <= entries(po("en")).keys()


def test_every_known_code_has_words() -> None:
    known = entries(po("en")).keys()
    given = {*CODES, *codes_given()}
    assert len(given) > 50
    assert not {code for code in given if f"code.{code}" not in known}


@pytest.mark.parametrize(
    ("code", "words"), [("status_503", "answered with status 503"), ("git_merge_base", "git could not do merge-base")]
)
def test_a_code_that_names_a_number_or_a_command_has_words(code: str, words: str) -> None:
    assert words_of(Speaker(compose(told.passed()), "en").code(code)) == words


def test_every_entry_that_the_code_says_exists_and_no_other() -> None:
    known = entries(po("en")).keys()
    said = {text for text in constants(SOURCE / "report") if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", text)}
    from_elsewhere = tuple(f"{family}." for family in (*OPEN_FAMILIES, "stage"))
    assert {entry for entry in known if not entry.startswith(from_elsewhere)} <= said, "entries that nobody says"
    families = {entry.partition(".")[0] for entry in known}
    assert {entry for entry in said if entry.partition(".")[0] in families} <= known, "entries that do not exist"


def test_every_line_of_every_story_has_words() -> None:
    known = entries(po("en")).keys()
    for story in (*told.FINAL.values(), *told.UNFINISHED.values()):
        for moment in compose(story(), told.at(14)).moments:
            assert f"moment.{moment.code}" in known


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_code_is_shown_as_itself(language: str) -> None:
    speaker = Speaker(compose(told.passed()), language)
    assert words_of(speaker.reason(Reason(code="never_heard_of"))) == "never_heard_of"
    odd = Reason(code="blind", about="check:gone", numbers={"odd_number": 2.0}, detail="vendor_code")
    text = words_of(speaker.reason(odd))
    assert text.startswith("gone: ")
    assert text.endswith("(vendor_code, odd_number 2)")
    assert words_of(speaker.say("code.")) == ""


def test_a_reason_names_what_it_speaks_of_and_tells_its_numbers_in_their_unit() -> None:
    speaker = Speaker(compose(told.passed()), "en")
    scarce = Reason(code="too_little_traffic", about="check:api_400", numbers={"could_see": 0.02, "target": 0.01})
    assert words_of(speaker.reason(scarce)).endswith("(could see 2 %, needed 1 %)")
    assert words_of(speaker.reason(scarce)).startswith("400 errors: ")
    unseen = Reason(code="blind", about="journey:admin", numbers={"seen": 0.4, "needed": 0.8})
    assert words_of(speaker.reason(unseen)) == "Administrator: blind for too long (seen 40 %, needed 80 %)"
    fallen = Reason(code="too_little_traffic", about="check:entries", numbers={"could_see": 0.6, "target": 0.5})
    assert words_of(speaker.reason(fallen)).endswith("(could see a loss of 60 %, needed a loss of 50 %)")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1204, "1,204"),
        (1234567.8, "1,234,568"),
        (12.345, "12.3"),
        (1.005, "1"),
        (0.25, "0.25"),
        (0.003141, "0.0031"),
        (-2.14, "-2.14"),
        (float("inf"), "∞"),
        (float("nan"), "?"),
    ],
)
def test_numbers_have_the_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_a_small_share_does_not_become_nothing() -> None:
    assert percent(0.00004) == "0.004 %"
