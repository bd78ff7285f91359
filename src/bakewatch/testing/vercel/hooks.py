"""The stand-in platform's webhooks: signed, and delivered to one address."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from bakewatch.testing.vercel.bodies import Body, milliseconds
from bakewatch.testing.vercel.state import Deployment, Platform


def signature(body: bytes, secret: str) -> str:
    """The header that proves who sent *body*."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


@dataclass
class Hooks:
    """Where webhooks go to, and what was sent."""

    url: str
    secret: str
    sent: list[bytes] = field(default_factory=list)

    def deliver(self, platform: Platform) -> None:
        """Send what happened since; what is not accepted is lost."""
        while len(self.sent) < len(platform.happened):
            body = json.dumps(webhook(platform, len(self.sent))).encode()
            self.sent.append(body)
            self.send(body, signature(body, self.secret))

    def send(self, body: bytes, signed: str) -> int:
        """Send *body*, whoever signed it; the status of the answer, 0 without one."""
        headers = {"content-type": "application/json", "x-vercel-signature": signed}
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def webhook(platform: Platform, number: int) -> Body:
    """The body of the webhook about what happened as the *number*-th."""
    event, at, more = platform.happened[number]
    one = more["deployment"]
    assert isinstance(one, Deployment)
    return {
        "id": f"evt_{number}",
        "type": event,
        "createdAt": milliseconds(at),
        "region": "icn1",
        "payload": {
            **more,
            "deployment": {
                "id": one.id,
                "name": platform.name,
                "url": one.host,
                "meta": {"githubCommitSha": one.commit},
            },
            "project": {"id": platform.project},
            "team": {"id": platform.team},
            "user": {"id": "usr_live"},
            "target": one.target,
            "plan": "pro",
            "regions": ["icn1"],
        },
    }
