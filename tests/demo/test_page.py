"""The page in this process: what it shows of which models, and what its calls give back."""

import asyncio
import dataclasses
import itertools
import json
import os
import pathlib
import re

import cv2
import numpy as np
import pytest

from jmvae_tf.demo import pictures
from jmvae_tf.demo.any_subset import AnySubset
from jmvae_tf.demo.cloud import cloud_of
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.export_format.latent_plane import LatentPlane
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.signature_names import directions_of, to_generate, to_sample
from jmvae_tf.export_format.training_summary import LatentMap, TrainingSummary
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
        self.summary = None
        self.version = pathlib.Path("no such folder") / "1"
        self.asked = []

    def check_image(self, name, values):
        assert self.modalities[name].kind == "image"
        return values, []

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


class OfAnySubset:
    """Stands in for an exported model of any modalities, which answers with what it was asked."""

    def __init__(self, *modalities, signatures=None):
        self.modalities = {x.name: x for x in modalities}
        names = []
        for given, target in directions_of(list(self.modalities)):
            names += [to_generate(given, target), to_sample(given, target)]
        self.signatures = dict.fromkeys(names if signatures is None else signatures, ())
        self.version = pathlib.Path("no such folder") / "1"
        self.asked = []

    def __call__(self, signature, **inputs):
        assert signature in self.signatures
        self.asked.append((signature, inputs))
        [target] = [
            name
            for name in self.modalities
            if signature.endswith((f"_to_{name}", f"complete_{name}"))
            or signature.startswith(f"sample_{name}_from_")
        ]
        modality, batch = self.modalities[target], len(next(iter(inputs.values())))
        values = np.zeros(modality.event_shape)
        values[..., 0] = 1.0
        return {target: np.repeat(values[np.newaxis], batch, 0).astype(np.float32)}


PHOTO = _described("photo", (4, 8, 4), (0.0, 1.0), "image")
TRAITS = _described("traits", (2,), (-np.inf, np.inf), "attributes", ("striped", "large"))
MEASURES = _described("measures", (2,), (-np.inf, np.inf), "numbers", ("length_mm", "weight_g"))
NOTE = _described("note", (3, 4), (0.0, 1.0), "text", ("a", "b", " ", "<end>"))
SHELLS = [PHOTO, LABEL, TRAITS, MEASURES, NOTE]


def test_what_the_page_cannot_show_is_told_in_a_line():
    model = OfAnySubset(PHOTO, MEASURES, signatures=["embed"])
    told = r"a model of photo, measures with the signatures embed; choose another --saved_model"
    with pytest.raises(UserError, match=told):
        AnySubset(model)


@pytest.mark.parametrize(
    ("modalities", "is_pair"),
    [
        ([IMAGE, LABEL], True),
        ([IMAGE], True),
        ([_described("wide", (4, 8, 3), (-np.inf, np.inf), "image"), LABEL], True),
        ([IMAGE, LABEL, _described("word", (2,), (0.0, 1.0), "label")], False),
        ([IMAGE, _described("right", (8, 8, 1), (0.0, 1.0), "image"), LABEL], False),
        ([_described("words", (4,), (0.0, 1.0), "label"), LABEL], False),
        ([IMAGE, MEASURES], False),
    ],
)
def test_an_image_with_a_label_or_attributes_has_tabs_of_its_own(modalities, is_pair):
    assert (DemoModel.of(Model(*modalities)) is not None) == is_pair


def test_any_subset_is_asked_for_by_its_signature():
    export = OfAnySubset(PHOTO, LABEL, MEASURES)
    model = AnySubset(export)
    assert model.givable == model.targets == ["photo", "label", "measures"]
    given = {"measures": np.ones(2, np.float32), "photo": np.ones((4, 8, 4), np.float32)}
    assert model.targets_of(given) == ["label"]
    assert model.mean("label", given).tolist() == [1, 0, 0]
    [(signature, inputs)] = export.asked
    assert signature == "photo_measures_to_label"
    assert inputs["photo"].shape == (1, 4, 8, 4)
    assert model.samples("photo", {"label": np.eye(3)[0]}, 2**31 - 1, 3).shape == (3, 4, 8, 4)
    assert export.asked[-1][1]["seed"].tolist() == [2**31 - 1, 0, 1]
    assert model.targets_of(given | {"label": np.zeros(3)}) == []


