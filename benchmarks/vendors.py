"""The vendors' stories: `python -m benchmarks.vendors`.

Each story is one release on loopback stand-ins of GitHub, Vercel and, where its logs are hosted, Supabase, with a real
git remote, a real engine and the real command. Every answer of the stand-ins is held to the vendors' OpenAPI documents
where the environment variable BAKEWATCH_SPECS names a folder with them; the Vercel command line is run where it is
installed in `.cache`.
"""

import re
import sys
import tempfile
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.supastack import KEY, SupabaseStack, on_supabase
from tests.e2e.vendorstack import GITHUB_TOKEN, VERCEL_TOKEN, VendorStack, on_vendors

from bakewatch.report.document import words_of
from bakewatch.report.say import Speaker
from bakewatch.report.telling import verdict
from bakewatch.testing.supabase import TOKEN
from benchmarks import table
from benchmarks.same_numbers import same_numbers
from benchmarks.supabase_stories import SUPABASE_STORIES
from benchmarks.table import Row
from benchmarks.vendor_checks import command_line_sees, undocumented
from benchmarks.vendor_hooks import by_webhooks
from benchmarks.vendor_stories import STORIES, Story

PATIENCE = 240.0
"""So long one story may take, in seconds."""
SCALE = 0.08


@dataclass
class Actual:
    """What came out of one story."""

    story: Story
    ended: str = ""
    sentence: str = ""
    reverts: int = 0
    pinned: bool = False
    leaks: list[str] = field(default_factory=list)
    undocumented: list[str] = field(default_factory=list)
    held: int = 0
    """So many requests were held to the documents."""
    requests: Counter[str] = field(default_factory=Counter)
    log_queries: int = 0
    busiest: int = 0
    """The most queries of hosted logs within a minute."""
    shown: str = ""
    command_line: str = ""

    @property
    def met(self) -> bool:
        """Did it end as it had to?"""
        story = self.story
        return (self.ended, self.reverts, self.pinned) == (story.expected, story.reverts, story.pinned)


def run(story: Story) -> Actual:
    """Let *story* happen."""
    actual = Actual(story)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        (on_supabase if story.supabase else on_vendors)(Path(folder), duration="6m", scale=SCALE) as stack,
    ):
        if story.hooked:
            commit, printed = by_webhooks(stack, story.scene)
        else:
            commit = story.scene(stack)
            printed = _follow(stack, story, commit)
        _look_at(stack, actual, commit, printed)
    if not actual.met:
        print(f"--- {story.name}\n{printed}", file=sys.stderr, flush=True)
    return actual


def _follow(stack: VendorStack, story: Story, commit: str) -> str:
    """Run the command to its end; returns what it printed."""
    process = stack.bakewatch("verify", "--commit", commit)
    lines: list[str] = []
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    left = list(story.steps)
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if left and re.match(rf"\S+  {left[0][0]}\b", line):
            left.pop(0)[1](stack)
    process.wait()
    timer.cancel()
    return "".join(lines)


def _look_at(stack: VendorStack, actual: Actual, commit: str, printed: str) -> None:
    subjects = stack.git("log", "--no-merges", "--format=%s", "main", cwd=stack.remote).splitlines()
    actual.reverts = sum(subject.startswith("Revert") for subject in subjects)
    actual.pinned = stack.platform.held
    try:
        report = stack.report(commit)
    except OSError:
        actual.ended, actual.sentence = "no report", printed[-300:]
        return
    actual.ended = " ".join(filter(None, (report.ending or "", report.reason)))
    actual.sentence = words_of(verdict(report, Speaker(report, "en")))
    if isinstance(stack, SupabaseStack):
        actual.log_queries = sum(path.endswith("endpoints/logs") for _, path in stack.supabase.moments)
        actual.busiest = stack.busiest_minute()
    actual.leaks = [place for place, text in _artefacts(stack, printed) if any(one in text for one in _SECRETS)]
    actual.requests = Counter({"vercel": len(stack.vercel.asked), "github": len(stack.github.exchanges)})
    actual.held, actual.undocumented = undocumented(stack)
    told = stack.github.state
    states = [one.state for one in told.statuses] + [str(one.conclusion) for one in told.checks]
    actual.shown = f"{len(told.comments)} comment(s), {', '.join(states)}"
    if actual.story.pinned and actual.story.expected.startswith("not_undone"):
        actual.command_line = command_line_sees(stack)


