"""Source `supabase-metrics`: the load of a hosted project's database, from the metrics that the platform shows."""

import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bakewatch.api import Api
from bakewatch.errors import SourceError
from bakewatch.measured import answers
from bakewatch.measured.answers import Answers
from bakewatch.measured.samples import Sample, SampleFile
from bakewatch.model.observation import Observation, Question, Window, from_ms, to_ms
from bakewatch.model.probe import Probe
from bakewatch.ports import Context, Kind
from bakewatch.vendors.supabase import probe
from bakewatch.vendors.supabase.exposition import MEASURES, readings
from bakewatch.vendors.supabase.project import ProjectSettings, host_of

EVERY = timedelta(seconds=55)
"""At most so often is asked: once a minute, as the vendor wants it, and not every second minute for being early."""

PRIVILEGED = "/customer/v1/privileged/metrics"
USER = "service_role"

_sampling = threading.Lock()
"""One sample at a time: the files are shared by all sources of this process."""


class MetricsSettings(ProjectSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table `[sources.NAME]` of kind `supabase-metrics`."""

    key_env: str = ""
    """The environment variable with a secret API key of the project, to ask its own host instead of the Management API.
    Such a key may do everything: prefer the token."""
    url: str = ""
    """Another address of the project's host."""


class MetricsSource:
    """A hosted database's load. What was scraped last answers until the next scrape is due."""

    def __init__(
        self,
        scrape: Callable[[], str],
        path: Path,
        clock: Callable[[], datetime],
        *,
        every: timedelta = EVERY,
    ) -> None:
        """*scrape* raises `SourceError`; samples are kept at *path*."""
        self._scrape, self._file, self._clock = scrape, SampleFile(path), clock
        self._every = every
        self._tried: datetime | None = None
        self._trouble = ""

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Take a sample if one is due, and answer from all samples."""
        with _sampling:
            samples = self._sampled()
        families = {one.family for one in MEASURES.values()} if self._trouble else ()
        told = Answers(MEASURES, samples, dict.fromkeys(families, self._trouble))
        return [told.to(one, window, width) for one in questions]

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        """Counters have no values of single events."""
        return {}

    def _sampled(self) -> list[Sample]:
        """All samples, with a new one if it is due. Who failed is not asked again earlier than who answered."""
        samples, now = self._file.read(), self._clock()
        last = max((one for one in (self._tried, *(from_ms(one.at) for one in samples[-1:])) if one), default=None)
        if last is not None and last <= now < last + self._every:
            return samples
        self._tried = now
        try:
            fresh = Sample(at=to_ms(now), readings=readings(self._scrape()))
        except SourceError as error:
            self._trouble = error.code
            return samples
        self._trouble = ""
        # Even a machine that idles moves its clock. Where nothing at all has moved, the same was shown once more.
        if not samples or samples[-1].readings != fresh.readings:
            self._file.append(fresh)
            samples.append(fresh)
        return samples


def check(question: Question) -> None:
    """`ConfigError` when *question* names no measure, or asks for what counters cannot tell."""
    answers.check(question, MEASURES)


def _build(settings: MetricsSettings, context: Context) -> MetricsSource:
    headers = {"accept": "text/plain"}
    if settings.key_env:
        token = b64encode(f"{USER}:{context.secret(settings.key_env)}".encode()).decode()
        base, scheme, at = settings.url or host_of(settings.project), "Basic", PRIVILEGED
    else:
        token, scheme = context.secret(settings.token_env), "Bearer"
        base, at = settings.api, f"/v1/projects/{settings.project}/analytics/endpoints/metrics"
    api = Api(base, token=token, scheme=scheme, error=SourceError, clock=context.clock, headers=headers)
    return MetricsSource(
        lambda: api.text(at),
        context.data / "supabase" / settings.project / "samples.ndjson",
        context.clock,
        every=EVERY * context.plan.time_scale,
    )


def _probe(settings: MetricsSettings, context: Context) -> list[Probe]:
    right = probe.grant(settings.token_env, settings.project, probe.PROJECT)
    if settings.key_env:
        right = f"{settings.key_env}: a secret key (sb_secret_…) of the project {settings.project}"
    return probe.metrics(_build(settings, context), right, context)


KIND = Kind(settings=MetricsSettings, build=_build, check=check, probe=_probe)
