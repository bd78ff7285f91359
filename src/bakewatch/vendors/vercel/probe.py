"""What `doctor` asks the platform about one project."""

from bakewatch.model.probe import Found, Probe, missing, ok, unknown
from bakewatch.ports import Hosting
from bakewatch.vendors.vercel.client import Client
from bakewatch.vendors.vercel.deployments import hosted


def probes(client: Client, hosting: Hosting, right: str) -> list[Probe]:
    """The project, its domains, its newest deployment, and what it may go back to; *right*: the token that may."""
    return [
        Probe("project", lambda: _project(client), right),
        Probe("domains", lambda: _domains(hosting), right),
        Probe("deployments", lambda: _deployments(client), right),
        Probe("rollback", lambda: _rollback(hosting), right),
        Probe("moving production", _moving, needed=False),
    ]


def _project(client: Client) -> Found:
    project = client.project()
    return ok(f"{project.id}, production serves {project.current or 'nothing yet'}")


def _domains(hosting: Hosting) -> Found:
    found = hosting.domains()
    if not found:
        return missing("no production domain", "assign one to production", needed=False)
    return ok(f"{', '.join(found)}: each is asked which commit it serves")


def _deployments(client: Client) -> Found:
    newest = next(map(hosted, client.deployments({})), None)
    if newest is None:
        return missing("none for production", "deploy the production branch once")
    return ok(f"the newest for production is {newest.id}: {newest.commit[:7] or 'of no commit'}, {newest.build.value}")


def _rollback(hosting: Hosting) -> Found:
    found = next(iter(hosting.candidates()), None)
    if found is None:
        return missing("nothing to go back to yet", "a second production deployment", needed=False)
    hosting.differences(found.id)
    return ok(f"may go back to {found.id}, {found.commit[:7]}; in what it differs can be read")


def _moving() -> Found:
    right = "the token's account must be allowed to roll back and to promote; tokens have no finer scope"
    return unknown("only doing it would tell", right, needed=False)
