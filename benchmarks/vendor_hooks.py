"""A release that webhooks start: `bakewatch serve` in front of the stand-in of GitHub, and some hooks that lie."""

import signal
import time
from collections.abc import Callable

import httpx
from tests.e2e.vendorstack import VendorStack

from bakewatch.durable import history
from bakewatch.errors import ConfigError

SECRET = "a webhook's secret 0123456789"
PATIENCE = 240.0


def by_webhooks(stack: VendorStack, scene: Callable[[VendorStack], str]) -> tuple[str, str]:
    """Let webhooks start it; returns the release's commit and what was printed.

    Before the merge comes the news of its deployment, forged, and after it the same delivery again, and once more under
    another identity: one case must come of that, and nothing of what is forged.
    """
    # An operator's own file: one in the repository would go into the release.
    text, stack.config = stack.config.read_text(), stack.folder / "operator.toml"
    serve = '[serve]\nport = 0\ngithub_secret_env = "HOOKS"\n'
    stack.config.write_text(f'data = "{stack.data}"\n{text}\n{serve}')
    process = stack.bakewatch("serve", HOOKS=SECRET)
    assert process.stdout is not None
    url = process.stdout.readline().split()[1] + "/webhooks/github"
    hooks = stack.github.hooks
    hooks.url, hooks.secret = url, SECRET
    early = stack.github.deploy(stack.git("rev-parse", "origin/main"))
    stack.github.deployed(early, "success")
    forged = httpx.post(url, content=b"{}", headers=_headers("pull_request", "sha256=00"), trust_env=False)
    try:
        commit = scene(stack)
        for _ in range(2):
            hooks.merged(stack.github.state.pulls[1])
        hooks.settle()
        _until_closed(stack, commit)
    finally:
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)
    cases = [one.id for one in history.cases(stack.data)]
    assert forged.status_code == 401 and cases == [f"team/mini@{commit}"], (forged.status_code, cases)
    return commit, printed


def _headers(event: str, signature: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": "0",
        "x-hub-signature-256": signature,
    }


def _until_closed(stack: VendorStack, commit: str) -> None:
    due = time.monotonic() + PATIENCE
    while time.monotonic() < due:
        try:
            stack.report(commit)
        except OSError:
            time.sleep(0.5)
            continue
        try:
            if history.case(stack.data, f"team/mini@{commit}").ending is not None:
                return
        except ConfigError:
            pass
        time.sleep(0.5)
