"""Serves the page: its library's application behind the guard, without log output."""

import contextlib
import logging
import os
import pathlib
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator

import fastapi
import gradio as gr
import uvicorn
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from jmvae_tf.demo.guard import Guard
from jmvae_tf.demo.uploads import LARGEST, Uploads

_STATIC = pathlib.Path(__file__).parent / "static"
_HEAD = (
    '<link rel="stylesheet" href="./page/page.css">'
    '<script type="module" src="./page/page.js"></script>'
)
_MOST_WAITING = 64  # Calls.
_MOST_SESSIONS = 64  # With images; the least recently used is dropped first.
_MOST_CONNECTIONS = 800  # Below the limit of 1,024 open files on many systems.
_LONGEST_HEAD = 2**14  # Bytes of a request before its body.
_STOPS_WITHIN = 10  # Seconds.


def application(blocks: gr.Blocks, hosts: Collection[str], uploads: Uploads) -> ASGIApp:
    """Wraps the page in its guard.

    Args:
      blocks: the page.
      hosts: host names under which browsers may open it, besides localhost and IP addresses.
      uploads: its uploads, in the folder that its library uses.
    """
    theme = gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="slate",
        font=("system-ui", "sans-serif"),
        font_mono=("monospace",),
    )
    blocks.queue(api_open=False, max_size=_MOST_WAITING, status_update_rate=1)
    blocks.state_session_capacity = _MOST_SESSIONS
    blocks.has_launched = True  # Turns on the library's own checks of files.
    outer = fastapi.FastAPI(openapi_url=None)
    outer.mount("/page", StaticFiles(directory=_STATIC))
    with warnings.catch_warnings():  # It warns that several pages cannot be drawn on the server.
        warnings.simplefilter("ignore", UserWarning)
        app = gr.mount_gradio_app(
            outer,
            blocks,
            path="/",
            footer_links=["gradio"],
            run_history=False,
            show_error=False,
            max_file_size=LARGEST,
            ssr_mode=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
            theme=theme,
            head=_HEAD,
        )
    return Guard(app, hosts, uploads, [f"/{path}" for path, *_ in blocks.pages if path])


@contextlib.contextmanager
def served(app: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """Serves an application in its own thread until the body ends.

    Args:
      app: the application.
      listening: a socket that listens.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    if not server.started:
        raise RuntimeError("The server of the page did not start.")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_STOPS_WITHIN)


@contextlib.contextmanager
def quiet() -> Iterator[Callable[[str], None]]:
    """Keeps all output but our own lines from the terminal.

    The libraries print errors of requests, which include parts of the requests.

    Yields:
      A function that prints a line on standard output.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    logging.disable(logging.CRITICAL)
    try:
        with open(kept[0], "w", buffering=1, closefd=False) as terminal:
            yield lambda line: print(line, file=terminal, flush=True)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        logging.disable(logging.NOTSET)
        for stream, descriptor in zip((1, 2), kept, strict=True):
            os.dup2(descriptor, stream)
            os.close(descriptor)
        os.close(nowhere)
