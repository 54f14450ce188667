"""What comes through to the page's library, and what does not: requests in this process."""

import json
import re

import pytest

pytest.importorskip("starlette", reason="the page's requirements are not installed")

import asyncio

import httpx

from jmvae_tf.demo import uploads
from jmvae_tf.demo.guard import NO_SUCH_FILE, Guard
from jmvae_tf.demo.uploads import LARGEST, Uploads

JOIN, UPLOAD, FILE = "/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/file="
PAGE = b"<html><script>one()</script><script src='/assets/x.js'></script><style>a{}</style></html>"


@pytest.fixture
def folder(tmp_path):
    """Of uploads: with a file, and with links that lead out of it, beside a secret."""
    folder = tmp_path / "uploads"
    (folder / "ab12").mkdir(parents=True)
    (folder / "ab12" / "mine.png").write_bytes(b"an upload")
    (tmp_path / "secret.png").write_text("the secret")
    (tmp_path / "uploads-of-another").mkdir()
    (tmp_path / "uploads-of-another" / "theirs.png").write_text("the secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "way").symlink_to(tmp_path)
    (folder / "circle").symlink_to(folder / "circle")
    return folder


class Library:
    """Stands in for the page's library: remembers what reached it, and answers."""

    def __init__(self):
        self.calls = []
        self.queries = []

    async def __call__(self, scope, receive, send):
        body, more = b"", scope["method"] == "POST"
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.calls.append((scope["path"], dict(scope["headers"]), body))
        self.queries.append(scope["query_string"])
        if b"fall over" in body:
            raise RuntimeError("by \x1b[31m" + body.decode())
        headers = [(b"access-control-allow-origin", b"*")] * (scope["path"] == "/theirs")
        await send({"type": "http.response.debug", "info": {}})  # A server may ask for it.
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[20:]})


@pytest.fixture
def library():
    return Library()


@pytest.fixture
def ask(folder, library):
    """A request to the guard, and its answer."""
    guard = Guard(library, ["0.0.0.0", "Demo.Example"], Uploads(folder), ["/another"])

    def ask(method, path, **options):
        async def once():
            transport = httpx.ASGITransport(guard)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as it:
                return await it.request(method, path, **options)

        return asyncio.run(once())

    return ask


def _call(*data, **others):
    return {"data": list(data), "fn_index": 1, "session_hash": "abc", "trigger_id": 2, **others}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:7860",
        "127.0.0.1:80",
        "10.1.2.3",
        "[::1]:7860",
        "0.0.0.0:7860",
        "demo.example",
        "DEMO.example:8443",
    ],
)
def test_the_page_goes_by_its_own_names(ask, host):
    assert ask("GET", "/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io:7860",
        "evil.localhost",
        "",
        "127.1",
        "2130706433",
        "localhost@evil.example",
        "localhost/evil",
        "localhost:evil",
        "[::1",
        "a b",
        "localhost, evil.example",
        "demo.example.",
        "xn--lcalhost-0fg.example",
        "localhost\\@evil",
    ],
)
def test_other_names_are_refused(ask, library, host):
    for method, path in (("GET", "/"), ("POST", JOIN), ("GET", "/assets/x.js")):
        answer = ask(method, path, headers={"host": host}, json=_call())
        assert answer.status_code == 403
        assert "evil" not in answer.text
    assert library.calls == []


def test_two_names_at_once_are_refused(ask):
    both = [("host", "localhost"), ("host", "evil.example")]
    assert ask("GET", "/", headers=both).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:1",
        "http://127.0.0.1",
        "file://",
        "",
        "*",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "javascript://localhost",
    ],
)
def test_other_origins_are_refused(ask, library, origin):
    for method, path in (("POST", JOIN), ("POST", UPLOAD), ("GET", "/config"), ("OPTIONS", JOIN)):
        answer = ask(method, path, headers={"origin": origin}, json=_call())
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert library.calls == []


