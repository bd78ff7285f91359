"""Which pull request a commit message names."""

import re

_MERGES = (
    re.compile(r"Merge pull request #([0-9]+)\b"),
    re.compile(r"Merge branch '.+' into '.+'\n(?:.*\n)*?See merge request \S*!([0-9]+)\s*$", re.MULTILINE),
    re.compile(r"Merged in \S+ \(pull request #([0-9]+)\)"),
)
"""How GitHub, GitLab and Bitbucket begin the message of a merge."""

_ENDS = re.compile(r"\(#([0-9]+)\)\s*$")


def merged_pull(message: str) -> int:
    """The pull request that *message* says it merges, as a hosting service words it; 0 when it does not."""
    found = next((match for match in (form.match(message) for form in _MERGES) if match), None)
    return int(found[1]) if found else 0


def named_pull(message: str) -> int:
    """As `merged_pull`, or the number in brackets at the end of the subject: there anyone may have written it."""
    found = _ENDS.search(message.partition("\n")[0])
    return merged_pull(message) or (int(found[1]) if found else 0)


def title_of(message: str) -> str:
    """A merge's own subject says only which branch; its body has the pull request's title."""
    subject, _, body = message.strip().partition("\n")
    first = next((line for line in body.splitlines() if line.strip()), "")
    return first if merged_pull(message) and first else subject
