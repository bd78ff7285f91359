"""Which environment variables a first plan names, what each is for, and the exact scope of each token."""

from msgspec import Struct

from bakewatch.draft.found import Found


class Need(Struct, frozen=True):
    """One environment variable."""

    variable: str
    what: str
    scopes: tuple[str, ...]
    where: str
    """Where a person makes one."""


def needs(found: Found) -> tuple[Need, ...]:
    """Everything that must be exported before a release can be watched."""
    named = []
    if found.github:
        named.append(_github(found.github))
    if found.vercel:
        named.append(_vercel(found.vercel.team, found.vercel.project))
    if found.supabase:
        named += _SUPABASE
    return tuple(named)


def _github(repository: str) -> Need:
    scopes = (
        "Metadata: read",
        "Contents: read and write (write for the undo)",
        "Pull requests: read and write",
        "Commit statuses: read and write",
        'Checks: write only for an App, with `publish = ["check"]`',
    )
    where = "GitHub → Settings → Developer settings → Fine-grained tokens"
    return Need("GITHUB_TOKEN", f"a fine-grained token for {repository} alone", scopes, where)


def _vercel(team: str, project: str) -> Need:
    whose = f"the team {team}" if team else "your account"
    scopes = (f"access to {project} (there are no finer scopes)",)
    return Need("VERCEL_TOKEN", f"a token of {whose}", scopes, "Vercel → Account Settings → Tokens")


_SUPABASE = (
    Need(
        "SUPABASE_ACCESS_TOKEN",
        "a fine-grained access token for the project",
        (
            "projects_read",
            "analytics_logs_read (logs; OAuth: analytics:read)",
            "database_read (read-only SQL; OAuth: database:read)",
        ),
        "Supabase → Account → Access Tokens",
    ),
    Need(
        "SUPABASE_PUBLISHABLE_KEY",
        "the project's publishable key, for the canary's request",
        ("none: it is public (sb_publishable_…)",),
        "Supabase → Project Settings → API Keys",
    ),
)
