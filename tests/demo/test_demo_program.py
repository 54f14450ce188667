"""The program of the page against strangers: floods, large bodies, its end; slow."""

import concurrent.futures
import contextlib
import functools
import http.client
import json
import pathlib
import re
import signal
import socket
import time

import pytest

from tests.helpers.demo_page import started_page

pytestmark = pytest.mark.slow

pytest.importorskip("gradio", reason="the page's requirements are not installed")

import httpx  # noqa: E402

MORE_MEMORY = 100 * 2**20  # Bytes above those of an idle page.


def _memory(process, line="VmRSS"):
    """Bytes that a process has in memory; "VmHWM" for the most that it ever had."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"^{line}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


@functools.cache
def _surprise(url):
    """The number of the handler that draws a picture without being asked for any."""
    config = httpx.get(f"{url}/config", timeout=60).json()
    [button, *_] = [
        x["id"] for x in config["components"] if x["props"].get("elem_id") == "surprise"
    ]
    [handler] = [x["id"] for x in config["dependencies"] if [button, "click"] in x["targets"]]
    return handler


def _joins(url, session):
    call = {"data": [], "fn_index": _surprise(url), "session_hash": session, "trigger_id": None}
    return httpx.post(f"{url}/gradio_api/queue/join", json=call, timeout=60)


def _drawn(url, session):
    """The answer to a person who draws a digit, and tries again if the page is busy."""
    deadline = time.monotonic() + 120
    while _joins(url, session).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    query = {"session_hash": session}
    events = httpx.get(f"{url}/gradio_api/queue/data", params=query, timeout=120).text
    [end] = [x for x in events.splitlines() if '"process_completed"' in x]
    end = json.loads(end.removeprefix("data: "))
    assert end["success"]
    [path, *_] = [x["path"] for x in end["output"]["data"] if isinstance(x, dict)]
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with started_page(tmp_path_factory.mktemp("temporary")) as (url, it):
        for number in range(20):  # What it needs for its own work.
            _drawn(url, f"first{number}")
        yield url, it


@pytest.mark.parametrize("sessions", [1, 500])
def test_floods_of_calls_are_refused_and_others_answered(served, sessions):
    url, it = served
    before = _memory(it)
    with concurrent.futures.ThreadPoolExecutor(50) as flood:
        joins = [flood.submit(_joins, url, f"flood{x % sessions}") for x in range(500)]
        while not joins[-1].done():
            assert httpx.get(f"{url}/config", timeout=30).status_code == 200
    statuses = [x.result().status_code for x in joins]
    assert set(statuses) <= {200, 503}
    assert _drawn(url, f"another{sessions}")
    assert _memory(it, "VmHWM") - before < MORE_MEMORY


def _send(url, path, megabytes, headers):
    """Sends a body as a client that does not stop, and returns the status, or None for none."""
    connection = http.client.HTTPConnection(*url.removeprefix("http://").split(":"), timeout=120)
    with contextlib.closing(connection):
        connection.putrequest("POST", path)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with contextlib.suppress(ConnectionError):
            for _ in range(megabytes):
                piece = bytes(2**20)
                if "Transfer-Encoding" in headers:
                    piece = b"%x\r\n%s\r\n" % (len(piece), piece)
                connection.send(piece)
            if "Transfer-Encoding" in headers:
                connection.send(b"0\r\n\r\n")
        return connection.getresponse().status


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/nothing", "/"])
def test_large_bodies_are_refused_and_others_answered(served, path):
    url, it = served
    before = _memory(it)
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    announced = {**kind, "Content-Length": str(100 * 2**20)}
    unannounced = {**kind, "Transfer-Encoding": "chunked"}
    with concurrent.futures.ThreadPoolExecutor(6) as flood:
        sent = [flood.submit(_send, url, path, 100, x) for x in [announced, unannounced] * 3]
        assert _drawn(url, f"beside{path.count('/')}{len(path)}")
    assert {x.result() for x in sent} <= {413, 404}
    assert _memory(it, "VmHWM") - before < MORE_MEMORY


def test_many_streams_leave_room_for_others(served):
    url, it = served
    host, port = url.removeprefix("http://").split(":")
    before = _memory(it)
    with contextlib.ExitStack() as streams:
        for number in range(500):
            stream = streams.enter_context(socket.create_connection((host, int(port)), 30))
            stream.send(
                b"GET /gradio_api/heartbeat/h%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number
            )
        assert _drawn(url, "aside")
    assert _memory(it, "VmHWM") - before < MORE_MEMORY


def test_nothing_of_a_request_reaches_the_terminal(served):
    """What is written there is looked at when the page ends."""
    url, _ = served
    host, port = url.removeprefix("http://").split(":")
    evil = "\x1b[31mevil"
    for raw in (b"\x1b[31mevil\r\n\r\n", b"GET /\x1b[31m HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n"):
        with socket.create_connection((host, int(port)), 30) as connection:
            connection.send(raw)
            assert b"400" in connection.recv(1000)
    for index in range(12):
        for data in ([evil], [evil] * 2, [evil] * 3, []):
            call = {"data": data, "fn_index": index, "session_hash": "evil"}
            httpx.post(f"{url}/gradio_api/queue/join", json=call, timeout=60)
    httpx.post(f"{url}/gradio_api/upload", files={"files": (evil, b"x")}, timeout=60)
    assert _drawn(url, "after")


@pytest.mark.parametrize("end", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_uploads_are_removed_at_the_end(tmp_path, end):
    with started_page(tmp_path, end=end) as (url, _):
        answer = httpx.post(f"{url}/gradio_api/upload", files={"files": ("a.png", b"x")})
        [path] = answer.json()
        assert pathlib.Path(path).is_relative_to(tmp_path)
        # Somebody who still listens does not delay it.
        with httpx.stream("GET", f"{url}/gradio_api/heartbeat/x"):
            pass
        assert pathlib.Path(path).read_bytes() == b"x"


def test_proxies_and_certificates_of_the_environment_do_not_matter(tmp_path):
    environment = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "https_proxy": "nonsense",
        "SSL_CERT_FILE": "/nonexistent",
        "GRADIO_ROOT_PATH": "/elsewhere",
        "GRADIO_SSR_MODE": "True",
    }
    with started_page(tmp_path, **environment) as (url, _):
        assert httpx.get(url, trust_env=False).status_code == 200


def test_the_page_goes_by_names_that_the_flags_allow(tmp_path):
    warning = (
        "warning: with --host=0.0.0.0 everybody who reaches this machine can use the page, and "
        "upload to it; there is no password\n"
    )
    flags = ["--host=0.0.0.0", "--allowed_hosts=demo.example,other.example"]
    with started_page(tmp_path, *flags, warns=warning) as (url, _):
        for host, status in {
            "demo.example": 200,
            "other.example:80": 200,
            "a.example": 403,
        }.items():
            assert httpx.get(f"{url}/config", headers={"Host": host}).status_code == status
