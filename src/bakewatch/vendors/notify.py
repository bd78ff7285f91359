"""Tells people: through a command or a webhook."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from bakewatch.address import require_safe
from bakewatch.errors import NotifyError
from bakewatch.model.journey import JourneyRun
from bakewatch.model.notice import Notice
from bakewatch.model.probe import Found, Probe, missing, ok, unknown
from bakewatch.model.verdict import Evidence
from bakewatch.ports import Context, Kind

TIMEOUT = 20.0
"""Seconds of the clock for one delivery."""

_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")


class CommandSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[notify]` with `kind = "command"`."""

    command: Annotated[tuple[str, ...], Meta(min_length=1)]
    """The program and its arguments, run in the folder of `bakewatch.toml`; the notice comes as JSON on its input."""
    environment: tuple[str, ...] = ()
    """Environment variables that it may see, besides PATH, HOME, LANG and TMPDIR."""


class WebhookSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[notify]` with `kind = "webhook"`."""

    url_env: str
    """The environment variable with the address: addresses of webhooks are secrets."""


def payload(notice: Notice) -> bytes:
    """*notice* as JSON, with its `text` for people: what chat services show of a message."""
    return msgspec.json.encode({"text": text_of(notice), **msgspec.to_builtins(notice)})


def text_of(notice: Notice) -> str:
    """*notice* in two or three lines: what happened, what speaks for it, and what can be done."""
    which = " ".join([notice.service, *(f"#{pull}" for pull in notice.pulls), notice.commit[:7]])
    state = notice.transition.replace("_", " ") + (f" ({', '.join(notice.triggers)})" if notice.triggers else "")
    lines = [f"{which}: {state}"]
    seen = [_weighed(one) for one in notice.evidence] + [_walked(run) for run in notice.walks]
    codes = dict.fromkeys(
        " ".join(filter(None, (one.about, one.code))) for one in notice.reasons if one.code != "fired"
    )
    lines += ["; ".join(part) for part in (seen, list(codes)) if part]
    if notice.approve:
        until = f" until {notice.until:%Y-%m-%d %H:%M:%S} UTC" if notice.until else ""
        lines.append(f"{notice.approve}{until}; or bakewatch reject {notice.bake_id} --why …")
    if notice.comment:
        lines.append(f"or by a comment on the pull request: {notice.comment}")
    if notice.link:
        lines.append(notice.link)
    if notice.revert:
        lines.append(f"reverted by {notice.revert[:12]}")
    return "\n".join(lines)


def _weighed(one: Evidence) -> str:
    """Counts, what they are of, and how that compares with before."""
    ratio = f", {one.ratio:.3g} times as before" if one.ratio is not None else ""
    ratio += f" ({one.low:.3g} to {one.high:.3g})" if one.low is not None and one.high is not None else ""
    return f"{one.check}: {one.count + one.own}{f' of {one.exposure:.0f}' if one.exposure else ''}{ratio}"


def _walked(run: JourneyRun) -> str:
    last = run.steps[-1] if run.steps else None
    at = f" ({last.method} {last.path} {last.status or 'no answer'} {last.code}".rstrip() + ")" if last else ""
    return f"{run.journey}: failed at “{run.failed_step}”{at}"


class CommandNotifier:
    """`ports.Notifier` that runs a command."""

    def __init__(self, settings: CommandSettings, environ: Mapping[str, str], base: Path = Path()) -> None:
        self._settings, self._base = settings, base
        names = (*_PASSED_ON, *settings.environment)
        self._environ = {name: environ[name] for name in names if name in environ}

    def notify(self, notice: Notice) -> None:
        """Run it; `NotifyError` when it cannot be run, fails or takes too long."""
        try:
            process = subprocess.Popen(
                self._settings.command,
                env=self._environ,
                cwd=self._base,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            raise NotifyError("no_command", permanent=True) from None
        try:
            process.communicate(payload(notice) + b"\n", timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise NotifyError("timeout") from None
        if process.returncode:
            raise NotifyError("command_failed")


class WebhookNotifier:
    """`ports.Notifier` that posts to a webhook."""

    def __init__(self, url: str) -> None:
        require_safe(url)
        self._url = url

    def notify(self, notice: Notice) -> None:
        """Post it; any 2xx is a delivery. `NotifyError` otherwise."""
        import httpx

        try:
            answer = httpx.post(
                self._url,
                content=payload(notice),
                headers={"content-type": "application/json", "idempotency-key": notice.key},
                timeout=TIMEOUT,
                follow_redirects=False,
                trust_env=False,
            )
        except httpx.HTTPError:
            raise NotifyError("unreachable") from None
        if not answer.is_success:
            raise NotifyError(f"status_{answer.status_code}")


class Nobody:
    """`ports.Notifier` where none is configured: that nobody was told is itself recorded."""

    def notify(self, notice: Notice) -> None:
        """Always `NotifyError`."""
        raise NotifyError("not_configured", permanent=True)


def _build_command(settings: CommandSettings, context: Context) -> CommandNotifier:
    return CommandNotifier(settings, context.environ, context.base)


def _build_webhook(settings: WebhookSettings, context: Context) -> WebhookNotifier:
    return WebhookNotifier(context.secret(settings.url_env))


def _probe_command(settings: CommandSettings, context: Context) -> list[Probe]:
    name = settings.command[0]

    def ask() -> Found:
        found = shutil.which(name, path=context.environ.get("PATH")) or (context.base / name).is_file()
        return ok(f"{name} is there (it was not run)") if found else missing(f"no program {name}", "one on the PATH")

    return [Probe("command", ask)]


def _probe_webhook(settings: WebhookSettings, context: Context) -> list[Probe]:
    _build_webhook(settings, context)
    return [Probe("webhook", lambda: unknown("only a notification would tell", needed=False))]


COMMAND = Kind(settings=CommandSettings, build=_build_command, probe=_probe_command)
WEBHOOK = Kind(settings=WebhookSettings, build=_build_webhook, probe=_probe_webhook)