_SECRETS = tuple(one.encode() for one in (GITHUB_TOKEN, VERCEL_TOKEN, TOKEN, KEY))


def _artefacts(stack: VendorStack, printed: str) -> Iterator[tuple[str, bytes]]:
    """Everything that was stored, printed or sent."""
    yield "the output", printed.encode()
    for path in stack.data.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
    for exchange in stack.github.exchanges:
        yield f"a request: {exchange.asked.path}", f"{exchange.asked.path} {exchange.asked.query}".encode()
        yield "a body", exchange.asked.body
    for one in stack.vercel.asked:
        yield f"a request: {one.path}", f"{one.path} {one.query}".encode() + one.body
    if isinstance(stack, SupabaseStack):
        for asked in stack.supabase.asked:
            yield f"a request: {asked.path}", f"{asked.path} {asked.query}".encode() + asked.body


def rows(found: Sequence[Actual]) -> Iterator[Row]:
    """One row a story, then what holds for all of them."""
    for one in found:
        goal = f"{one.story.expected}; reverts {one.story.reverts}; pinned {one.story.pinned}".lower()
        value = f"{one.ended}; reverts {one.reverts}; pinned {one.pinned}".lower() + f": {one.sentence}"
        yield Row(one.story.name, goal, value, one.met)
    leaks = sorted({place for one in found for place in one.leaks})
    yield Row("artefacts with a token", "0", ", ".join(leaks) or "0", not leaks)
    held = sum(one.held for one in found)
    strange = sorted({what for one in found for what in one.undocumented})
    value = f"{len(strange)} of {held} requests" + "".join(f"; {what}" for what in strange[:3])
    yield Row("requests or answers that no document describes", "0", value, held > 0 and not strange)
    for vendor, hourly in (("github", 1000), ("vercel", None)):
        most = max((one.requests[vendor] for one in found), default=0)
        # A story takes less time than a release, but the same number of looks.
        goal = f"below {hourly} an hour (the Action's own token)" if hourly else "counted"
        yield Row(f"requests to {vendor} in one release, the most", goal, str(most), hourly is None or most < hourly)
    hosted = [one for one in found if one.log_queries]
    if hosted:
        busiest = max(one.busiest for one in hosted)
        yield Row("queries of hosted logs in any minute of a bake, the most", "at most 10", str(busiest), busiest <= 10)
        calm = max(one.log_queries for one in hosted)
        yield Row("queries of hosted logs in one release of six minutes, the most", "counted", str(calm), True)
    told = next((one.command_line for one in found if one.command_line), "not run")
    yield Row("the real `vercel rollback status` sees our rollback", "yes", told, told.startswith("yes"))
    shown = next((one.shown for one in found if one.story.expected == "undone"), "")
    good = shown.startswith("1 comment") and shown.count("failure") >= 2
    yield Row("shown at the pull request and the commit", "1 comment, a failed status and check", shown, good)


def main() -> int:
    """Run the stories, one after another: two at once make each other blind. The exit code says whether all are met."""
    parser = ArgumentParser(description="The vendors' stories.")
    parser.add_argument("--only", default="", help="stories whose names contain this")
    parser.add_argument("--demo", type=Path, default=Path(".demo"), help="the folder of a finished `make demo`")
    asked = parser.parse_args()
    chosen = [one for one in (*STORIES, *SUPABASE_STORIES) if asked.only in one.name]
    found = [run(one) for one in chosen]
    told = [*rows(found), same_numbers(asked.demo)]
    table.show(told)
    if len(chosen) == len(STORIES) + len(SUPABASE_STORIES):
        table.write("vendors", "python -m benchmarks.vendors", told)
    return 0 if all(one.met for one in told) else 1


if __name__ == "__main__":
    sys.exit(main())
