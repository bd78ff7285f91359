"""The report as JSON: its published form. The schema is that of `bakewatch.model.report.Report`."""

from typing import Any

import msgspec

from bakewatch.model.report import Report
from bakewatch.report.inert import inert_json


def render(report: Report) -> str:
    """*report* as indented JSON; characters that would act on a terminal are written as escapes."""
    return inert_json(msgspec.json.format(msgspec.json.encode(report), indent=2).decode()) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema of what `render` writes."""
    return msgspec.json.schema(Report)
