"""A client believes no server: what is no checked answer is told in a line, and nothing else.

Whatever comes, it takes little more memory than an honest reply, ends in time, and is written
nowhere.
"""

import base64
import contextlib
import http.server
import json
import shutil
import ssl
import subprocess
import sys
import threading
from concurrent import futures

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from jmvae_tf.clients.grpc_client import GrpcClient
from jmvae_tf.clients.rest_client import RestClient
from jmvae_tf.export_format.modalities_json import read_modalities
from jmvae_tf.export_format.shipped_models import DIGITS
from jmvae_tf.runtime.errors import UserError
from tests.helpers import hostile_servers
from tests.helpers.hostile_servers import (
    HONEST,
    HOSTILE,
    REDIRECTS,
    SAVED_MODEL,
    endlessly,
    raw_server,
)
from tests.helpers.paths import ROOT

MORE_MEMORY = 100 * 2**20
LATE = 20.0  # Seconds; replies without end would go on for ever.
CASES = [case for cases in HOSTILE.values() for case in cases]
LABEL = {"label": np.eye(10)[:1]}
NAME = DIGITS
SETTINGS = b"\0\0\0\4\0\0\0\0\0"  # A frame of HTTP/2.


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What came of each reply, in a process without TensorFlow."""
    folder = tmp_path_factory.mktemp("asked")
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.hostile_servers", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr  # And nothing of a reply.
    return json.loads((folder / "outcomes.json").read_text())


@pytest.mark.parametrize("kind", HONEST)
def test_an_honest_reply_is_shown_or_written(kind, outcomes):
    outcome = outcomes[f"honest {kind}"]
    assert outcome["error"] is None
    assert (base64.b64decode(outcome["out"]) == hostile_servers.BEFORE) == (kind == "read")


def test_a_file_is_written_as_it_came(outcomes):
    assert base64.b64decode(outcomes["honest file"]["out"]) == hostile_servers.png()


@pytest.mark.parametrize("case", [*CASES, *REDIRECTS])
def test_a_hostile_reply(case, outcomes):
    outcome = outcomes[case]
    assert outcome["error"].startswith("UserError: ")
    assert outcome["error"].isprintable()
    assert base64.b64decode(outcome["out"]) == hostile_servers.BEFORE
    assert outcome["files"] == ["digit.png", "out.png"]
    assert outcome["took"] < LATE
    honest = max(x["peak"] for name, x in outcomes.items() if name.startswith("honest"))
    assert outcome["peak"] < honest + MORE_MEMORY
    assert not outcome.get("elsewhere")  # A redirect was not followed.


def test_fifty_are_tried():
    assert len(CASES) >= 50


@pytest.fixture(scope="module")
def modalities():
    return read_modalities(SAVED_MODEL / "1")


def _rest(port, modalities=None, protocol="http", **options):
    options = {"timeout": hostile_servers.TIMEOUT, **options}
    return RestClient(f"{protocol}://127.0.0.1:{port}", NAME, modalities=modalities, **options)


@pytest.mark.parametrize(
    "case",
    [
        *("a body without end", "chunks without end", "a body by the byte", "a PNG with text"),
        *("a PNG that unpacks to much", "two files", "a PNG of 40000x40000"),
    ],
)
def test_a_client_that_knows_nothing_of_the_model(case):
    with raw_server(HOSTILE["file"][case]) as (port, _), pytest.raises(UserError):
        _rest(port).predict("label_to_encoded_image", LABEL, ["image_bytes"])


@pytest.mark.parametrize("case", ["one NaN", "a batch of two", "texts", "of several lengths"])
def test_numbers_for_a_client_that_knows_nothing_of_the_model(case):
    with raw_server(HOSTILE["sample"][case]) as (port, _), pytest.raises(UserError):
        _rest(port, timeout=20.0).predict("label_to_image", LABEL, ["image"])


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x03", endlessly(b"", b"\x16", 0.02)]
)
def test_what_does_not_speak_tls(reply, modalities):
    with raw_server(reply) as (port, _), pytest.raises(UserError) as caught:
        _rest(port, modalities, "https").predict("label_to_image", LABEL, ["image"])
    assert any(x in str(caught.value) for x in ("TLS failed", "no complete answer within 0.15 s"))


def test_a_handshake_without_end(modalities):
    with raw_server(endlessly(b"", b"", 0.02)) as (port, _):
        with pytest.raises(UserError, match=r"no complete answer within 0\.15 s"):
            _rest(port, modalities, "https").predict("label_to_image", LABEL, ["image"])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The files of a certificate for 127.0.0.1 that nobody has signed, and of its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("certificate")
    names = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=here"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", str(names[0]), "-keyout", str(names[1])),
        ],
        check=True,
        capture_output=True,
    )
    return names


@contextlib.contextmanager
def _answering(reply, certificate=None):
    """A server of HTTP, or of HTTPS; gives its port and the headers of what comes."""
    headers = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            headers.append(self.headers)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(reply)

        def log_message(self, *arguments):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *arguments):  # A client that does not trust it hangs up.
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1], headers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _label_of(client):
    image = {"image": np.zeros((1, 28, 28, 1))}
    return client.predict("image_to_label", image, ["label"])["label"]


def test_a_certificate_that_nobody_trusts(certificate, modalities):
    with _answering(HONEST["read"], certificate) as (port, headers):
        with pytest.raises(UserError, match=r"TLS failed: .*self.signed certificate.*CA_BUNDLE"):
            _label_of(_rest(port, modalities, "https", timeout=20.0))
    assert headers == []


def test_the_certificates_of_the_environment_are_trusted(certificate, modalities, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with _answering(HONEST["read"], certificate) as (port, _):
        assert _label_of(_rest(port, modalities, "https", timeout=20.0)).shape == (1, 10)


def test_certificates_that_are_not_there(certificate, modalities, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with _answering(HONEST["read"], certificate) as (port, _):
        with pytest.raises(UserError, match=r"nowhere/bundle\.pem"):
            _label_of(_rest(port, modalities, "https", timeout=20.0))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_no_proxy_is_asked_for_this_machine(variable, proxy, modalities, monkeypatch):
    monkeypatch.setenv(variable, proxy)
    with _answering(HONEST["read"]) as (port, _):
        assert _label_of(_rest(port, modalities, timeout=20.0)).shape == (1, 10)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_a_proxy_that_is_not_there(proxy, monkeypatch):
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(UserError, match=r"prox|SOCKS"):
        _label_of(RestClient("http://elsewhere.example", NAME, timeout=20.0))


def test_no_credentials_of_the_home_folder_are_sent(tmp_path, modalities, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with _answering(HONEST["read"]) as (port, headers):
        _label_of(_rest(port, modalities, timeout=20.0))
    assert "Authorization" not in headers[0]


def _reply(**tensors):
    """A reply of tensors as they are."""
    reply = predict_pb2.PredictResponse()
    for name, proto in tensors.items():
        reply.outputs[name].CopyFrom(proto)
    return reply.SerializeToString()


def _announced(*shape, dtype=tf.float32, **content):
    """A tensor that announces a shape, and holds what it likes."""
    proto = tf.make_tensor_proto(0.0, tf.float32, [1])
    proto.Clear()
    proto.dtype = dtype.as_datatype_enum
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    for name, values in content.items():
        if name == "tensor_content":
            proto.tensor_content = values
        else:
            getattr(proto, name).extend(values)
    return proto


def _tensor(value, shape=(1, 28, 28, 1)):
    return tf.make_tensor_proto(np.full(shape, value, np.float32))


def _unknown_rank():
    proto = _tensor(0.5)
    proto.tensor_shape.unknown_rank = True
    proto.tensor_shape.ClearField("dim")
    return proto


MESSAGES = {
    "nothing": b"",
    "no message": b"\xff" * 50,
    "a page": b"<html>\x1b[2J</html>",
    "40000x40000 of nothing": _reply(image=_announced(40000, 40000)),
    "40000x40000 of one": _reply(image=_announced(40000, 40000, float_val=[0.5])),
    "the right shape of nothing": _reply(image=_announced(1, 28, 28, 1)),
    "the right shape of one": _reply(image=_announced(1, 28, 28, 1, float_val=[0.5])),
    "the right shape of more": _reply(image=_announced(1, 28, 28, 1, float_val=[0.5] * 785)),
    "bytes that are cut off": _reply(image=_announced(1, 28, 28, 1, tensor_content=b"1234")),
    "a negative axis": _reply(image=_announced(-1, 28, 28, 1, float_val=[0.5] * 784)),
    "axes of 2**62": _reply(image=_announced(*[2**62] * 4)),
    "a thousand axes": _reply(image=_announced(*[1] * 1000, float_val=[0.5])),
    "no axes": _reply(image=_announced(float_val=[0.5])),
    "any rank": _reply(image=_unknown_rank()),
    "a batch of two": _reply(image=_tensor(0.5, (2, 28, 28, 1))),
    "three channels": _reply(image=_tensor(0.5, (1, 28, 28, 3))),
    "NaN": _reply(image=_tensor(np.nan)),
    "infinite": _reply(image=_tensor(np.inf)),
    "out of range": _reply(image=_tensor(-0.5)),
    "double": _reply(image=tf.make_tensor_proto(np.full((1, 28, 28, 1), 0.5))),
    "strings": _reply(image=_announced(1, 28, 28, 1, dtype=tf.string, string_val=[b"x"] * 784)),
    "no such type": _reply(image=_announced(1, 28, 28, 1, float_val=[0.5])).replace(
        b"\x08\x01", b"\x08\x7f", 1
    ),
    "another name": _reply(picture=_tensor(0.5)),
    "too large": _reply(image=_tensor(0.5), more=_tensor(0.5, (10**6,))),
}
# A client that knows nothing of the model has no reason to refuse these.
HONEST_OF_ANOTHER_MODEL = ("three channels", "out of range", "a thousand axes", "too large")
FILES = {
    "a page for a file": [b"<html>"],
    "one file too many": [hostile_servers.png()] * 2,
    "a million files of one": [hostile_servers.png()],
    "a PNG with a tail": [hostile_servers.png(after=b"tail")],
}


@contextlib.contextmanager
def _grpc_answering(content, compression=None):
    """A server of gRPC that answers everything with bytes, or with a status; gives its address."""

    def answer(request, context):
        if isinstance(content, bytes):
            return content
        context.abort(*content)

    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(futures.ThreadPoolExecutor(1), [Handler()], compression=compression)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def _asked_by_grpc(address, modalities, signature="label_to_image", timeout=20.0):
    output = "image_bytes" if "encoded" in signature else "image"
    client = GrpcClient(address, NAME, timeout=timeout, modalities=modalities)
    return client.predict(signature, LABEL, [output])[output]


def test_an_honest_message(modalities, monkeypatch):
    for variable in ("http_proxy", "grpc_proxy", "https_proxy"):  # Of no use on this machine.
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with _grpc_answering(_reply(image=_tensor(0.5))) as address:
        np.testing.assert_array_equal(
            _asked_by_grpc(address, modalities), np.full((1, 28, 28, 1), 0.5)
        )


@pytest.mark.parametrize(
    ("case", "known"),
    [
        *((case, True) for case in MESSAGES),
        *((case, False) for case in MESSAGES if case not in HONEST_OF_ANOTHER_MODEL),
    ],
)
def test_a_hostile_message(case, known, modalities, capfd):
    with _grpc_answering(MESSAGES[case]) as address:
        hostile_servers.forget_peak()
        before = hostile_servers.peak()
        with pytest.raises(UserError) as caught:
            _asked_by_grpc(address, modalities if known else None)
        assert hostile_servers.peak() < before + MORE_MEMORY
    assert str(caught.value).isprintable()
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("case", FILES)
def test_hostile_files_by_grpc(case, modalities):
    number = 10**6 if "million" in case else len(FILES[case])
    proto = _announced(number, dtype=tf.string, string_val=FILES[case])
    with _grpc_answering(_reply(image_bytes=proto)) as address, pytest.raises(UserError):
        _asked_by_grpc(address, modalities, "label_to_encoded_image")


def test_a_packed_message_is_not_unpacked(modalities):
    """Even where it is an answer, for what it is can only be told once it has been unpacked."""
    with _grpc_answering(_reply(image=_tensor(0.5)), grpc.Compression.Gzip) as address:
        with pytest.raises(UserError, match="no such message"):
            _asked_by_grpc(address, modalities)


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE])
def test_escapes_in_a_refusal(code, modalities):
    with _grpc_answering((code, hostile_servers.ESCAPES * 99)) as address:
        with pytest.raises(UserError) as caught:
            _asked_by_grpc(address, modalities)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 4000


@pytest.mark.parametrize(
    "reply",
    [
        *(b"", bytes(range(256)) * 50, HONEST["file"], endlessly(b"", b"", 0.02)),
        *(endlessly(b"", b"\0", 0.02), endlessly(SETTINGS, SETTINGS, 0.001)),
    ],
)
def test_what_does_not_speak_grpc(reply, modalities, capfd):
    with raw_server(reply, greeted=False) as (port, _), pytest.raises(UserError):
        _asked_by_grpc(f"127.0.0.1:{port}", modalities, timeout=hostile_servers.TIMEOUT)
    assert "Traceback" not in capfd.readouterr().err


def _query(*arguments, folder):
    return subprocess.run(
        [
            *(sys.executable, str(ROOT / "bin" / "query"), f"--model={NAME}", "--given=label=7"),
            *(f"--saved_model={SAVED_MODEL}", f"--out={folder / 'out.png'}", *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", ["goodbye", "silence", "40000x40000", "a page"])
def test_the_program_by_grpc(case, tmp_path):
    """One line, and nothing that a library logs of what the server says."""
    (tmp_path / "out.png").write_bytes(hostile_servers.BEFORE)
    with contextlib.ExitStack() as stack:
        if case in ("goodbye", "silence"):
            told = b"\0" * 8 + hostile_servers.ESCAPES.encode()
            goodbye = len(told).to_bytes(3) + b"\7\0\0\0\0\0" + told
            reply = SETTINGS + goodbye if case == "goodbye" else endlessly(b"", b"", 0.02)
            port, _ = stack.enter_context(raw_server(reply, greeted=False))
            address = f"127.0.0.1:{port}"
        elif case == "a page":
            proto = _announced(1, dtype=tf.string, string_val=FILES["a page for a file"])
            address = stack.enter_context(_grpc_answering(_reply(image_bytes=proto)))
        else:
            proto = _announced(40000, 40000, dtype=tf.string)
            address = stack.enter_context(_grpc_answering(_reply(image_bytes=proto)))
        done = _query(f"--server=grpc://{address}", "--timeout=2", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr[:-1].isprintable()
    assert (tmp_path / "out.png").read_bytes() == hostile_servers.BEFORE


@pytest.mark.parametrize(
    "url",
    [
        *("http://host:1/path", "http://host:1?q", "http://host:1/?q=1", "http://host:1#f"),
        *("http://me@host:1", "http://me:secret@host:1", "http://host:1//", "http://host:1?"),
        *("http://host:1#", "http://ho st:1", "http://host:1\n", "\thttp://host:1", "http://[::1"),
        *("http://host\\@other:1", "http://h%6fst:1", "http://host:99999", "http://:1", "host:1"),
        *("file:///etc/passwd", "http:host:1", "http://host:0", "http://\x1b[2J:1", ""),
    ],
)
def test_urls_of_more_than_a_server(url):
    with pytest.raises(UserError, match="--server must be http://HOST:PORT") as caught:
        RestClient(url, NAME)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "url", ["http://host", "https://host:1/", "http://[::1]:8501", "http://a-b.c"]
)
def test_urls_of_a_server(url):
    assert RestClient(url, NAME).server.url == url.rstrip("/")


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf")])
def test_timeouts_that_are_none(timeout):
    for client in (RestClient, GrpcClient):
        address = "localhost:1" if client is GrpcClient else "http://localhost:1"
        with pytest.raises(ValueError, match="positive, finite"):
            client(address, NAME, timeout=timeout)


def test_a_timeout_of_centuries(modalities):
    with _answering(HONEST["read"]) as (port, _):
        assert _label_of(_rest(port, modalities, timeout=1e300)).shape == (1, 10)
    with _grpc_answering(_reply(image=_tensor(0.5))) as address:
        _asked_by_grpc(address, modalities, timeout=1e300)