def test_what_has_no_signature_of_its_own_is_completed():
    names = [f"complete_{x.name}" for x in SHELLS]
    export = OfAnySubset(*SHELLS, signatures=["label_to_note", *names])
    model = AnySubset(export)
    given = {"label": np.eye(3)[1], "measures": np.array([3.0, np.nan], np.float32)}
    assert model.targets_of(given) == ["photo", "traits", "measures", "note"]
    assert model.mean("measures", given).tolist() == [3, 0]
    [(signature, inputs)] = export.asked
    assert signature == "complete_measures"
    assert inputs["photo"].shape == (32, 4, 8, 4)
    assert np.isnan(inputs["photo"]).all()
    np.testing.assert_array_equal(inputs["measures"][31], [3, np.nan])
    assert len(set(inputs["seed"].tolist())) == 32
    assert model.samples("photo", given, 5, 2).shape == (2, 4, 8, 4)
    assert export.asked[-1][1]["seed"].tolist() == [5, 6]
    assert model.targets_of({"label": np.eye(3)[1]}) == ["photo", "traits", "measures", "note"]
    model.mean("note", {"label": np.eye(3)[1]})
    assert export.asked[-1][0] == "label_to_note"


def test_what_a_model_cannot_draw_is_not_offered():
    answers = DemoModel.of(Model(IMAGE, LABEL, without=["sample_image_from_label", "edit_image"]))
    assert [
        what
        for what in ("draw", "read", "edit", "redraw", "rebuild", "embed", "decode")
        if answers.can(what)
    ] == ["read", "embed"]


def test_the_map_is_on_the_plane_that_the_export_has():
    z = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    plane = LatentPlane(z[0], np.eye(2, 3, dtype=np.float32)[::-1])
    export = Model(IMAGE, LABEL)
    latent_map = LatentMap("image", plane, z, {"label": np.array([0, 2, -1, 1])})
    export.summary = TrainingSummary(9, latent_map, {})
    cloud = cloud_of(DemoModel.of(export))
    assert cloud.plane is plane
    np.testing.assert_array_equal(cloud.latent, z)
    assert cloud.values.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert cloud.drawn_for is None


def test_without_a_map_in_the_export_samples_make_one():
    for summary in (None, TrainingSummary(9, None, {})):
        export = Model(IMAGE, LABEL)
        export.summary = summary
        cloud = cloud_of(DemoModel.of(export))
        assert len(cloud.latent) == len(cloud.drawn_for)
        assert cloud.plane.axes.shape == (2, 3)
    cloud = cloud_of(DemoModel.of(Model(IMAGE, LABEL, without=["embed"])))
    assert cloud.latent.shape[1] == 0  # No map.


@pytest.mark.slow
def test_any_subset_of_an_exported_model(tmp_path):
    """Five modalities: a signature for single ones and for all but one, and one for all else."""
    from jmvae_tf.clients.loaded_export import LoadedExport
    from jmvae_tf.export.saved_model import export_saved_model
    from tests.helpers.drawn_shells import drawn_shells, shell_model

    model = AnySubset(LoadedExport(export_saved_model(shell_model(0, channels=4), tmp_path)))
    shell = {name: x[0] for name, x in drawn_shells(1, channels=4).items()}
    for given in (["species"], ["photo", "note"], ["species", "traits", "measures"]):
        known = {name: shell[name] for name in given}
        targets = model.targets_of(known)
        assert targets == [name for name in shell if name not in given]
        for name in targets:
            assert model.mean(name, known).shape == shell[name].shape
    in_part = {"measures": np.array([30, np.nan], np.float32), "species": shell["species"]}
    assert model.targets_of(in_part) == ["photo", "traits", "measures", "note"]
    assert np.isfinite(model.mean("measures", in_part)).all()
    drawn = model.samples("photo", in_part, 3, 2)
    assert pictures.for_screen(drawn[0], model.modalities["photo"]).shape[-1] == 4
    np.testing.assert_array_equal(drawn, model.samples("photo", in_part, 3, 2))


