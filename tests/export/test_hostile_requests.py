"""Two hundred malformed requests against each signature, fed as a server feeds its graph.

Neither shapes nor ranges are looked at on the way: they come to the graph as a client sent them, in
one process that can import neither Keras nor this package. It must live on and take no more memory.
"""

import pathlib
import pickle
import struct
import textwrap
import zlib

import cv2
import numpy as np
import pytest

from jmvae_tf.data.faces import face_modalities
from jmvae_tf.data.image_file import read_image
from jmvae_tf.data.image_limits import LONGEST_SIDE
from jmvae_tf.export.inputs import LARGEST_LATENT
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Bernoulli
from jmvae_tf.modalities import Modality
from jmvae_tf.models.jmvae_kl import JMVAEKL
from tests.helpers.programs import start_code
from tests.helpers.small_models import small_model

REQUESTS = 200  # At least, for each signature.
MORE_MEMORY = 150 * 2**20  # Bytes; one image of 4096x4096 announced and believed takes 300 MB.

# Answers a pickled list of (signature, inputs) with one of outputs by name or messages, and with
# the bytes that the process took more at its peak than after the first request of a signature: the
# most of all signatures, whose requests come one after the other.
# Session.run would check shapes before the graph sees them, a callable does not.
SERVER = textwrap.dedent(
    """
    import pathlib, pickle, sys
    sys.modules["keras"] = sys.modules["jmvae_tf"] = None  # Importing them raises ImportError.
    import numpy as np
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2

    def peak():  # Of this process: getrusage counts what the one that started it took, too.
        [line] = [x for x in pathlib.Path("/proc/self/status").read_text().splitlines()
                  if x.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def peak_from_now():
        pathlib.Path("/proc/self/clear_refs").write_text("5")  # Sets the peak to what it has now.
        return peak()

    path, requests, answers = sys.argv[1:]
    threads = config_pb2.ConfigProto(inter_op_parallelism_threads=16)  # As of a larger machine.
    session = tf.compat.v1.Session(graph=tf.Graph(), config=threads)
    with session.graph.as_default():
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], path).signature_def
    with open(requests, "rb") as file:
        requests = pickle.load(file)
    callables, replies, before, more = {}, [], {}, 0
    for signature, inputs in requests:
        names, outputs = sorted(inputs), signatures[signature].outputs
        if signature not in callables:
            options = config_pb2.CallableOptions()
            options.feed.extend(signatures[signature].inputs[name].name for name in names)
            options.fetch.extend(outputs[name].name for name in sorted(outputs))
            callables[signature] = session._make_callable_from_options(options)
        try:
            values = callables[signature](*(inputs[name] for name in names))
            replies.append(dict(zip(sorted(outputs), values)))
        except tf.errors.InvalidArgumentError as error:
            replies.append(error.message)
        if signature not in before:
            before[signature] = peak_from_now()
        more = max(more, peak() - before[signature])
    with open(answers, "wb") as file:
        pickle.dump((replies, more), file)
    """
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model with two signatures of bytes' kind and all of floats', and its folder."""
    modalities = {
        "image": Modality("image", (8, 8, 3), Bernoulli(), kind="image"),
        "attributes": face_modalities(8, ("x", "y", "z"))["attributes"],
    }
    model = small_model("jmvae_kl", modalities)
    assert isinstance(model, JMVAEKL)
    return model, export_saved_model(model, tmp_path_factory.mktemp("saved"))


@pytest.fixture(scope="module")
def served(exported, tmp_path_factory):
    """Requests to replies, as `SERVER` has them."""

    def ask(requests):
        folder = tmp_path_factory.mktemp("served")
        (folder / "requests").write_bytes(pickle.dumps(requests))
        files = [str(folder / name) for name in ("requests", "answers")]
        done = start_code(folder, SERVER, str(exported[1]), *files)
        assert done.returncode == 0, done.stderr
        return pickle.loads((folder / "answers").read_bytes())

    return ask


def _png(image):
    return cv2.imencode(".png", image)[1].tobytes()


def _jpeg(image, *options):
    return cv2.imencode(".jpg", image, options)[1].tobytes()


def _chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def _png_of(width, height, depth=8, colours=2, content=b"\0" * 99):
    """A PNG file of which the header can say anything; little stands behind it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(content))
        + _chunk(b"IEND", b"")
    )


