"""What every table of kind `supabase…` says: which project, asked where, and with which token."""

from typing import Annotated

from msgspec import Meta, Struct

Ref = Annotated[str, Meta(pattern=r"^[a-z]{20}\Z")]
"""A project's ref: the first part of its host name."""


class ProjectSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A project, and the Management API in front of it."""

    project: Ref
    token_env: str = "SUPABASE_ACCESS_TOKEN"
    """The environment variable with an access token."""
    api: str = "https://api.supabase.com"
    """Where the Management API is: https, or plain http to loopback."""


def host_of(project: str) -> str:
    """The project's own host."""
    return f"https://{project}.supabase.co"
