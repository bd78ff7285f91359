"""What the API's answers about commits and deployments look like."""

from typing import Any

from bakewatch.testing.github.shapes import Shapes, stamp
from bakewatch.testing.github.state import Check, Deployment, Status


class Records(Shapes):
    """As `Shapes`, with what is recorded about commits."""

    def branch(self, name: str, commit: dict[str, Any]) -> dict[str, Any]:
        """A branch and its last *commit*."""
        url, protected = f"{self._url}/branches/{name}", self._state.protected and name == "main"
        return {
            "name": name,
            "commit": commit,
            "_links": {"self": url, "html": f"{self._html}/tree/{name}"},
            "protected": protected,
            "protection": {"enabled": protected},
            "protection_url": f"{url}/protection",
        }

    def status(self, one: Status) -> dict[str, Any]:
        """A status."""
        return self.brief_status(one) | {"creator": self.user(one.author)}

    def brief_status(self, one: Status) -> dict[str, Any]:
        """A status among those of a commit."""
        return {
            "url": f"{self._url}/statuses/{one.sha}",
            "avatar_url": f"https://avatars.example/{one.author.login}",
            "id": one.id,
            "node_id": f"S_{one.id}",
            "state": one.state,
            "description": one.description,
            "target_url": one.target_url,
            "context": one.context,
            "created_at": stamp(one.at),
            "updated_at": stamp(one.at),
        }

    def combined(self, sha: str, newest: list[Status], page: list[Status]) -> dict[str, Any]:
        """How all statuses of a commit stand together."""
        states = {one.state for one in newest}
        bad = bool(states & {"error", "failure"})
        return {
            "state": "failure" if bad else "pending" if not states or "pending" in states else "success",
            "statuses": [self.brief_status(one) for one in page],
            "sha": sha,
            "total_count": len(newest),
            "repository": self.repository(),
            "commit_url": f"{self._url}/commits/{sha}",
            "url": f"{self._url}/commits/{sha}/status",
        }

    def check(self, one: Check) -> dict[str, Any]:
        """A check."""
        url = f"{self._url}/check-runs/{one.id}"
        return {
            "id": one.id,
            "node_id": f"CR_{one.id}",
            "head_sha": one.sha,
            "external_id": one.external_id,
            "url": url,
            "html_url": f"{self._html}/runs/{one.id}",
            "details_url": one.details_url,
            "status": one.status,
            "conclusion": one.conclusion,
            "started_at": stamp(one.at),
            "completed_at": stamp(one.at) if one.status == "completed" else None,
            "output": {
                "title": one.title,
                "summary": one.summary,
                "text": None,
                "annotations_count": 0,
                "annotations_url": f"{url}/annotations",
            },
            "name": one.name,
            "check_suite": {"id": one.id},
            "app": None,
            "pull_requests": [],
        }

    def deployment(self, one: Deployment) -> dict[str, Any]:
        """A deployment."""
        url = f"{self._url}/deployments/{one.id}"
        return {
            "url": url,
            "id": one.id,
            "node_id": f"D_{one.id}",
            "sha": one.sha,
            "ref": one.sha,
            "task": "deploy",
            "payload": {},
            "environment": one.environment,
            "description": None,
            "creator": self.user(one.author),
            "created_at": stamp(one.at),
            "updated_at": stamp(one.at),
            "statuses_url": f"{url}/statuses",
            "repository_url": self._url,
        }

    def deployment_status(self, one: Deployment, which: int) -> dict[str, Any]:
        """One of a deployment's states."""
        number, state, description, at = one.states[which]
        url = f"{self._url}/deployments/{one.id}"
        return {
            "url": f"{url}/statuses/{number}",
            "id": number,
            "node_id": f"DS_{number}",
            "state": state,
            "creator": self.user(one.author),
            "description": description,
            "environment": one.environment,
            "target_url": "",
            "created_at": stamp(at),
            "updated_at": stamp(at),
            "deployment_url": url,
            "repository_url": self._url,
        }
