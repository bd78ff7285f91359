"""Which addresses may be asked."""

import re
from urllib.parse import urlsplit

from bakewatch.errors import ConfigError

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def require_safe(url: str, *schemes: str) -> None:
    """`ConfigError` unless *url* is https (or one of *schemes*), or plain http to loopback; never with credentials.

    Only scheme and host are ever repeated: the path of an address may be its secret.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        host.encode().decode("idna"), parts.port  # both complain of what is none
    except ValueError:
        raise ConfigError("no address", right="such as https://live.example") from None
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise ConfigError("the address carries credentials", right="name an environment variable instead")
    if parts.scheme == "http" and host in _LOOPBACK:
        return
    if parts.scheme not in ("https", *schemes):
        raise ConfigError(f"`{parts.scheme}://{host}` is not https", right="https, or plain http to loopback")
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", host) and parts.scheme != "file":
        raise ConfigError("the address names no host", right="such as https://live.example")