@pytest.mark.parametrize("support", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-3.0, 5.0)])
def test_files_and_pictures_have_any_range(tmp_path, support):
    low, high = support
    modality = _described("image", (8, 8, 1), support, "image")
    levels = np.zeros((8, 8), np.uint8)
    levels[:4] = 255
    cv2.imwrite(str(tmp_path / "half.png"), levels)
    image = pictures.from_file(str(tmp_path / "half.png"), modality, None)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[[0, -1], 0, 0], [high, low])
    shown = pictures.for_screen(image, modality)
    assert (shown[0, 0, 0], shown[-1, 0, 0]) == (pytest.approx(255), pytest.approx(0))
    middle = np.full((8, 8, 1), (low + high) / 2)
    assert pictures.for_screen(middle, modality)[0, 0, 0] in (127, 128)


def test_images_of_any_shape_are_enlarged_as_they_are():
    wide = pictures.for_screen(np.ones((4, 8, 4)), PHOTO)
    assert wide.shape == (224, 448, 4)
    assert (wide == 255).all()


gradio = pytest.importorskip("gradio", reason="the page's requirements are not installed")

from starlette.testclient import TestClient  # noqa: E402

from jmvae_tf.demo.exclusive import NONE  # noqa: E402
from jmvae_tf.demo.given_controls import given_control  # noqa: E402
from jmvae_tf.demo.guard import NO_SUCH_FILE  # noqa: E402
from jmvae_tf.demo.page import ShownExport, page  # noqa: E402
from jmvae_tf.demo.page_controls import upload_controls  # noqa: E402
from jmvae_tf.demo.page_server import application  # noqa: E402
from jmvae_tf.demo.uploads import Uploads  # noqa: E402
from jmvae_tf.demo.value_controls import ValueControls  # noqa: E402

YES_OR_NO = _described("traits", (2,), (0.0, 1.0), "attributes")  # Without names.


PAIRS = [[IMAGE, LABEL], pytest.param([IMAGE, YES_OR_NO], marks=pytest.mark.slow), [IMAGE]]


