"""The stand-in's log endpoint."""

from bakewatch.testing.supabase.limits import LOGS
from bakewatch.testing.supabase.state import Project
from bakewatch.testing.supabase.wire import Asked, Endpoint, Reply


class Logs:
    """The project's table `logs`."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def endpoints(self) -> dict[str, Endpoint]:
        """The endpoint with the logs."""
        return {LOGS: Endpoint(self._asked, "analytics_logs_read")}

    def _asked(self, asked: Asked, parts: list[str]) -> Reply:
        return Reply(200, {"result": []})
