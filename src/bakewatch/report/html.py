"""The report as one HTML file: nothing is fetched, nothing runs; it reads on a phone, on paper and in the dark."""

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from bakewatch.model.report import Report
from bakewatch.report.document import Document
from bakewatch.report.inert import inert
from bakewatch.report.telling import tell

if TYPE_CHECKING:
    from jinja2 import Template


def render(report: Report, language: str) -> str:
    """*report* as a self-contained HTML page in *language*."""
    return write(tell(report, language))


def write(document: Document) -> str:
    """*document* as a self-contained HTML page."""
    return _template().render(document=document)


@cache
def _template() -> "Template":
    """The page; every value is escaped. Loaded on first use: most commands write no page."""
    from jinja2 import Environment, StrictUndefined

    page = resources.files("bakewatch.report").joinpath("page.html.jinja").read_text(encoding="utf-8")
    style = resources.files("bakewatch.report").joinpath("page.css").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["inert"] = inert
    environment.tests["block"] = _is_block
    environment.globals["style"] = style
    return environment.from_string(page)


def _is_block(block: Any, kind: str) -> bool:
    return type(block).__name__ == kind
