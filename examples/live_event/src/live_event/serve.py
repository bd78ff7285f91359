"""Serve the live event for somebody who wants to look at it: `python -m live_event.serve [--port 8787]`.

PostgreSQL is embedded and starts empty, unless `DATABASE_URL` names a server. Everything ends with Ctrl-C.
"""

import argparse
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

import uvicorn

from live_event.database import SERVICE, running
from live_event.server import config

ADMIN = "admin@live-event.example"


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8787)
    port: int = parser.parse_args().port
    password = secrets.token_urlsafe(9)
    with tempfile.TemporaryDirectory(prefix="live-event-") as name, running(Path(name)) as database:
        database.prepare({ADMIN: (password, "admin")})
        os.environ["LIVE_EVENT_DATABASE_URL"] = database.url_of(SERVICE)
        os.environ["LIVE_EVENT_LOGS"] = str(Path(name) / "logs")
        os.environ.setdefault("LIVE_EVENT_SECRET", secrets.token_urlsafe(32))
        print(f"http://127.0.0.1:{port}   administrator: {ADMIN}, password {password}", flush=True)
        served = config()
        served.port = port
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(served).run()


if __name__ == "__main__":
    main()
