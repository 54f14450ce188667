"""Invalid replies of servers, and how `bin/query` handles each of them.

As a program, `python -m tests.helpers.hostile_servers FOLDER`, it sends requests in its own
process, without TensorFlow, and prints the result of each case as JSON.
"""

import base64
import contextlib
import json
import pathlib
import socket
import socketserver
import struct
import sys
import threading
import time
import zlib

from jmvae_tf.export_format.shipped_models import DIGITS, saved_model_folder

SAVED_MODEL = saved_model_folder(DIGITS)
TIMEOUT = 0.15  # Seconds.
BEFORE = b"what was there before"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\r\x00"


def chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(width=28, height=28, depth=8, colours=0, rows=None, middle=b"", after=b""):
    """Makes a PNG file with any header."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    content = zlib.compress(bytes(29 * 28) if rows is None else rows)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), middle, chunk(b"IDAT", content)]
    return b"".join([*parts, chunk(b"IEND", b""), after])


def http(body, status="200 OK", headers=(), length=True):
    """Makes a complete reply."""
    body = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + body


def files(*contents):
    return http(json.dumps({"outputs": [{"b64": base64.b64encode(x).decode()} for x in contents]}))


def outputs(value):
    return http(value if isinstance(value, str) else json.dumps({"outputs": value}))


def image(value=0.5, shape=(1, 28, 28, 1)):
    for size in reversed(shape):
        value = [value] * size
    return value


def _usual_z():
    """Returns the latent values of a training image."""
    summary = SAVED_MODEL / "1" / "assets" / "training_summary.json"
    return json.loads(summary.read_text("utf-8"))["z"]["image"][0]


def endlessly(start, again, pause=0.0):
    """Makes a reply that continues until nobody listens."""

    def pieces():
        yield start
        while True:
            yield again
            time.sleep(pause)

    return pieces


def _bomb():
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(100)) + packer.flush()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FLOOD = b" " * 2**16
DRIP = 0.02  # Seconds.

HONEST = {
    "file": files(png()),
    "sample": outputs(image()),
    "read": outputs([[0.1] * 10]),
}
# What the same server answers about the image itself.
CHECKS = {
    "embed": outputs({"mean": [_usual_z()], "stddev": [[1.0] * 64]}),
    "decode_image": outputs(image(0.0)),
}

# Valid replies: an image as a file, an image as numbers, or a label.
HOSTILE = {
    "file": {
        "closed at once": b"",
        "garbage": bytes(range(256)) * 50,
        "escapes for a status": ESCAPES.encode() * 20 + b"\r\n\r\n",
        "TLS for HTTP": b"\x15\x03\x01\x00\x02\x02\x16",
        "silence": endlessly(b"", b"", DRIP),
        "a status by the byte": endlessly(b"HTTP/1.1 200 ", b"O", DRIP),
        "a status without end": endlessly(b"HTTP/1.1 200 ", FLOOD),
        "headers by the byte": endlessly(HEAD + b"X: ", b"y", DRIP),
        "headers by the line": endlessly(HEAD, b"X: y\r\n", DRIP),
        "headers without end": endlessly(HEAD, b"X: y\r\n" * 1000),
        "headers that are none": HEAD + ESCAPES.encode() + b"\r\n\r\n",
        "continue without end": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "a body by the byte": endlessly(HEAD + b"\r\n", b" ", DRIP),
        "a body without end": endlessly(HEAD + b"\r\n", FLOOD),
        "a body of an exabyte": endlessly(HEAD + b"Content-Length: %d\r\n\r\n" % 2**60, FLOOD),
        "a body that is cut off": HEAD + b"Content-Length: 5000\r\n\r\n" + b" " * 100,
        "a negative length": HEAD + b"Content-Length: -5\r\n\r\n{}",
        "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n{}",
        "chunks without end": endlessly(CHUNKED, b"10000\r\n" + FLOOD + b"\r\n"),
        "chunks by the byte": endlessly(CHUNKED, b"1\r\n \r\n", DRIP),
        "a chunk's size without end": endlessly(CHUNKED, b"0" * 2**16),
        "a chunk of no size": CHUNKED + b"many\r\n{}\r\n0\r\n\r\n",
        "a chunk of negative size": CHUNKED + b"-9\r\n{}\r\n0\r\n\r\n",
        "trailers without end": endlessly(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n" * 1000),
        "a bomb": http(_bomb(), headers=["Content-Encoding: gzip"]),
        "packed unasked": http(zlib.compress(b"{}"), headers=["Content-Encoding: deflate"]),
        "packed many times": http(b"{}", headers=["Content-Encoding: " + "gzip, " * 999 + "br"]),
        "no content": http("", "204 No Content"),
        "an answer of status 500": HONEST["file"].replace(b"200 OK", b"500 Oops", 1),
        "an answer of status 999": HONEST["file"].replace(b"200 OK", b"999 Oops", 1),
        "a page": http(f"<html>{ESCAPES}</html>", "404 Not Found"),
        "an error with escapes": http(json.dumps({"error": ESCAPES * 9}), "400 Bad Request"),
        "an error that is none": http('{"error": null}', "400 Bad Request"),
        "a long error": http(json.dumps({"error": "long " * 2000})),
        "an error that is an object": http('{"error": {"a": [1]}}'),
        "halves of characters": http('{"error": "\\ud800"}', "400 Bad Request"),
        "no JSON": http("\xff\xfe"),
        "a list": http("[1, 2]"),
        "nothing": http("{}"),
        "deep JSON": http("[" * 50_000),
        "deep objects": http('{"outputs":' * 5_000),
        "a number of many digits": http('{"outputs": ' + "9" * 50_000 + "}"),
        "many lists": http('{"outputs": [' + "[]," * 15_000 + "[]]}"),
        "null": outputs(None),
        "a text": http('{"outputs": "text"}'),
        "a file without base64": outputs(["file"]),
        "a file under another key": outputs([{"b32": "AAAA"}]),
        "base64 that is none": outputs([{"b64": "\u2713!"}]),
        "base64 of another": outputs([{"b64": [1, 2]}]),
        "a page for a file": files(b"<html><script>alert(1)</script></html>"),
        "an empty file": files(b""),
        "no files": files(),
        "two files": files(png(), png()),
        "a PNG of another size": files(png(27, 28, rows=bytes(28 * 28))),
        "a PNG of 40000x40000": files(png(40000, 40000)),
        "a PNG that unpacks to much": files(png(rows=bytes(2**27))),
        "a PNG with too few rows": files(png(rows=bytes(29 * 27))),
        "a PNG of another filter": files(png(rows=b"\7" + bytes(29 * 28 - 1))),
        "a PNG in colour": files(png(colours=2, rows=bytes(85 * 28))),
        "a PNG of 16 bits": files(png(depth=16, rows=bytes(57 * 28))),
        "a PNG that is cut off": files(png()[:-9]),
        "a PNG that ends in its header": files(png()[:20]),
        "a PNG with a bit turned": files(png()[:45] + b"\xff" + png()[46:]),
        "a PNG with text": files(png(middle=chunk(b"tEXt", b"Comment\0<script>"))),
        "a PNG with a tail": files(png(after=b"<script>")),
        "a PNG with a chunk of 4 GB": files(png(middle=b"\xff\xff\xff\xffIDAT")),
    },
    "sample": {
        "NaN": outputs('{"outputs": ' + json.dumps(image(float("nan"))) + "}"),
        "one NaN": outputs(json.dumps({"outputs": image()}).replace("0.5", "NaN", 1)),
        "infinite": outputs(json.dumps({"outputs": image()}).replace("0.5", "-Infinity", 1)),
        "1e400": outputs(json.dumps({"outputs": image()}).replace("0.5", "1e400", 1)),
        "1e300": outputs(json.dumps({"outputs": image()}).replace("0.5", "1e300", 1)),
        "a long integer": outputs(json.dumps({"outputs": image()}).replace("0.5", "9" * 999, 1)),
        "above the range": outputs(image(1.5)),
        "below the range": outputs(image(-3)),
        "flat": outputs(image(shape=(1, 784))),
        "without a batch": outputs(image(shape=(28, 28, 1))),
        "a batch of two": outputs(image(shape=(2, 28, 28, 1))),
        "of one row less": outputs(image(shape=(1, 27, 28, 1))),
        "of three channels": outputs(image(shape=(1, 28, 28, 3))),
        "empty": outputs([]),
        "empty rows": outputs(image(shape=(1, 28, 0))),
        "of several lengths": outputs([[[[0.5]] * 28] * 27 + [[[0.5]] * 27]]),
        "texts": outputs(image("0.5")),
        "truth": outputs(image(True)),
        "one truth": outputs(json.dumps({"outputs": image()}).replace("0.5", "true", 1)),
        "no numbers": outputs(image(None)),
        "objects": outputs(image({"b64": "AAAA"})),
        "a file for numbers": HONEST["file"],
        "deep lists": http('{"outputs": ' + "[" * 900 + "0.5" + "]" * 900 + "}"),
    },
    "read": {
        "eleven classes": outputs([[0.1] * 11]),
        "nine classes": outputs([[0.1] * 9]),
        "certainty above one": outputs([[2] + [0] * 9]),
        "rows of objects": http(json.dumps({"predictions": [{"label": [0.1] * 10}]})),
        "a name": outputs({"label": [[0.1] * 10]}),
        "NaN of a label": http('{"predictions": [[NaN,0,0,0,0,0,0,0,0,0]]}'),
    },
}
REDIRECTS = ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect")


@contextlib.contextmanager
def raw_server(reply, greeted=True):
    """Yields the port of a server that sends `reply`, bytes or a function that returns pieces.

    And a list of the requests that came, which it reads first unless it is not `greeted`. A request
    for one of `CHECKS` gets that.
    """
    received = []

    def answer():
        asked = received[-1] if received else b""
        checks = [x for name, x in CHECKS.items() if f'"{name}"'.encode() in asked]
        return checks or (reply() if callable(reply) else [reply])

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                if greeted:
                    received.append(_request(self.request))
                for piece in answer():
                    self.request.sendall(piece)
                    if not piece and _is_closed(self.request):
                        break
                self.request.shutdown(socket.SHUT_WR)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1], received
        finally:
            server.shutdown()
            thread.join()


def _request(connection):
    """Reads a request: a header, and as many bytes as it announces."""
    content = b""
    while b"\r\n\r\n" not in content and (more := connection.recv(2**16)):
        content += more
    header, _, body = content.partition(b"\r\n\r\n")
    lengths = [x for x in header.lower().split(b"\r\n") if x.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0][15:]) and (more := connection.recv(2**16)):
        body += more
    return header + b"\r\n\r\n" + body


def _is_closed(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    finally:
        connection.setblocking(True)


def peak():
    """Returns the peak memory of this process in bytes, since `forget_peak`."""
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def forget_peak():
    pathlib.Path("/proc/self/clear_refs").write_text("5")


def ask(query, flags, port, kind, folder, timeout=TIMEOUT):
    """Runs `bin/query` on a server: returns its error, or what it wrote."""
    from absl.testing import flagsaver

    wanted = {
        "file": ["--given=label=7"],
        "sample": ["--given=label=7", "--seed=1"],
        "read": [f"--image={folder / 'digit.png'}"],
    }[kind]
    out = folder / "out.png"
    out.write_bytes(BEFORE)
    with flagsaver.flagsaver():
        flags.FLAGS(
            [
                *("query", f"--server=http://127.0.0.1:{port}", f"--timeout={timeout}"),
                *(f"--model={DIGITS}", f"--saved_model={SAVED_MODEL}", f"--out={out}"),
                *wanted,
            ]
        )
        forget_peak()
        start = time.monotonic()
        error = None
        try:
            query.main()
        except Exception as raised:
            error = raised
    return {
        "error": error and f"{type(error).__name__}: {error}",
        "took": time.monotonic() - start,
        "peak": peak(),
        "out": base64.b64encode(out.read_bytes()).decode(),
        "files": sorted(path.name for path in folder.iterdir()),
    }


def main(folder):
    """Requests every reply."""
    from absl import flags

    from jmvae_tf.programs import query

    stroke = bytes(14) + b"\xff" * 4 + bytes(11)  # A row: its filter, and 28 pixels.
    (folder / "digit.png").write_bytes(png(rows=bytes(29 * 12) + 4 * stroke + bytes(29 * 12)))
    flags.FLAGS(["query"])
    outcomes = {}
    for kind, reply in HONEST.items():
        for _ in range(2):  # The first time loads modules.
            with raw_server(reply) as (port, _):
                outcomes[f"honest {kind}"] = ask(query, flags, port, kind, folder, 60.0)
        for case, hostile in HOSTILE[kind].items():
            with raw_server(hostile) as (port, _):
                outcomes[case] = ask(query, flags, port, kind, folder)
    for status in REDIRECTS:
        with raw_server(HONEST["file"]) as (other, received):
            location = f"Location: http://127.0.0.1:{other}/"
            with raw_server(http("", status, [location])) as (port, _):
                outcomes[status] = ask(query, flags, port, "file", folder)
            outcomes[status]["elsewhere"] = len(received)
    return outcomes


if __name__ == "__main__":
    told = main(pathlib.Path(sys.argv[1]))
    (pathlib.Path(sys.argv[1]) / "outcomes.json").write_text(json.dumps(told))