@pytest.fixture(scope="module", params=[*PAIRS, SHELLS], ids=lambda x: "_".join(y.name for y in x))
def served(request, tmp_path_factory):
    """A page, its folder of uploads and its model."""
    folder = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(folder))
        environment.setenv("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(2**62))
        model = (OfAnySubset if request.param is SHELLS else Model)(*request.param)

        async def build():  # Within a loop: the library leaves one behind that it makes itself.
            blocks = page([ShownExport(model, "a-model", crops_faces=False)])
            return application(blocks, ["127.0.0.1"], Uploads(folder))

        app = asyncio.run(build())
        with TestClient(app, base_url="http://localhost") as client:
            yield client, folder, model


def _upload(client, content):
    [path] = client.post("/gradio_api/upload", files={"files": ("a.png", content)}).json()
    return path


_numbers = itertools.count()


def _call(client, index, data, session=None, **query):
    """What a handler gives back: whether it worked, and its values."""
    session = session or f"s{next(_numbers)}"
    call = {"data": data, "fn_index": index, "session_hash": session, "trigger_id": None}
    joined = client.post("/gradio_api/queue/join", json=call, params=query)
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


def _stays(works, values):
    """Whether a call worked and changed nothing."""
    return works and all(x in (None, {"__type__": "update"}) for x in values)


@pytest.mark.slow
@pytest.mark.parametrize("served", PAIRS, indirect=True)
def test_an_uploaded_image_is_read(served):
    client, _, model = served
    path = _upload(client, _png())
    handlers = _handlers(client)
    [keep, *_] = [index for index, given, _ in handlers if given == ["file"]]
    [read, *_] = [index for index, given, _ in handlers if given == ["state", "checkbox"]]
    assert _call(client, keep, [_file(path)], session="me") == (True, [None])
    model.asked.clear()
    works, (_, before, *_) = _call(client, read, [None, False], session="me")
    assert works
    assert before["path"].endswith(".webp")
    _, inputs = model.asked[0]
    np.testing.assert_array_equal(inputs["image"][0, ..., 0], np.eye(8))
    assert _stays(*_call(client, read, [None, False], session="other"))


@pytest.mark.parametrize("served", [[IMAGE, LABEL]], indirect=True)
def test_the_link_is_that_of_the_address_if_this_is_one(served):
    client, *_ = served
    dependencies = client.get("/config").json()["dependencies"]
    [load] = [x["id"] for x in dependencies if "load" in [event for _, event in x["targets"]]]

    def link(**query):
        works, (*rest, shown) = _call(client, load, [], **query)
        assert works
        return shown, _stays(works, rest)

    assert link(seed="7", values="0,1,0") == (
        "[Link to this picture](./?seed=7&values=0,1,0)",
        False,
    )
    first = link()
    assert first[0].startswith("[Link to this picture](./?seed=25&values=")
    assert first[1]  # All else is there already.
    for garbage in ({"seed": "x", "values": "1,2"}, {"evil": "<b>"}, {"values": "0,1,0,0"}):
        assert link(**garbage) == first


@pytest.mark.parametrize("served", [SHELLS], indirect=True)
def test_everything_is_generated_from_what_is_given(served):
    client, _, model = served
    config = client.get("/config").json()
    ids = {x["props"].get("elem_id"): x["id"] for x in config["components"]}
    first = {x["id"]: x["props"].get("value") for x in config["components"]}
    [show] = [x for x in config["dependencies"] if ids["give-label"] in x["inputs"]]

    def ask(**given):
        model.asked.clear()
        data = [given.get(inverse.get(x), first[x]) for x in show["inputs"]]
        works, answers = _call(client, show["id"], data)
        assert works
        names = (inverse.get(x, "status") for x in show["outputs"])
        return dict(zip(names, answers, strict=True))

    inverse = {x: name for name, x in ids.items() if name}
    answer = ask(**{"give-label": 2})
    assert answer["status"] == "photo and traits and measures and note from label"
    assert [x for x, _ in model.asked][:2] == ["sample_photo_from_label", "label_to_photo"]
    np.testing.assert_array_equal(model.asked[1][1]["label"], [[0, 1, 0]])
    assert answer["result-photo"]["visible"]
    assert len(answer["samples-photo"]["value"]) == 6
    assert answer["result-note"]["value"] == "aaa"
    assert answer["result-measures"]["value"]["data"] == [["length_mm", "1"], ["weight_g", "0"]]
    rows = [["striped", "1.000", "yes"], ["large", "0.500", "no"]]
    assert answer["result-traits"]["value"]["data"] == rows
    assert not answer["result-label"]["visible"]

    answer = ask(**{"give-note": "xyz"})
    assert answer["status"] == "note must have at most 3 of the letters 'ab '"
    answer = ask(**{"give-measures-0": "1e", "give-measures-1": "2"})
    assert answer["status"] == "length_mm must be a number"
    answer = ask(**{"give-measures-0": "3"})
    assert answer["status"] == "measures needs weight_g too"
    answer = ask(**{"give-traits": [0], "give-traits-no": [0]})
    assert answer["status"] == "striped cannot be both yes and no"
    answer = ask()
    assert answer["status"] == "give one or more of photo, label, traits, measures, note"
    assert not any(x["visible"] for name, x in answer.items() if name.startswith("result-"))


@pytest.mark.parametrize("served", [SHELLS], indirect=True)
def test_an_uploaded_image_is_shown_before_anything_is_generated(served):
    client, *_ = served
    config = client.get("/config").json()
    [seen] = [x["id"] for x in config["components"] if x["props"].get("elem_id") == "seen-photo"]
    [show] = [x["id"] for x in config["dependencies"] if x["outputs"] == [seen]]
    [keep, *_] = [index for index, given, _ in _handlers(client) if given == ["file"]]
    for content, session in ((_png(), "photo"), (b"no image", "none")):
        path = _upload(client, content)
        assert _call(client, keep, [_file(path)], session=session) == (True, [None])
    works, [update] = _call(client, show, [None, False], session="photo")
    assert works
    assert update["visible"]
    assert update["value"]["path"].endswith(".webp")
    works, [update] = _call(client, show, [None, False], session="none")
    assert works
    assert not update["visible"]
    works, [update] = _call(client, show, [None, False])
    assert works
    assert not update["visible"]


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


@pytest.mark.parametrize("served", PAIRS, indirect=True)
def test_what_is_no_image_gives_a_message(served):
    client, *_ = served
    path = _upload(client, b"no image")
    handlers = _handlers(client)
    [keep, *_] = [index for index, given, _ in handlers if given == ["file"]]
    [read, *_] = [index for index, given, _ in handlers if given == ["state", "checkbox"]]
    _call(client, keep, [_file(path)], session="no")
    assert _stays(*_call(client, read, [None, False], session="no"))


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
    cards = re.findall('<meta[^>]*"(og:|twitter:)(\\w+)"[^>]*content="([^"]*)"', answer.text)
    assert {name for _, name, _ in cards} == {"title", "description"}
    assert not {"Gradio", "Click to try out the app!"} & {content for *_, content in cards}
    assert int(answer.headers["content-length"]) == len(answer.content)
    for asset in set(re.findall(r'"\./(assets/[^"]+)"', answer.text)):
        assert client.get(f"/{asset}").status_code == 200


def _made(make):
    """What a function makes on a page; within a loop, see `served`."""

    async def build():
        with gradio.Blocks(analytics_enabled=False):
            return make()

    return asyncio.run(build())


@pytest.mark.parametrize(("columns", "has_faces"), [(None, True), ({"fit": "crop"}, False)])
def test_only_built_in_data_have_faces_to_find(columns, has_faces):
    image = _described("photo", (8, 8, 3), (0.0, 1.0), "image")
    image = dataclasses.replace(image, columns=columns)
    _, face = _made(lambda: upload_controls(image, crops_faces=True, label="photo"))
    assert (face.visible, face.value) == (has_faces, has_faces)


def test_controls_of_attributes_show_one_state():
    names = ("Bald", "Black_Hair", "Gray_Hair", "Hat", "Smile")
    traits = _described("traits", (5,), (-3.0, 3.0), "attributes", names)
    pairs = np.zeros((5, 5), bool)
    pairs[:3, :3] = ~np.eye(3, dtype=bool)
    pairs[0, 3] = pairs[3, 0] = True  # Nobody is bald and has a hat.
    start = np.array([-1, 1, -1, 0.5, -1], np.float32)
    model = DemoModel.of(Model(IMAGE, traits))
    controls = _made(lambda: ValueControls(model, pairs, start, "x"))
    hair, boxes, *sliders = controls.components
    assert [x[0] for x in hair.choices] == ["Bald", "Black", "Gray", "None of these"]
    assert (hair.label, hair.value) == ("Hair", 1)
    assert boxes.value == [3]
    assert [x.value for x in sliders] == start.tolist()
    settings = controls.settings(start)
    np.testing.assert_array_equal(controls.values(settings), start)
    assert controls.settings(-np.abs(start))[:2] == [NONE, []]
    assert controls.settings(np.full(5, 9, np.float32))[2:] == [3] * 5

    def without(values, *added):
        newly = np.isin(np.arange(5), added)
        return controls.without_contradictions(np.array(values, np.float32), newly).tolist()

    assert without([2, 1, -1, 0.5, 1]) == [2, -1, -1, -1, 1]  # The clearest stays,
    assert without([2, 1, -1, 0.5, 1], 1) == [-1, 1, -1, 0.5, 1]  # or what was added last.
    assert without([2, 1, -1, 0.5, 1], 3) == [-1, 1, -1, 0.5, 1]


def test_numbers_are_given_beside_their_means():
    numbers = _described("sizes", (2,), (-np.inf, np.inf), "numbers", ("a", "b"))
    numbers = dataclasses.replace(numbers, means=(22.5, 1e-06))
    control = _made(lambda: given_control(numbers, crops_faces=False))
    assert [x.placeholder for x in control.components] == ["Such as 22.5", "Such as 1e-06"]
