"""Serve the application on sockets that the parent process owns: `python -m live_event.server --fd N [--fd M]`."""

import argparse
import socket

import uvicorn

from live_event.app import create_app
from live_event.lifeline import hold_on


def main() -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, action="append", required=True)
    sockets = [socket.socket(fileno=fd) for fd in parser.parse_args().fd]
    hold_on()
    config = uvicorn.Config(
        create_app(), log_level="warning", access_log=False, timeout_graceful_shutdown=3, timeout_keep_alive=30
    )
    uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main()
