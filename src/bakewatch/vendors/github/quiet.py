"""Text for GitHub that calls nobody and points at nothing of others, and that is short enough."""

import re
from collections.abc import Collection

_APART = "\u200b"
"""A space without width: what it stands in is read the same and means nothing any more."""

_MENTION = re.compile(r"(?i)(?<![a-z0-9])(@|&#0*64;|&#x0*40;|&commat;)(?=[a-z0-9])")
_NUMBER = re.compile(r"(?i)([\w.-]+/[\w.-]+)?((?<!&)#|&#(?!\d+;)|&#0*35;|&#x0*23;|&num;|\bGH-)(?=(\d+))")
_ADDRESS = re.compile(r"(?i)\bgithub\.com/(?=([\w.-]+/[\w.-]+)/(issues|pull|discussions|commit)/(\d*))")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def quiet(text: str, repository: str, own: Collection[int] = ()) -> str:
    """*text* in which only the pull requests *own* of *repository* are linked, and nobody is notified.

    In code too: where code begins and ends is a matter of guessing, and who wrote a title may have counted on that.
    """
    numbers = {str(number) for number in own}

    def number(found: re.Match[str]) -> str:
        ours = found[1] in (None, repository) and found[2] == "#" and found[3] in numbers
        return found[0] if ours else found[0] + _APART

    def address(found: re.Match[str]) -> str:
        # An issue of our own would be closed by a word before it.
        ours = found[1].casefold() == repository.casefold() and (found[2].lower() != "issues" or found[3] in numbers)
        return found[0] if ours else found[0] + _APART

    return _ADDRESS.sub(address, _NUMBER.sub(number, _MENTION.sub(rf"\1{_APART}", text)))


def cut(text: str, limit: int, link: str = "") -> str:
    """*text* in at most *limit* characters: whole lines of it, what was open closed, and a last line that says so."""
    if len(text) <= limit:
        return text
    last = f"\n\n… cut here: the report has {len(text)} characters, of which {limit} are allowed"
    last += f". [All of it]({link})" if link else "."
    kept = text[: limit - len(last) - 1].rpartition("\n")[0]
    while len(kept + _closing(kept) + last) > limit:
        kept = kept.rpartition("\n")[0]
    return kept + _closing(kept) + last


def followed(link: str) -> str:
    """*link*, if it is one that a browser follows; else nothing."""
    return link if link.startswith(("https://", "http://")) else ""


def _closing(text: str) -> str:
    """What closes the code and the folds that are open at the end of *text*; else the last line would be inside."""
    fence = ""
    for found in _FENCE.finditer(text):
        mark = found[1]
        if not fence:
            fence = mark
        elif mark.startswith(fence):
            fence = ""
    folds = text.count("<details") - text.count("</details>")
    return (f"\n{fence}" if fence else "") + "\n</details>" * max(0, folds)
