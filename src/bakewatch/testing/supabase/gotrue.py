"""The auth service of the stand-in's project, behind the edge: what both write when a path is asked that is none."""

from bakewatch.testing.supabase import lines
from bakewatch.testing.supabase.logs import Logs
from bakewatch.testing.supabase.state import Project
from bakewatch.testing.supabase.wire import Asked, Endpoint, Reply

AUTH = "GET /auth/v1/{}"


class Auth:
    """The auth service."""

    def __init__(self, project: Project, logs: Logs) -> None:
        self._project, self._logs = project, logs

    def endpoints(self) -> dict[str, Endpoint]:
        """All that may be asked under `/auth/v1`: no path is known."""
        return {AUTH: Endpoint(self._asked)}

    def _asked(self, asked: Asked, parts: list[str]) -> Reply:
        """Without a key of the project the edge lets nothing through; it writes of that all the same."""
        at, host = self._project.clock(), f"{self._project.ref}.supabase.co"
        known = asked.headers.get("apikey") in (self._project.publishable, self._project.secret)
        reply = Reply(404, "404 page not found\n") if known else Reply(401, {"message": "Invalid API key"})
        self._logs.write(lines.edge(at, host, asked.method, asked.path, reply.status, asked.headers))
        if known:
            self._logs.write(lines.auth(at, asked.method, f"/{parts[0]}", reply.status))
        return reply