def test_the_pages_own_origin_is_not(ask, library):
    headers = {"origin": "https://demo.example", "host": "demo.example"}
    assert ask("POST", JOIN, headers=headers, json=_call(0.5)).status_code == 200
    [(_, seen, _)] = library.calls
    assert b"origin" not in seen  # Of which the library would allow some.


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/assets/x.js", "/nothing"])
def test_no_other_page_may_show_it_or_run_in_it(ask, path):
    headers = ask("GET", path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"\*|http|eval|script-src[^;]*unsafe", policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/another"])
def test_only_the_scripts_of_the_page_run(ask, path):
    answer = ask("GET", path, params={"deep_link": "x"})
    assert answer.content == PAGE
    # Of "one()" and "a{}", by openssl.
    policy = answer.headers["content-security-policy"]
    assert policy.count("sha256-") == 2
    assert "script-src 'self' 'sha256-HR7iaask9daLMRRskMI++QeJtjWDOjyPA6lGzYGzKW4='" in policy
    assert "style-src-elem 'self' 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='" in policy


def _paths(folder):
    up = folder.parent
    return [
        "/etc/passwd",
        str(up / "secret.png"),
        str(folder / "link.png"),
        str(folder / "way" / "secret.png"),
        str(folder / "circle"),
        str(folder / ".." / "secret.png"),
        str(folder / "ab12" / ".." / ".." / "secret.png"),
        f"{up}/uploads-of-another/theirs.png",
        str(folder),
        str(folder / "ab12"),
        str(folder / "missing.png"),
        "mine.png",
        "README.md",
        "../secret.png",
        "~/.ssh/id_rsa",
        f"file://{folder}/ab12/mine.png",
        "http://127.0.0.1:9/secret.png",
        "https://example.com/a.png",
        "HTTP://[::1]/",
        "data:image/png;base64,AAAA",
        "/dev/zero",
        "/proc/self/environ",
        f"{folder}/ab12/mine.png\0.png",
        "/" + "a" * 5000,
        "",
        "\ud800",
    ]


def test_no_file_is_given_but_the_uploaded_ones(ask, library, folder):
    for path in _paths(folder):
        if path and path.isprintable():
            answer = ask("GET", FILE + path)
            assert (answer.status_code, answer.text) in ((403, NO_SUCH_FILE), (404, ANY_404)), path
    assert library.calls == []
    answer = ask("GET", f"{FILE}{folder}/ab12/mine.png")
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["content-security-policy"]


ANY_404 = "The page has nothing there."


def test_no_call_names_a_file_but_the_uploaded_ones(ask, library, folder):
    meta = {"_type": "gradio.FileData"}
    mine = str(folder / "ab12" / "mine.png")
    files = [{"path": path, "meta": meta, "orig_name": "x.svg"} for path in _paths(folder)]
    files += [{"path": path} for path in (*_paths(folder), None, 3, [mine], {"path": mine})]
    files += [{}, {"url": "http://127.0.0.1/"}, {"meta": meta}, {"name": "/etc/passwd"}]
    files += [{"__type__": "update", "value": "/etc/passwd"}, {"a": {"path": mine}}]
    for file in files:
        for data in ([file], [1, [[file]]], [{"path": mine, "meta": meta}, file]):
            answer = ask("POST", JOIN, content=json.dumps(_call(*data)))
            assert (answer.status_code, answer.text) == (403, NO_SUCH_FILE), file
    assert library.calls == []


def test_a_call_is_written_anew(ask, library, folder):
    mine = str(folder / "ab12" / "mine.png")
    sent = {"path": mine, "url": "http://127.0.0.1:9/", "orig_name": "x.svg", "is_stream": True}
    other = {"event_data": {"path": "/etc/passwd"}, "event_id": "x", "simple_format": True}
    body = json.dumps(_call([sent], "text", None, 0.5, **other)).replace(
        '"path"', '"path": "/etc/passwd", "path"', 1
    )
    headers = {"x-forwarded-host": "evil.example", "cookie": "a=b", "x-gradio-server": "evil"}
    assert ask("POST", JOIN, content=body, headers=headers).status_code == 200
    [(_, seen, received)] = library.calls
    file = {"path": mine, "meta": {"_type": "gradio.FileData"}}
    assert json.loads(received) == _call([file], "text", None, 0.5)
    assert seen[b"content-length"] == str(len(received)).encode()
    assert not {b"x-forwarded-host", b"cookie", b"x-gradio-server"} & seen.keys()


def test_a_call_has_only_the_query_of_a_link(ask, library):
    link = {"seed": "7", "values": "-1,0.5,1"}
    for query in (
        {**link, "deep_link": "x", "__sign": "y"},
        {"seed": "1e9", "values": "nan"},
        {"values": "1" * 20000, "seed": "../7"},
        {"seed": "7;x", "values": ""},
        {f"x{x}": "1" for x in range(100)},
    ):
        ask("POST", JOIN, params=query, content=json.dumps(_call(1)))
    assert library.queries[0] == b"seed=7&values=-1%2C0.5%2C1"
    assert set(library.queries[1:]) == {b""}


def test_an_event_is_a_number_or_a_place(ask, library):
    for index in (3, [100, 20.5]):
        event = {"index": index, "value": {"path": "/etc/passwd"}, "evil": "x"}
        assert ask("POST", JOIN, json=_call(1, event_data=event)).status_code == 200
        sent = json.loads(library.calls[-1][2])
        assert sent["event_data"] == {"index": index, "value": None}
    number = len(library.calls)
    for index in ("3", [1, 2, 3], -1, 10**9, True, [[1]], {"path": "/etc/passwd"}):
        event = {"index": index, "value": 1}
        assert ask("POST", JOIN, json=_call(1, event_data=event)).status_code == 400
    assert len(library.calls) == number


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 60000,
        b'{"data": ' * 5000,
        b"1" * 60000,
        json.dumps(_call(float("nan"))).encode(),
        json.dumps(_call(fn_index=True)).encode(),
        json.dumps(_call(session_hash="../../x")).encode(),
        json.dumps(_call(session_hash="x" * 65)).encode(),
        json.dumps(_call(trigger_id={"path": "/etc/passwd"})).encode(),
        json.dumps(_call() | {"data": {"path": "/etc/passwd"}}).encode(),
        json.dumps(_call() | {"fn_index": "1"}).encode(),
    ],
)
def test_what_is_no_call_is_refused(ask, library, body):
    assert ask("POST", JOIN, content=body).status_code == 400
    assert library.calls == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"/gradio_api/{x}") for x in ("run/predict", "api/predict", "call/read", "call/v2/a")]
    + [("POST", f"/gradio_api/{x}") for x in ("component_server", "process_recording", "reset")]
    + [("POST", f"/gradio_api/{x}") for x in ("stream/x", "cancel", "vibe-code", "queue/join/")]
    + [("POST", x) for x in ("/", "/login", "/config", "/queue/join", "//gradio_api/queue/join")]
    + [("GET", f"/gradio_api/{x}") for x in ("proxy=http://localhost/", "file/etc/passwd", "token")]
    + [("GET", f"/gradio_api/{x}") for x in ("deep_link", "startup-events", "openapi.json", "runs")]
    + [("GET", f"/gradio_api/{x}") for x in ("custom_component/a/b/c/d", "dev/reload", "file=")]
    + [("GET", x) for x in ("/monitoring", "/monitoring/summary", "/docs", "/pwa_icon", "/logout")]
    + [
        ("PUT", "/config"),
        ("DELETE", "/config"),
        ("PATCH", JOIN),
        ("OPTIONS", "/"),
        ("TRACE", "/"),
    ],
)
def test_what_no_browser_asks_for_is_not_there(ask, library, method, path):
    meta = {"_type": "gradio.FileData"}
    answer = ask(method, path, json=_call({"path": "/etc/passwd", "meta": meta}))
    assert (answer.status_code, answer.text) == (404, ANY_404)
    assert library.calls == []


