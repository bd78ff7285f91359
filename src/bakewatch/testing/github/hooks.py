"""Webhooks, signed as GitHub signs them."""

import hashlib
import hmac
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bakewatch.testing.github.records import Records
from bakewatch.testing.github.state import Account, Comment, Deployment, Pull

TIMEOUT = 5.0
"""Seconds of the clock for one delivery."""


@dataclass
class Hooks:
    """Delivers to *url*, once each and without waiting: who gets one may ask the API at once.

    How that went is in *delivered* after `settle`: event and status, 0 when nobody was there.
    """

    shapes: Records
    url: str = ""
    secret: str = ""
    delivered: list[tuple[str, int]] = field(default_factory=list)
    under_way: list[threading.Thread] = field(default_factory=list)

    def merged(self, one: Pull) -> None:
        """A pull request was merged."""
        pull = self.shapes.whole_pull(one, "", None, "unknown", 1)
        sender = self.shapes.user(one.merged_by or one.author)
        self.deliver("pull_request", {"action": "closed", "number": one.number, "pull_request": pull, "sender": sender})

    def commented(self, pull: Pull, one: Comment, action: str) -> None:
        """Somebody wrote or edited a comment on a pull request."""
        issue = self.shapes.issue(pull)
        told = {"action": action, "issue": issue, "comment": self.shapes.comment(one)}
        self.deliver("issue_comment", {**told, "sender": self.shapes.user(one.author)})

    def deployed(self, one: Deployment) -> None:
        """A deployment has a new state."""
        told = {
            "action": "created",
            "deployment": self.shapes.deployment(one),
            "deployment_status": self.shapes.deployment_status(one, len(one.states) - 1),
            "sender": self.shapes.user(one.author),
        }
        self.deliver("deployment_status", told)

    def ping(self, by: Account) -> None:
        """The webhook was set up."""
        self.deliver("ping", {"zen": "Half measures are as bad as nothing at all.", "sender": self.shapes.user(by)})

    def deliver(self, event: str, payload: dict[str, Any], delivery: str = "") -> None:
        """Send *event* about the repository; *delivery* names one that is sent again."""
        if not self.url:
            return
        body = json.dumps({"repository": self.shapes.repository(), **payload}).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "user-agent": "GitHub-Hookshot/1001",
            "x-github-event": event,
            "x-github-delivery": delivery or str(uuid.uuid4()),
            "x-hub-signature-256": f"sha256={signature}",
        }
        request = Request(self.url, body, headers, method="POST")
        thread = threading.Thread(target=self._post, args=(event, request), daemon=True)
        self.under_way.append(thread)
        thread.start()

    def settle(self) -> None:
        """Wait until all of them are delivered."""
        while self.under_way:
            self.under_way.pop().join()

    def _post(self, event: str, request: Request) -> None:
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:
                status = answer.status
        except HTTPError as error:
            status = error.code
            error.close()
        except (URLError, TimeoutError):
            status = 0
        self.delivered.append((event, status))
