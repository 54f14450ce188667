"""The page in this process: what it shows of which models, and what its calls give back."""

import asyncio
import itertools
import json
import os
import re

import cv2
import numpy as np
import pytest

from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.runtime.errors import UserError

# The page's library uses what others have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def _described(name, shape, support, kind, names=()):
    return DescribedModality(name, shape, support, kind, names, None)


IMAGE = _described("image", (8, 8, 1), (0.0, 1.0), "image")
LABEL = _described("label", (3,), (0.0, 1.0), "label", ("a", "b", "c"))


class Model:
    """Stands in for an exported model: images of one grey, which says what was asked."""

    def __init__(self, *modalities, without=()):
        self.modalities = {x.name: x for x in modalities}
        image, *others = [x.name for x in modalities]
        names = [f"reconstruct_{image}"] if not others else ["embed"]
        for other in others:
            names += [f"{image}_to_{other}", f"{other}_to_{image}"]
            names += [f"sample_{image}_from_{other}", f"edit_{image}"]
        self.signatures = {name: () for name in names if name not in without}
        self.asked = []

    def __call__(self, signature, **inputs):
        self.asked.append((signature, inputs))
        assert signature in self.signatures
        batch = len(next(iter(inputs.values())))
        if signature == "embed":
            return {"mean": np.zeros((batch, 3), np.float32)}
        target = signature.split("_from_")[0].split("_to_")[-1].split("_")[-1]
        modality = self.modalities[target]
        low, high = modality.support
        value = high if "seed" in inputs else low + 0.25 * (high - low)
        return {target: np.full((batch, *modality.event_shape), value, np.float32)}


@pytest.mark.parametrize(
    "modalities",
    [
        [_described("image", (8, 4, 1), (0.0, 1.0), "image"), LABEL],
        [_described("image", (8, 8), (0.0, 1.0), "image"), LABEL],
        [_described("image", (8, 8, 4), (0.0, 1.0), "image"), LABEL],
        [_described("image", (8, 8, 1), (-np.inf, np.inf), "image"), LABEL],
        [_described("image", (8, 8, 1), (0.0, np.inf), "image")],
        [IMAGE, _described("speech", (5,), (-np.inf, np.inf), "vector")],
        [IMAGE, LABEL, _described("traits", (2,), (-3.0, 3.0), "attributes", ("x", "y"))],
        [IMAGE, _described("right", (8, 8, 1), (0.0, 1.0), "image")],
        [IMAGE, _described("traits", (2,), (-np.inf, np.inf), "attributes", ("x", "y"))],
        [IMAGE, _described("traits", (2, 2), (-3.0, 3.0), "attributes")],
        [_described("words", (4,), (0.0, 1.0), "label"), LABEL],
    ],
)
def test_what_the_page_cannot_show_is_told_in_a_line(modalities):
    model = Model(*modalities)
    if modalities[-1].kind == "vector":
        model.signatures = dict.fromkeys(["image_to_speech", "speech_to_image", "embed"])
    with pytest.raises(UserError, match="choose another --saved_model") as told:
        DemoModel(model)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("modalities", "received"),
    [
        ([IMAGE, LABEL, _described("word", (2,), (0.0, 1.0), "label")], "label, word"),
        ([IMAGE, _described("right", (8, 8, 1), (0.0, 1.0), "image"), LABEL], "image, right"),
        ([_described("words", (4,), (0.0, 1.0), "label"), LABEL], r"images \(none\).*words, label"),
        ([IMAGE, _described("speech", (5,), (-np.inf, np.inf), "vector")], "image, speech"),
        ([_described("wide", (4, 8, 1), (0.0, 1.0), "image")], r"wide, an image .*\(4, 8, 1\)"),
    ],
)
def test_the_message_names_what_the_page_cannot_show(modalities, received):
    model = Model(*modalities)
    if modalities[-1].kind == "vector":
        model.signatures = dict.fromkeys(["image_to_speech", "embed"])
    with pytest.raises(UserError, match=f"one square image.*received .*{received}"):
        DemoModel(model)


def test_what_a_model_cannot_draw_is_not_offered():
    answers = DemoModel(Model(IMAGE, LABEL, without=["sample_image_from_label", "edit_image"]))
    assert [
        what for what in ("draw", "read", "edit", "rebuild", "scatter") if answers.can(what)
    ] == ["read"]


@pytest.mark.parametrize("support", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-3.0, 5.0)])
def test_files_and_pictures_have_any_range(tmp_path, support):
    low, high = support
    answers = DemoModel(Model(_described("image", (8, 8, 1), support, "image"), LABEL))
    levels = np.zeros((8, 8), np.uint8)
    levels[:4] = 255
    cv2.imwrite(str(tmp_path / "half.png"), levels)
    image = answers.from_file(str(tmp_path / "half.png"), None)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[[0, -1], 0, 0], [high, low])
    shown = answers.for_screen(image)
    assert (shown[0, 0], shown[-1, 0]) == (pytest.approx(255), pytest.approx(0))
    assert answers.for_screen(np.full((8, 8, 1), (low + high) / 2))[0, 0, 0] in (127, 128)


gradio = pytest.importorskip("gradio", reason="the page's requirements are not installed")

from starlette.testclient import TestClient  # noqa: E402

from jmvae_tf.demo.guard import NO_SUCH_FILE  # noqa: E402
from jmvae_tf.demo.page import page  # noqa: E402
from jmvae_tf.demo.page_server import application  # noqa: E402
from jmvae_tf.demo.uploads import Uploads  # noqa: E402

TRAITS = _described("traits", (2,), (0.0, 1.0), "attributes")  # Yes or no, without names.


