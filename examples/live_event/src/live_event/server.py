"""Serve the application on sockets that the parent process owns: `python -m live_event.server --fd N [--fd M]`."""

import argparse
import socket

import uvicorn

from live_event.app import create_app
from live_event.lifeline import hold_on

LARGEST_FRAME = 8192
"""Bytes of a frame that a client may send on a socket: it only says who it is."""


def config() -> uvicorn.Config:
    """How the application is served. On SIGTERM no request is cut that ends within three seconds; sockets are told to
    come again (1012)."""
    return uvicorn.Config(
        create_app(),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
    )


def main() -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, action="append", required=True)
    sockets = [socket.socket(fileno=fd) for fd in parser.parse_args().fd]
    hold_on()
    uvicorn.Server(config()).run(sockets=sockets)


if __name__ == "__main__":
    main()
