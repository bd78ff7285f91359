"""A release that went live over others which never came to a verdict inherits them."""

from collections.abc import Sequence

from msgspec import structs

from bakewatch.model.release import Release, Suspect
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.repository import undone_by


def inherited(mirror: Mirror, release: Release, unfinished: Sequence[Release]) -> Release:
    """*release* with those of the *unfinished* ones that came before it and were not undone.

    What is to be undone then begins at the oldest one's parent: the last commit about which nobody is in doubt.
    """
    before = [
        one
        for one in unfinished
        if one.commit != release.commit and mirror.contains(release.parent, one.commit) and not undone_by(mirror, one)
    ]
    if not before:
        return release
    before.sort(key=lambda one: len(mirror.git.tell("rev-list", "--first-parent", one.commit).split()))
    suspects = {suspect.commit: suspect for one in before for suspect in (*one.suspects, _suspect(one))}
    pulls = dict.fromkeys(pull for one in (*before, release) for pull in one.pulls)
    return structs.replace(release, parent=before[0].parent, pulls=tuple(pulls), suspects=tuple(suspects.values()))


def _suspect(release: Release) -> Suspect:
    return Suspect(bake_id=release.bake_id, commit=release.commit, kind=release.kind, merged_at=release.merged_at)