@pytest.fixture(scope="module", params=[[IMAGE, LABEL], [IMAGE, TRAITS], [IMAGE]])
def served(request, tmp_path_factory):
    """A page, its folder of uploads and its model."""
    folder = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(folder))
        environment.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(2**62))
        model = Model(*request.param)

        async def build():  # Within a loop: the library leaves one behind that it makes itself.
            blocks = page(DemoModel(model), "a model", crops_faces=False)
            return application(blocks, ["127.0.0.1"], Uploads(folder))

        app = asyncio.run(build())
        with TestClient(app, base_url="http://localhost") as client:
            yield client, folder, model


def _upload(client, content):
    [path] = client.post("/gradio_api/upload", files={"files": ("a.png", content)}).json()
    return path


_numbers = itertools.count()


def _call(client, index, data, session=None):
    """What a handler gives back: whether it worked, and its values."""
    session = session or f"s{next(_numbers)}"
    call = {"data": data, "fn_index": index, "session_hash": session, "trigger_id": None}
    joined = client.post("/gradio_api/queue/join", json=call)
    assert joined.status_code == 200, joined.text
    events = client.get("/gradio_api/queue/data", params={"session_hash": session}).text
    done = [json.loads(x) for x in re.findall("^data: (.*)$", events, re.MULTILINE)]
    [end] = [x for x in done if x["msg"] == "process_completed"]
    return end["success"], end["output"].get("data")


def _file(path):
    meta = {"_type": "gradio.FileData"}
    return {"path": str(path), "meta": meta, "orig_name": "x.svg", "url": "http://127.0.0.1:9/"}


def _handlers(client):
    """The page's handlers: number, and the kinds of components that go in and out."""
    config = client.get("/config").json()
    kinds = {x["id"]: x["type"] for x in config["components"]}
    return [
        (x["id"], [kinds[y] for y in x["inputs"]], [kinds[y] for y in x["outputs"]])
        for x in config["dependencies"]
    ]


def _png():
    return cv2.imencode(".png", np.eye(8, dtype=np.uint8) * 255)[1].tobytes()


def test_an_uploaded_image_is_read(served):
    client, _, model = served
    path = _upload(client, _png())
    handlers = _handlers(client)
    [keep, *_] = [index for index, given, _ in handlers if given == ["file"]]
    [read, *_] = [index for index, given, _ in handlers if given == ["state", "checkbox"]]
    assert _call(client, keep, [_file(path)], session="me") == (True, [None])
    model.asked.clear()
    works, (_, seen, chart) = _call(client, read, [None, False], session="me")
    assert works
    assert seen["path"] != chart["path"]
    [(_, inputs)] = model.asked
    np.testing.assert_array_equal(inputs["image"][0, ..., 0], np.eye(8))
    assert _call(client, read, [None, False], session="other") == (True, [None, None, None])


def test_no_handler_gives_back_a_path(served):
    client, folder, _ = served
    path = _upload(client, _png())
    before = {x for x in folder.rglob("*") if x.is_file()}
    for index, given, gives in _handlers(client):
        for place in range(len(given)):
            data = [None] * place + [_file(path)] + [None] * (len(given) - place - 1)
            _, values = _call(client, index, data)
            assert path not in json.dumps(values), (given, gives)
    # Nor has one been copied, but what was shown was drawn anew.
    for shown in {x for x in folder.rglob("*") if x.is_file()} - before:
        assert shown.suffix in (".webp", ".png")
        assert shown.read_bytes() != _png()


def test_no_handler_takes_another_file(served, tmp_path):
    client, folder, _ = served
    (tmp_path / "secret.svg").write_text("<svg>the secret</svg>")
    cv2.imwrite(str(tmp_path / "secret.png"), np.eye(8) * 255)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    before = {x for x in folder.rglob("*") if x.is_file()}
    for secret in ("secret.svg", "secret.png", "missing.png"):
        for path in (tmp_path / secret, folder / "link.png", os.path.relpath(tmp_path / secret)):
            for index, given, _ in _handlers(client):
                data = [_file(path)] * max(1, len(given))
                call = {"data": data, "fn_index": index, "session_hash": "me"}
                answer = client.post("/gradio_api/queue/join", json=call)
                assert (answer.status_code, answer.text) == (403, NO_SUCH_FILE)
            answer = client.get(f"/gradio_api/file={path}")
            assert answer.status_code in (403, 404)  # The client may shorten the path.
            assert "secret" not in answer.text
    assert {x for x in folder.rglob("*") if x.is_file()} == before


def test_what_is_no_image_gives_a_message(served):
    client, *_ = served
    path = _upload(client, b"no image")
    handlers = _handlers(client)
    [keep, *_] = [index for index, given, _ in handlers if given == ["file"]]
    [read, *_] = [index for index, given, _ in handlers if given == ["state", "checkbox"]]
    _call(client, keep, [_file(path)], session="no")
    assert _call(client, read, [None, False], session="no") == (True, [None, None, None])


def test_wrong_values_end_their_own_call(served):
    client, *_ = served
    for index, given, _ in _handlers(client):
        for value in ("\x1b[31mevil", -(10**40), [[]], "a" * 1000, 1e308, True):
            works, values = _call(client, index, [value] * len(given))
            assert works or values is None


def test_the_page_itself_answers_after_all_that(served):
    client, *_ = served
    answer = client.get("/")
    assert "a model" in answer.text
    assert answer.headers["content-security-policy"].count("sha256-") > 2
    for asset in set(re.findall(r'"\./(assets/[^"]+)"', answer.text)):
        assert client.get(f"/{asset}").status_code == 200
