"""Which plans have been replayed over history, and what came of it: a file for each, beside the record of cases."""

from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import structs

from bakewatch.app import Order
from bakewatch.errors import ConfigError
from bakewatch.model.plan import Plan
from bakewatch.model.replay import Replay


def remember(data: Path, plan: Plan, replay: Replay) -> None:
    """Keep *replay*, the last one of *plan*. `ConfigError` when it cannot be written."""
    path = _path(data, plan)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(replay)) + b"\n")
        fresh.replace(path)
    except OSError as error:
        what = f"cannot be written to: {error.strerror}"
        raise ConfigError(what, where=str(path.parent), right="a folder with room in it") from None


def noted(order: Order) -> Order:
    """*order*, with when its plan was last replayed."""
    return structs.replace(order, replayed=_last(Path(order.data), order.plan))


def _last(data: Path, plan: Plan) -> datetime | None:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(_path(data, plan).read_bytes(), type=Replay).at
    return None


def _path(data: Path, plan: Plan) -> Path:
    """Another plan, be it by one number, is another file."""
    digest = sha256(msgspec.json.encode(plan, order="deterministic")).hexdigest()
    return data / "replays" / f"{digest[:12]}.json"
