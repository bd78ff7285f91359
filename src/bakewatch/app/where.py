"""Says of an error where in the configuration it comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakewatch.errors import NO_SPACE, ConfigError, RepositoryError

_ROOM = "a folder with room in it"


@contextmanager
def writable(where: str) -> Iterator[None]:
    """Says of a directory that it cannot be written to."""
    try:
        yield
    except OSError as error:
        what = f"cannot be written to: {error.filename or 'a file'}: {error.strerror}"
        raise ConfigError(what, where=where, right=_ROOM) from None


@contextmanager
def asking_git(where: str, data: Path) -> Iterator[None]:
    """Says what git could not do, and where its remote or its room is configured."""
    try:
        yield
    except RepositoryError as error:
        if error.code == "no_space":
            raise ConfigError(NO_SPACE, where=str(data), right=_ROOM) from None
        raise ConfigError(f"git: {error.code}", where=where) from None


@contextmanager
def at_path(where: str) -> Iterator[None]:
    """Says where a `ConfigError` inside happened."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(
            error.what, where=f"{where}.{error.where}" if error.where else where, right=error.right
        ) from None
