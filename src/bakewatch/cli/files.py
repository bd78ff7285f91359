"""The report files of a case."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bakewatch.model.timeline import Timeline

LANGUAGES = ("en", "ko")
FORMATS = ("md", "html", "json")


def render(timeline: Timeline, form: str, language: str) -> str:
    """The report of *timeline* in one form and language."""
    from bakewatch.report import html, markdown
    from bakewatch.report.compose import compose

    report = compose(timeline, datetime.now(UTC))
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    return html.render(report, language) if form == "html" else markdown.render(report, language)


def write_reports(data: Path, case_id: str) -> Iterator[Path]:
    """Write every form of a case's report into the data directory; yields where they lie."""
    from bakewatch.durable import history

    timeline = history.timeline(data, case_id)
    folder = data / "reports" / case_id.replace("/", "_")
    folder.mkdir(parents=True, exist_ok=True)
    for form in FORMATS:
        for language in LANGUAGES if form != "json" else ("",):
            path = folder / ".".join(filter(None, ("report", language, form)))
            path.write_text(render(timeline, form, language or "en"))
            yield path