def _upload(ask, *contents, name="files"):
    return ask("POST", UPLOAD, files=[(name, ("a.png", x, "image/png")) for x in contents])


def test_an_upload_has_one_file(ask, library):
    assert _upload(ask, b"x").status_code == 200
    [(_, _, body)] = library.calls
    assert b"a.png" in body
    assert _upload(ask, b"x", b"y").status_code == 400
    assert _upload(ask, b"x", name="other").status_code == 400
    assert ask("POST", UPLOAD, data={"files": "text"}).status_code == 400
    assert ask("POST", UPLOAD, content=b"x").status_code == 400
    fields = {"files": ("a.png", b"x")}
    assert ask("POST", UPLOAD, files=fields, data={"more": "x"}).status_code == 400
    torn = {"content-type": "multipart/form-data; boundary=x"}
    assert ask("POST", UPLOAD, content=b"--x\r\nno header", headers=torn).status_code == 400
    no_boundary = {"content-type": "multipart/form-data"}
    assert ask("POST", UPLOAD, content=b"--x", headers=no_boundary).status_code == 400
    assert len(library.calls) == 1


def test_bodies_are_limited(ask, library):
    large = bytes(LARGEST + 2**15)

    async def unannounced():
        for _ in range(100):
            yield bytes(2**20)

    assert _upload(ask, large).status_code == 413
    assert ask("POST", UPLOAD, content=unannounced()).status_code == 413
    assert ask("POST", JOIN, content=large).status_code == 413
    assert ask("POST", JOIN, content=unannounced()).status_code == 413
    for length in ("-1", "1e9", "9" * 30, "x"):
        headers = {"content-length": length}
        assert ask("POST", JOIN, content=b"{}", headers=headers).status_code in (400, 413)
    assert library.calls == []


def test_uploads_are_limited_in_total(ask, library, monkeypatch):
    assert uploads._MOST_BYTES // LARGEST > 20
    half = bytes(LARGEST // 32)
    monkeypatch.setattr(uploads, "_MOST_BYTES", uploads._MOST_BYTES // 16)
    while (answer := _upload(ask, half)).status_code == 200:
        assert len(library.calls) < 100
    assert answer.status_code == 503
    assert len(library.calls) > 20
    assert ask("POST", JOIN, json=_call()).status_code == 200


def test_uploads_are_limited_in_number(folder):
    uploads = Uploads(folder)
    for _ in range(200):  # What was refused afterwards takes no place.
        with pytest.raises(KeyError), uploads.place_for(1):
            raise KeyError
    places = []
    for _ in range(200):
        with uploads.place_for(1) as there_is_one:
            places.append(there_is_one)
    assert places == [True] * 100 + [False] * 100


def test_what_a_request_breaks_is_not_told(ask, capfd):
    answer = ask("POST", JOIN, json=_call("fall over \x1b[31m"))
    assert (answer.status_code, answer.text) == (500, "The page could not answer this.")
    assert capfd.readouterr() == ("", "")
