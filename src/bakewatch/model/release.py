"""What was merged, and what production says it serves."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from bakewatch.model.text import CleanText

TRAILER = "Bakewatch-Undoes"
"""A revert names in it which release it undoes: the key of "already undone"."""


class MergeKind(StrEnum):
    """How the change reached the production branch."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


class Suspect(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An earlier release whose bake never came to a verdict, because a newer one went live over it."""

    bake_id: str
    commit: str
    kind: MergeKind
    merged_at: datetime


class Member(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A pull request in a release: whose work went live."""

    pull: int
    title: CleanText = CleanText("")
    author: str = ""
    """The account; empty when it is not known."""


class Release(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One merged change meant for production. Its `bake_id` is the identity of everything about it."""

    repository: str
    """`owner/name`, or the remote's folder name."""
    branch: str
    commit: str
    """The merge commit (for a squash: the one commit; for a rebase: the last one), 40 hex digits."""
    parent: str
    """The commit that production served before: the first parent (for a rebase: of the first commit; with suspects: of
    the oldest one)."""
    merged_at: datetime
    kind: MergeKind
    pulls: tuple[int, ...] = ()
    members: tuple[Member, ...] = ()
    """What the service with the pull requests tells of them."""
    title: CleanText = CleanText("")
    reverts: str = ""
    """The release that this one undoes, when it carries our trailer."""
    touches_plan: bool = False
    """Its diff changes the plan or the journeys."""
    touches_migrations: bool = False
    suspects: tuple[Suspect, ...] = ()
    """Releases that this one inherits, oldest first: what is harmful may be theirs, and they are undone with it."""

    @property
    def bake_id(self) -> str:
        """`owner/name@sha`: the key under which the bake is stored."""
        return f"{self.repository}@{self.commit}"


class Merged(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A commit of the production branch, merges as one commit each."""

    commit: str
    at: datetime
    """When it was committed."""


class Deployment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a platform *says* it serves at one address: not yet proof that it carries a release."""

    address: str
    commit: str
    id: str = ""


class Relation(StrEnum):
    """How a served commit stands to the awaited one."""

    SAME = "same"
    NEWER = "newer"
    """It contains the awaited commit."""
    REVERTED = "reverted"
    """It contains the awaited commit and its undo."""
    OLDER = "older"
    OTHER = "other"
    """Neither contains the other."""
    UNKNOWN = "unknown"
    """There was no answer, or the repository could not say."""


class Sighting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One answer, or the lack of one, of one production address."""

    address: str
    at: datetime
    commit: str = ""
    deployment: str = ""
    problem: str = ""
    """Why there was no answer (a code); empty when there was one."""
    relation: Relation = Relation.UNKNOWN


def undo_message(release: Release) -> tuple[str, str]:
    """(subject, body) of whatever undoes *release* and the ones that it inherits; the trailers end the body."""
    # Within the quotes: a number at the end of a subject would name the revert's own pull request.
    pulls = "".join(f" (#{number})" for number in release.pulls)
    subject = f'Revert "{release.title or release.commit[:12]}{pulls}"'
    all_of_them: tuple[Release | Suspect, ...] = (release, *reversed(release.suspects))
    commits = ", ".join(one.commit for one in all_of_them)
    trailers = "\n".join(f"{TRAILER}: {one.bake_id}" for one in all_of_them)
    return subject, f"This reverts {commits}, found harmful after it went live.\n\n{trailers}"