def _jpeg_of(width, height, whole):
    """A JPEG file whose header says another size."""
    place = whole.index(b"\xff\xc0") + 5
    return whole[:place] + struct.pack(">HH", height, width) + whole[place + 4 :]


def _png_with_a_false_header(width, height):
    """A PNG whose first chunk is none that decoders know, but looks like a small one's header."""
    whole = _png_of(width, height)
    return whole[:8] + _chunk(b"prVt", struct.pack(">IIBBBBB", 5, 5, 8, 2, 0, 0, 0)) + whole[8:]


def _jpeg_of_scans(number):
    """A progressive JPEG whose last scan comes again and again."""
    whole = _jpeg(np.full((64, 64), 99, np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last = whole.rindex(b"\xff\xda")
    scans = whole.count(b"\xff\xda")
    return whole[:last] + whole[last:-2] * (number - scans + 1) + whole[-2:]


def _good_files(rng):
    """Files of every kind that are to be answered."""
    coloured = rng.integers(0, 256, (20, 30, 3), np.uint8)
    grey = coloured[..., 0]
    smooth = cv2.resize(coloured, (61, 47))
    with_alpha = np.concatenate([coloured, np.full((20, 30, 1), 255, np.uint8)], axis=-1)
    return {
        "png": _png(coloured),
        "grey png": _png(grey),
        "png with alpha": _png(with_alpha),
        "png of one bit": _png_of(20, 20, 1, 0, bytes(20 * 4)),
        "jpeg": _jpeg(smooth),
        "grey jpeg": _jpeg(smooth[..., 0]),
        "progressive jpeg": _jpeg(smooth, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "one pixel": _png(coloured[:1, :1]),
        "one row": _png(coloured[:1]),
        "jpeg of many scans": _jpeg_of_scans(100),
        "what follows the end": _png(coloured) + b"more",
    }


def _bad_files(rng):
    """Files that are to be refused, by what is wrong with them."""
    whole_png, whole_jpeg = _good_files(rng)["png"], _good_files(rng)["jpeg"]
    bad = {
        "empty": b"",
        "zeros": bytes(1000),
        "text": b"no image at all",
        "gif": b"GIF89a" + bytes(50),
        "bmp": cv2.imencode(".bmp", np.zeros((4, 4, 3), np.uint8))[1].tobytes(),
        "webp": cv2.imencode(".webp", np.zeros((4, 4, 3), np.uint8))[1].tobytes(),
        "tiff": cv2.imencode(".tiff", np.zeros((4, 4, 3), np.uint8))[1].tobytes(),
        "html": b"<html><body>404</body></html>",
        "base64 of a file": b"iVBORw0KGgoAAAANSUhEUgAAAAE=",
        "signature of png alone": whole_png[:8],
        "signature of jpeg alone": whole_jpeg[:3],
        "jpeg without a frame": b"\xff\xd8\xff\xd9",
        "png of 0 by 5": _png_of(0, 5),
        "png of 5 by 0": _png_of(5, 0),
        "png of two thousand million": _png_of(2**31 - 1, 2**31 - 1),
        "png of negative size": _png_of(2**32 - 1, 2**32 - 1),
        "png one too wide": _png_of(LONGEST_SIDE + 1, 1),
        "png one too high": _png_of(1, LONGEST_SIDE + 1),
        "bomb": _png_of(30000, 30000, content=bytes(30000 * 3000)),
        "jpeg of 65500 by 65500": _jpeg_of(65500, 65500, whole_jpeg),
        "jpeg one too wide": _jpeg_of(LONGEST_SIDE + 1, 8, whole_jpeg),
        "jpeg of 0 by 0": _jpeg_of(0, 0, whole_jpeg),
        "png of another first chunk": _png_with_a_false_header(6000, 6000),
        "small png of another first chunk": _png_with_a_false_header(5, 5),
        "jpeg of too many scans": _jpeg_of_scans(101),
        "png of no such colours": _png_of(5, 5, colours=5),
        "png of no such depth": _png_of(5, 5, depth=7),
        "png without its rows": _png_of(500, 500),
    }
    for cut in np.linspace(1, len(whole_png) - 13, 30).astype(int):  # The end is 12 bytes long.
        bad[f"png cut after {cut}"] = whole_png[:cut]
    for cut in np.linspace(1, len(whole_jpeg) - 10, 30).astype(int):
        bad[f"jpeg cut after {cut}"] = whole_jpeg[:cut]
    for number in range(30):
        bad[f"noise {number}"] = rng.bytes(rng.integers(1, 3000))
    return bad


def _broken_files(rng):
    """Files with some bytes changed, which may still be images."""
    whole = list(_good_files(rng).items())
    for number in range(110):
        name, file = whole[number % len(whole)]
        broken = bytearray(file)
        for place in rng.integers(0, len(file), 1 + number % 4):
            broken[place] = rng.integers(256)
        yield f"{name} broken, {number}", bytes(broken)


def _objects(*files):
    return np.array(files, object)


def _bad_batches_of_files(good):
    """Inputs that are no batch of files, by what is wrong with them."""
    return {
        "no files": np.array([], object),
        "a file without a batch": np.array(good, object),
        "a table of files": _objects(good, good).reshape(2, 1),
        "one good, one bad": _objects(good, b"bad"),
        "numbers": np.zeros(2, np.float32),
    }


def _bad_values(event_shape, low, high, rng):
    """Inputs that a modality does not take, by what is wrong with them."""
    good = np.full((3, *event_shape), (low + high) / 2, np.float32)
    bad = {
        "no examples": good[:0],
        "no batch": good[0],
        "a number": np.float32(0.5),
        "one axis more": good[..., np.newaxis],
        "a batch of batches": good[np.newaxis],
        "flattened": good.reshape(-1),
        "double": good.astype(np.float64),
        "whole numbers": good.astype(np.int32),
        "truth values": good.astype(bool),
        "strings": np.full(good.shape, b"0.5", object),
    }
    for axis in range(1, good.ndim):
        for wrong in (0, 1, good.shape[axis] - 1, good.shape[axis] + 1, 100):
            if wrong != good.shape[axis]:
                shape = [*good.shape]
                shape[axis] = wrong
                bad[f"{wrong} on axis {axis}"] = np.full(shape, 0.5, np.float32)
    extremes = np.finfo(np.float32)
    above = np.nextafter(np.float32(high), np.inf)
    # Smaller ones than `tiny` count as 0 in TensorFlow, and 0 is allowed.
    below = min(np.nextafter(np.float32(low), -np.inf), np.float32(low) - extremes.tiny)
    for value in (np.nan, -np.nan, np.inf, -np.inf, above, below, extremes.max, extremes.min):
        for place in range(18):
            wrong = good.copy()
            wrong.flat[rng.integers(good.size)] = value
            bad[f"{value} somewhere, {place}"] = wrong
        bad[f"{value} everywhere"] = np.full_like(good, value)
    while len(bad) < REQUESTS:  # Of any shape.
        shape = rng.integers(0, 12, rng.integers(0, 6))
        if tuple(shape[1:]) != tuple(event_shape):
            bad[f"{shape.tolist()} of numbers, {len(bad)}"] = np.full(shape, 0.5, np.float32)
    return bad


def _assert_refused(reply, name, case):
    """By the graph, which names the input, or for its type by TensorFlow's feeding."""
    by_type = ("Type mismatch", "Unsupported object type", "could not convert string")
    assert isinstance(reply, str), f"{case} was answered"
    by_graph = f"{name}_must_" in reply or (f"{name} " in reply and " must " in reply)
    assert by_graph or any(x in reply for x in by_type), f"{case}: {reply}"


BYTES_SIGNATURE = "encoded_image_to_attributes"


def test_files(exported, served, rng, tmp_path):
    model, _ = exported
    good, bad, broken = _good_files(rng), _bad_files(rng), dict(_broken_files(rng))
    batches = _bad_batches_of_files(good["png"])
    sent = good | bad | broken
    assert len(bad) + len(broken) + len(batches) >= REQUESTS
    requests = [(BYTES_SIGNATURE, {"image_bytes": _objects(file)}) for file in sent.values()]
    requests += [(BYTES_SIGNATURE, {"image_bytes": files}) for files in batches.values()]
    replies, more_memory = served(requests)
    assert len(replies) == len(requests)
    by_case = dict(zip([*sent, *batches], replies, strict=True))
    for case, file in good.items():
        (tmp_path / "image").write_bytes(file)
        image = read_image(tmp_path / "image", (8, 8, 3))
        expected = model.generate("attributes", {"image": image[np.newaxis]})
        assert not isinstance(by_case[case], str), f"{case}: {by_case[case]}"
        # A grey level of difference in each pixel moves an attribute by less than this.
        np.testing.assert_allclose(by_case[case]["attributes"], expected, atol=0.02, err_msg=case)
    for case in [*bad, *batches]:
        _assert_refused(by_case[case], "image_bytes", case)
    answered = 0
    for case in broken:
        if isinstance(by_case[case], str):
            _assert_refused(by_case[case], "image_bytes", case)
        else:
            assert np.isfinite(by_case[case]["attributes"]).all()
            answered += 1
    assert 0 < answered < len(broken)
    assert more_memory < MORE_MEMORY


SIGNATURES = {
    "image_to_attributes": ["image"],
    "attributes_to_image": ["attributes"],
    "attributes_to_encoded_image": ["attributes"],
    "sample_image_from_attributes": ["attributes", "seed"],
    "edit_image": ["image", "attributes"],
    "embed": ["image"],
    "decode_image": ["z"],
}
"""The inputs of those that take values."""


def _cases_of_values(model, inputs):
    """What is wrong with each request to the input that it is wrong with, and the request."""
    rng = np.random.default_rng(0)
    good = {
        "image": rng.uniform(0, 1, (3, 8, 8, 3)).astype("f"),
        "attributes": rng.uniform(-3, 3, (3, 3)).astype("f"),
        "seed": np.array([1, 2, 3], np.int32),
        "z": rng.normal(size=(3, model.latent_dim)).astype("f"),
    }
    good = {name: good[name] for name in inputs}
    cases = {"good": (None, good)}
    for name in inputs:
        if name == "seed":
            bad = {
                "no seeds": good[name][:0],
                "one seed": np.int32(1),
                "a table of seeds": good[name][:, np.newaxis],
                "fractions": good[name].astype(np.float32),
                "large whole numbers": good[name].astype(np.int64),
            }
        elif name == "z":
            bad = _bad_values((model.latent_dim,), -LARGEST_LATENT, LARGEST_LATENT, rng)
        else:
            modality = model.modalities[name]
            bad = _bad_values(modality.event_shape, *modality.support, rng)
        cases |= {f"{name}: {case}": (name, {**good, name: x}) for case, x in bad.items()}
        if len(inputs) > 1:
            for size in (1, 2):
                cases[f"{size} of {name}"] = (name, {**good, name: good[name][:size]})
    assert len(cases) > REQUESTS
    return cases


@pytest.fixture(scope="module")
def answered(exported, served):
    """Cases and replies of each signature, all by one process, and the memory that it took."""
    cases = {name: _cases_of_values(exported[0], inputs) for name, inputs in SIGNATURES.items()}
    sent = [(name, request) for name in cases for _, request in cases[name].values()]
    replies, more_memory = served(sent)
    of_all = iter(replies)
    return {
        name: [(case, wrong, next(of_all)) for case, (wrong, _) in of_one.items()]
        for name, of_one in cases.items()
    }, more_memory


@pytest.mark.parametrize("signature", SIGNATURES)
def test_values(signature, answered):
    (_, _, good), *bad = answered[0][signature]
    assert not isinstance(good, str), good
    for case, name, reply in bad:
        _assert_refused(reply, name, case)


def test_values_take_no_memory_that_stays(answered):
    _, more_memory = answered
    assert more_memory < MORE_MEMORY


@pytest.mark.slow
def test_the_largest_images_take_bounded_memory(served):
    """Two are decoded at once: what they take does not grow with the batch."""
    small = _png(np.zeros((8, 8, 3), np.uint8))
    large = _jpeg(np.zeros((LONGEST_SIDE, LONGEST_SIDE, 3), np.uint8))
    requests = [(BYTES_SIGNATURE, {"image_bytes": _objects(small)})]
    _, by_two = served([*requests, (BYTES_SIGNATURE, {"image_bytes": _objects(*[large] * 2)})])
    _, by_many = served([*requests, (BYTES_SIGNATURE, {"image_bytes": _objects(*[large] * 12)})])
    one = 3 * LONGEST_SIDE**2  # Bytes of one decoded.
    print(f"{by_two / one:.1f} and {by_many / one:.1f} images")
    assert by_many < by_two + 2 * one < 8 * one


def test_the_limit_is_the_documented_one():
    page = pathlib.Path(__file__).parents[2] / "docs" / "serving.md"
    assert f"{LONGEST_SIDE}×{LONGEST_SIDE}" in page.read_text("utf-8")
