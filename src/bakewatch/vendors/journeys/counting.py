"""Counts for a walk while it lasts: its process asks over a private socket, and never sees a token."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer

import msgspec

from bakewatch.errors import MISUSE, CounterError
from bakewatch.ports import Counter
from bakewatch.vendors.journeys.wire import MAX_COUNT, CountAsked, CountTold

PATIENCE = 5.0
"""Seconds that a question may take to arrive."""

_FORBIDDEN = ("unauthorized", "forbidden", "payment_required", "not_found")
_SILENT = ("unreachable", "timeout", "rate_limited")


@contextmanager
def counting(counter: Counter, path: Path) -> Iterator[None]:
    """Answer at the socket *path*, in a folder of ours alone, until the block ends. `OSError` when that cannot be."""

    class Handler(StreamRequestHandler):
        timeout = PATIENCE

        def handle(self) -> None:
            told = _told(counter, self.rfile.readline(MAX_COUNT))
            self.wfile.write(msgspec.json.encode(told) + b"\n")

    class Server(ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever hangs up, or sends nothing, is told nothing; neither is anybody else."""

    with Server(str(path), Handler) as server:
        path.chmod(0o600)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            path.unlink(missing_ok=True)


def _told(counter: Counter, raw: bytes) -> CountTold:
    try:
        asked = msgspec.json.decode(raw, type=CountAsked)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return CountTold(problem=MISUSE)
    try:
        return CountTold(count=counter.count(asked.query, asked.parameters))
    except CounterError as error:
        return CountTold(problem=_problem(error.code))


def _problem(code: str) -> str:
    """What the walk says of it: `misuse`, or why it could not be walked."""
    if code == MISUSE:
        return MISUSE
    if code in _FORBIDDEN:
        return "database_forbidden"
    silent = code in _SILENT or (code.startswith("status_") and code != "status_500")
    return "database_unreachable" if silent else "database_error"
