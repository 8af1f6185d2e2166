"""``descend serve``: a finished training as an HTTP endpoint."""

from __future__ import annotations

import argparse
import signal
import socket
from contextlib import suppress
from typing import Any

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli.arguments import add_run_argument

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ROWS, SIZE = 1000, 10_000_000
WAITING = 2048
"""Connections that wait to be taken, at most."""
PATIENCE = 5
"""Seconds that requests at work have to end once it is told to."""


def add(commands: Any) -> None:
    """Declare ``descend serve``."""
    command = commands.add_parser(
        "serve",
        help="answer predictions of a finished training over HTTP",
        description='Serve a finished training: POST /predict takes {"rows": [{column: value, …}]} and gives a '
        "prediction for each; /health says whether it serves; /docs and /openapi.json describe both, with a type for "
        "each column. Only this machine reaches it unless --host says otherwise; there is no password. ctrl+c ends it.",
    )
    add_run_argument(command)
    command.add_argument("--port", type=int, default=8000, help="default: 8000; 0 takes any that is free")
    command.add_argument(
        "--host", default=LOOPBACK[0], help="address to listen at; 0.0.0.0 is every one (default: this machine)"
    )
    command.add_argument(
        "--rows", type=int, default=ROWS, metavar="N", help=f"most rows of a request (default: {ROWS:,})"
    )
    command.add_argument(
        "--size", type=int, default=SIZE, metavar="N", help=f"most bytes of a request (default: {SIZE:,})"
    )
    command.set_defaults(do=serve)


def serve(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    from descend.datasets.data_shape import format_count
    from descend.engine.run import runs

    if not 0 <= arguments.port <= 65535:
        raise UsageError("--port is from 0 to 65535.")
    if arguments.rows < 1 or arguments.size < 1:
        raise UsageError("--rows and --size are at least 1.")
    run = runs.find_run(arguments.run)
    try:
        import uvicorn

        from descend.engine.serving.app import limit_threads, make_app
    except ImportError:
        raise DescendError("Serving needs FastAPI and uvicorn; `pip install 'descend[serve]'`.") from None
    from descend.engine.train.loaded_model import load_model

    model = load_model(run)
    model.require_predictions()
    limit_threads(1)
    listener = listen(arguments.host, arguments.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Serving {clean(run.id)} at http://{shown}:{port}, documented at /docs; ctrl+c stops it.")
    if arguments.host in LOOPBACK:
        print("Only this machine reaches it.", flush=True)
    else:
        print("Every machine that reaches this address can use it: there is no password.", flush=True)
    config = uvicorn.Config(
        make_app(model, run.id, arguments.rows, arguments.size),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    server = uvicorn.Server(config)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server raises again what ended it
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    print(f"Stopped after {format_count(server.server_state.total_requests, 'request')}.")
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes requests.

    Raises:
        DescendError: the address cannot be listened at.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, so that asyncio sends each answer at once: it waited 40 ms for the client.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(WAITING)  # what asks before the server is ready waits
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise DescendError(f"Cannot listen at {clean(host)}, port {port} ({why}); try another --port.") from None
    return listener
