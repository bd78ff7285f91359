"""The report files of a case."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from bakewatch.model.timeline import Opened, Timeline

LANGUAGES = ("en", "ko")
FORMATS = ("md", "html", "json")


def render(timeline: Timeline, form: str, language: str) -> str:
    """The report of *timeline* in one form and language."""
    from bakewatch.report import html, markdown, published
    from bakewatch.report.compose import compose

    report = compose(timeline, datetime.now(UTC))
    if form == "json":
        return published.render(report)
    return html.render(report, language) if form == "html" else markdown.render(report, language)


def summary(data: Path, case_id: str) -> tuple[str, ...]:
    """A case in a few lines of English."""
    from bakewatch.durable import history
    from bakewatch.report import summary as told
    from bakewatch.report.compose import compose

    return told.lines(compose(history.timeline(data, case_id), datetime.now(UTC)), "en")


def folder_of(data: Path, case_id: str) -> Path:
    """Where the report files of a case lie."""
    return data / "reports" / case_id.replace("/", "_")


def tell(data: Path, case_id: str, language: str = "") -> None:
    """Print what was seen of a case, in a few lines, and where its reports lie, which are written.

    *language*: of the job's summary, where this is a job; by default as the plan says.
    """
    click.echo("")
    for line in summary(data, case_id):
        click.echo(line)
    for path in write_reports(data, case_id):
        click.echo(f"report: {path}")
    summarise(data, case_id, os.environ, language)


MOST = 1024 * 1024
"""Bytes of a job's summary, of which a larger one is refused whole."""


def put_out(environ: Mapping[str, str], **values: object) -> None:
    """Give *values* to the steps that follow in the job that GitHub Actions runs, where this is one."""
    name = environ.get("GITHUB_OUTPUT", "")
    if name:
        with Path(name).open("a") as file:
            for key, value in values.items():
                # One line each: what a file's name could bring besides would be another output.
                file.write(f"{key.replace('_', '-')}={' '.join(str(value).split())}\n")


def summarise(data: Path, case_id: str, environ: Mapping[str, str], language: str = "") -> None:
    """Add the report to the summary of the job that GitHub Actions runs, where this is one and it has room."""
    from bakewatch.durable import history

    name = environ.get("GITHUB_STEP_SUMMARY", "")
    if not name:
        return
    path, timeline = Path(name), history.timeline(data, case_id)
    if not language:
        language = timeline[0].plan.service.language if isinstance(timeline[0], Opened) else "en"
    text = render(timeline, "md", language)
    there = path.stat().st_size if path.exists() else 0
    if there + len(text.encode()) + 2 <= MOST:
        with path.open("a") as file:
            file.write(f"{text}\n\n")


def write_reports(data: Path, case_id: str) -> Iterator[Path]:
    """Write every form of a case's report into the data directory; yields where they lie."""
    from bakewatch.durable import history

    timeline = history.timeline(data, case_id)
    folder = folder_of(data, case_id)
    folder.mkdir(parents=True, exist_ok=True)
    for form in FORMATS:
        for language in LANGUAGES if form != "json" else ("",):
            path = folder / ".".join(filter(None, ("report", language, form)))
            path.write_text(render(timeline, form, language or "en"))
            yield path
