"""bin/query as users meet it, against stand-ins for a server."""

import re
import struct
import subprocess

import cv2
import numpy as np
import pytest

from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.export_format.shipped_models import DIGITS, FACES, saved_model_folder
from tests.helpers.programs import command, start
from tests.helpers.serving_stand_in import Model, grpc_server, rest_server


@pytest.fixture(scope="module")
def models():
    return {name: Model(saved_model_folder(name) / "1") for name in (FACES, DIGITS)}


@pytest.fixture(scope="module")
def server(models):
    with rest_server(models) as (url, _):
        yield url


@pytest.fixture
def query(server, tmp_path):
    def ask(*arguments, stdin=None):
        flags = (f"--server={server}", f"--saved_model={saved_model_folder(FACES)}", *arguments)
        if stdin is None:
            return start(tmp_path, "query", *flags)
        return subprocess.run(
            command("query", *flags),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=stdin,
        )

    return ask


def _succeeds(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _read(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


@pytest.fixture
def face(tmp_path):
    """The file of a smiling face with glasses, and its attributes."""
    attributes = toyfaces.sample_attributes(1, 99).astype(np.int8)
    for name in ("Smiling", "Eyeglasses"):
        attributes[0, toyfaces.ATTRIBUTES.index(name)] = 1
    [image] = toyfaces.redraw(attributes, 99)
    cv2.imwrite(str(tmp_path / "face.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return "face.png", attributes[0]


@pytest.mark.slow
def test_attributes_of_a_face(query, face):
    lines = _succeeds(query(f"--image={face[0]}")).splitlines()
    assert lines[1].strip() == "probability of yes"
    verdicts = dict(re.fullmatch(r"  (\S+) +[01]\.\d{3}  (yes|no)", x).groups() for x in lines[2:])
    expected = {
        name: "yes" if has > 0 else "no"
        for name, has in zip(toyfaces.ATTRIBUTES, face[1], strict=True)
    }
    assert verdicts == expected
    assert lines[0].startswith("attributes: ")
    assert "Smiling" in lines[0]


@pytest.mark.slow
def test_an_image_from_a_pipe(query, face, tmp_path):
    with subprocess.Popen(["cat", face[0]], cwd=tmp_path, stdout=subprocess.PIPE) as pipe:
        read = _succeeds(query("--image=/dev/stdin", stdin=pipe.stdout))
    assert read == _succeeds(query(f"--image={face[0]}"))


@pytest.mark.slow
def test_a_photograph_that_a_camera_took_sideways(query, face, tmp_path):
    """Turned as its EXIF notes before it is read and before it is edited."""
    upright = _read(tmp_path / face[0])
    turned = cv2.cvtColor(np.rot90(upright), cv2.COLOR_RGB2BGR)
    exact = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    jpeg = cv2.imencode(".jpg", turned, exact)[1].tobytes()
    entry = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)  # Orientation 6: turn it right.
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + entry
    marker = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    (tmp_path / "sideways.jpg").write_bytes(jpeg[:2] + marker + jpeg[2:])
    straight, turned = (_succeeds(query(f"--image={x}")) for x in (face[0], "sideways.jpg"))
    assert turned.splitlines()[0] == straight.splitlines()[0]
    for name in (face[0], "sideways.jpg"):
        _succeeds(query(f"--image={name}", "--set=Wearing_Hat=1", f"--out={name}.edited.png"))
    edits = [_read(tmp_path / f"{x}.edited.png").astype(int) for x in (face[0], "sideways.jpg")]
    assert np.abs(edits[0] - edits[1]).mean() < 3


def test_a_face_of_attributes(query, models, tmp_path):
    given = "--given=Smiling=1,Eyeglasses=1"
    assert _succeeds(query(given, "--out=face.png")) == "face.png\n"
    image = _read(tmp_path / "face.png") / 255
    signatures = models[FACES].signatures
    values = signatures["image_to_attributes"](image=image[np.newaxis].astype("f"))["attributes"]
    named = dict(zip(toyfaces.ATTRIBUTES, values.numpy()[0], strict=True))
    assert named["Smiling"] > 0.5
    assert named["Eyeglasses"] > 0.5


def test_a_flag_named_by_the_modality(query, tmp_path):
    _succeeds(query("--given=Smiling=1,Eyeglasses=1", "--out=given.png"))
    _succeeds(query("--attributes=Smiling=1,Eyeglasses=1", "--out=named.png"))
    assert (tmp_path / "given.png").read_bytes() == (tmp_path / "named.png").read_bytes()


def test_the_same_seed_gives_the_same_face(query, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        _succeeds(query("--given=Smiling=1", f"--seed={seed}", f"--out={name}.png"))
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_an_edit(query, face, tmp_path):
    name, attributes = face
    hat = toyfaces.ATTRIBUTES.index("Wearing_Hat")
    wanted = -attributes[hat]
    _succeeds(query(f"--image={name}", f"--set=Wearing_Hat={wanted}", "--out=edited.png"))
    before, after = (_read(tmp_path / x).astype(int) for x in (name, "edited.png"))
    change = np.abs(after - before)
    assert change[:20].mean() > 10  # The hat's place.
    assert change[40:].mean() < 0.5 * change[:20].mean()


@pytest.mark.slow
def test_an_export_answers_by_itself(query, face, tmp_path):
    """Without a server, as one would."""
    alone = f"--saved_model={saved_model_folder(FACES)}"
    flags = [f"--image={face[0]}", "--set=Smiling=-1", "--out=edited.png"]
    ours = _succeeds(start(tmp_path, "query", alone, *flags))
    image = (tmp_path / "edited.png").read_bytes()
    assert ours == _succeeds(query(*flags))
    assert (tmp_path / "edited.png").read_bytes() == image


@pytest.mark.slow
def test_a_digit_by_grpc(query, models, tmp_path):
    with grpc_server(models) as (address, requests):
        saved = f"--saved_model={saved_model_folder(DIGITS)}"
        flags = (f"--server=grpc://{address}", f"--model={DIGITS}", saved)
        _succeeds(query(*flags, "--given=label=7", "--out=7.png"))
        out = _succeeds(query(*flags, "--image=7.png"))
    assert [x.model_spec.signature_name for x in requests] == [
        "label_to_encoded_image",
        "embed",
        "decode_image",
        "encoded_image_to_label",
    ]
    assert out.startswith("label: likeliest 7\n")
    assert cv2.imread(str(tmp_path / "7.png"), cv2.IMREAD_GRAYSCALE).shape == (28, 28)


MISTAKES = {
    "neither": ([], "Send what is known, such as an image or the values to draw; received neither"),
    "all": (["--image=a.png", "--given=Smiling=1"], "left to generate; received image and attr"),
    "no modality": (["--imege=a.png", "--given=Smiling=1"], "did you mean --image?"),
    "no value": (["--attributes", "--given=Smiling=1"], "behind an equals sign; received --attr"),
    "values beside an edit": (
        ["--image=a.png", "--set=Smiling=1", "--attributes=Male=1"],
        "An edit starts from what the image shows",
    ),
    "redraw without set": (["--image=a.png", "--redraw"], "--redraw draws an edit"),
    "set without image": (["--given=Smiling=1", "--set=Male=1"], "--set edits an image"),
    "seed without given": (["--image=a.png", "--seed=1"], "--seed draws an image"),
    "negative seed": (["--given=Smiling=1", "--seed=-1"], "--seed must be from 0"),
    "other crop": (["--image=a.png", "--crop=nose"], "--crop=nose"),
    "other ending": (["--given=Smiling=1", "--out=a.gif"], "--out must end in .png"),
    "other protocol": (["--server=ftp://x", "--given=Smiling=1"], "--server=ftp://x"),
    "no host": (["--server=grpc://", "--given=Smiling=1"], "--server must be http://HOST:PORT"),
    "no port": (["--server=grpc://x:y", "--given=Smiling=1"], "--server=grpc://x:y"),
    "no such name": ([f"--server=http://{'a' * 80}.com", "--given=Smiling=1"], "must answer"),
    "a path": (["--server=http://localhost:1/v1", "--given=Smiling=1"], "nothing after the port"),
    "a password": (["--server=http://a:b@localhost", "--given=Smiling=1"], "no user name before"),
    "no time": (["--timeout=0", "--given=Smiling=1"], "positive, finite number of seconds"),
    "endless time": (["--timeout=inf", "--given=Smiling=1"], "--timeout=inf"),
    "no number of seconds": (["--timeout=nan", "--given=Smiling=1"], "--timeout=nan"),
    "unknown attribute": (["--given=Grinning=1"], "Grinning"),
    "out of range": (["--given=Smiling=4"], "Smiling=4"),
    "no such file": (["--image=nowhere.png"], "nowhere.png"),
    "no such folder": (["--saved_model=nowhere", "--given=Smiling=1"], "nowhere, which is neither"),
    "no such server": (["--server=http://127.0.0.1:9", "--given=Smiling=1"], "no connection"),
    "no such model": (["--model=nobody", "--given=Smiling=1"], "The server's nobody must"),
}


@pytest.mark.parametrize(("arguments", "told"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(query, tmp_path, arguments, told):
    done = query(*arguments)
    assert done.returncode == 1, done.stderr
    assert re.fullmatch(r"error: [^\n]+; received [^\n]+; [^\n]+\n", done.stderr), done.stderr
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_image(query, tmp_path):
    (tmp_path / "notes.png").write_text("no image at all")
    done = query("--image=notes.png")
    assert done.returncode == 1
    assert "An image file must be a JPEG or PNG; received notes.png" in done.stderr
    assert done.stderr.count("\n") == 1
