"""Requests of both clients reach the signatures, and replies reach the caller.

No server can be had: `serving_stand_in` parses and answers as one is documented to.
"""

import base64
import json

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from jmvae_tf.clients import rest_client
from jmvae_tf.clients.grpc_client import GrpcClient
from jmvae_tf.clients.rest_client import RestClient
from jmvae_tf.export_format.predict_request import predict_request
from jmvae_tf.export_format.shipped_models import DIGITS, saved_model_folder
from jmvae_tf.runtime.errors import UserError
from tests.helpers.serving_stand_in import Model, grpc_server, rest_server

NAME = DIGITS
VERSION = saved_model_folder(NAME) / "1"


@pytest.fixture(scope="module")
def models():
    return {NAME: Model(VERSION)}


@pytest.fixture(scope="module")
def servers(models):
    with rest_server(models) as (url, bodies), grpc_server(models) as (address, requests):
        yield url, bodies, address, requests


@pytest.fixture(params=["rows", "columns", "gRPC"])
def client(request, servers):
    url, _, address, _ = servers
    if request.param == "gRPC":
        return GrpcClient(address, NAME)
    return RestClient(url, NAME, rows=request.param == "rows")


def _requests():
    rng = np.random.default_rng(0)
    labels = np.eye(10, dtype=np.float32)[[3, 7, 1]]
    images = (rng.integers(0, 256, (3, 28, 28, 1)) / 255).astype(np.float32)
    files = np.array([cv2.imencode(".png", 255 * x)[1].tobytes() for x in images], object)
    seeds = np.array([5, 2**31 - 1, -7], np.int32)
    z = rng.normal(size=(3, 64)).astype(np.float32)
    return {
        "image_to_label": ({"image": images}, ["label"]),
        "label_to_image": ({"label": labels}, ["image"]),
        "encoded_image_to_label": ({"image_bytes": files}, ["label"]),
        "label_to_encoded_image": ({"label": labels}, ["image_bytes"]),
        "sample_image_from_label": ({"label": labels, "seed": seeds}, ["image"]),
        "edit_image": ({"image": images, "label": labels}, ["image"]),
        "redraw_image": ({"image": images, "label": labels}, ["image"]),
        "embed": ({"image": images}, ["mean", "stddev"]),
        "decode_image": ({"z": z}, ["image"]),
        "decode_label": ({"z": z}, ["label"]),
    }


@pytest.mark.parametrize("signature", _requests())
@pytest.mark.parametrize("size", [1, 3])
def test_replies_are_what_the_signature_gives(signature, size, client, models):
    inputs, outputs = _requests()[signature]
    inputs = {name: x[:size] for name, x in inputs.items()}
    replies = client.predict(signature, inputs, outputs)
    expected = models[NAME].signatures[signature](**{k: tf.constant(x) for k, x in inputs.items()})
    assert replies.keys() == expected.keys()
    for name, reply in replies.items():
        if name.endswith("_bytes"):
            assert reply.tolist() == expected[name].numpy().tolist()
            assert reply[0].startswith(b"\x89PNG")
        else:
            assert reply.dtype == np.float32
            np.testing.assert_allclose(reply, expected[name], atol=1e-6)


def test_all_signatures_are_tried(models):
    assert {*_requests(), "serving_default"} == set(models[NAME].signatures)


def test_bodies_in_columns():
    inputs = {"label": np.eye(2, dtype="f"), "seed": np.array([1, 2], np.int32)}
    assert rest_client.request_body("sample", inputs, rows=False) == {
        "signature_name": "sample",
        "inputs": {"label": [[1.0, 0.0], [0.0, 1.0]], "seed": [1, 2]},
    }


def test_bodies_in_rows():
    inputs = {"label": np.eye(2, dtype="f"), "seed": np.array([1, 2], np.int32)}
    assert rest_client.request_body("sample", inputs, rows=True) == {
        "signature_name": "sample",
        "instances": [{"label": [1.0, 0.0], "seed": 1}, {"label": [0.0, 1.0], "seed": 2}],
    }


@pytest.mark.parametrize("rows", [False, True])
def test_files_are_base64(rows):
    files = np.array([b"\x00\xff", b"file"], object)
    body = rest_client.request_body("read", {"image_bytes": files}, rows)
    text = json.dumps(body)  # It is all JSON.
    encoded = [{"b64": base64.b64encode(x).decode()} for x in files]
    if rows:
        assert json.loads(text)["instances"] == [{"image_bytes": x} for x in encoded]
    else:
        assert json.loads(text)["inputs"] == {"image_bytes": encoded}


def test_protocol_buffers():
    inputs = {"label": np.eye(2, dtype="f"), "image_bytes": np.array([b"a", b"\xff"], object)}
    request = predict_request("faces", "read", inputs)
    parsed = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert (parsed.model_spec.name, parsed.model_spec.signature_name) == ("faces", "read")
    assert parsed.inputs["label"].dtype == tf.float32.as_datatype_enum
    assert parsed.inputs["image_bytes"].dtype == tf.string.as_datatype_enum
    np.testing.assert_array_equal(tf.make_ndarray(parsed.inputs["label"]), np.eye(2))
    assert tf.make_ndarray(parsed.inputs["image_bytes"]).tolist() == [b"a", b"\xff"]


def test_a_large_batch_is_more_than_grpc_allows_by_itself(servers):
    images = np.full((2000, 28, 28, 1), 0.5, np.float32)  # 6 MB.
    reply = GrpcClient(servers[2], NAME).predict("image_to_label", {"image": images}, ["label"])
    assert reply["label"].shape == (2000, 10)


def test_a_refusal_of_the_graph_reaches_the_user(client):
    label = np.full((1, 10), 2.0, np.float32)
    with pytest.raises(UserError) as caught:
        client.predict("label_to_image", {"label": label}, ["image"])
    assert f"{NAME} must be able to answer label_to_image" in str(caught.value)
    assert "label must hold numbers from 0 to 1" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nan_is_refused_by_the_graph(client):
    with pytest.raises(UserError, match="label must hold numbers from 0 to 1"):
        client.predict("label_to_image", {"label": np.full((1, 10), np.nan, "f")}, ["image"])


def test_files_of_numpys_own_bytes(client):
    file = cv2.imencode(".png", np.zeros((28, 28), np.uint8))[1].tobytes()
    assert np.array([file]).dtype.kind == "S"
    reply = client.predict("encoded_image_to_label", {"image_bytes": np.array([file])}, ["label"])
    assert reply["label"].shape == (1, 10)


@pytest.mark.parametrize(
    "as_sent",
    [
        lambda x: x.astype(np.float64),
        lambda x: x.tolist(),
        lambda x: x.astype(np.int64),
        lambda x: x.astype(np.float16),
        lambda x: tuple(map(tuple, x.tolist())),
        tf.constant,
    ],
)
def test_arrays_of_other_types_and_lists(as_sent, client):
    label = np.eye(10, dtype="f")[:2]
    asked = client.predict("label_to_image", {"label": label}, ["image"])["image"]
    np.testing.assert_array_equal(
        client.predict("label_to_image", {"label": as_sent(label)}, ["image"])["image"], asked
    )
    inputs = {"label": as_sent(label), "seed": [1, 2]}
    assert client.predict("sample_image_from_label", inputs, ["image"])["image"].shape[0] == 2


def test_files_in_a_list(client):
    files = [cv2.imencode(".png", np.zeros((28, 28), np.uint8))[1].tobytes()] * 2
    reply = client.predict("encoded_image_to_label", {"image_bytes": files}, ["label"])
    assert reply["label"].shape == (2, 10)


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"label": [[0.5] * 10, [0.5] * 9]}, ValueError),
        ({"label": "seven"}, TypeError),
        ({"label": [["0.5"] * 10]}, TypeError),
        ({"label": [[True] * 10]}, TypeError),
        ({"label": [[None] * 10]}, TypeError),
        ({"label": [[1j] * 10]}, TypeError),
        ({"label": 0.5}, ValueError),
        ({"label": []}, ValueError),
        ({}, ValueError),
        ({"label": [[0.5] * 10], "seed": [1, 2]}, ValueError),
        ({"label": [[0.5] * 10], "seed": [1.0]}, TypeError),
        ({"label": [[0.5] * 10], "seed": [2**31]}, ValueError),
        ({"image_bytes": ["text"]}, TypeError),
        ({"image_bytes": []}, ValueError),
    ],
)
def test_inputs_that_are_none(inputs, error, client):
    with pytest.raises(error) as caught:
        client.predict("sample_image_from_label", inputs, ["image"])
    assert not isinstance(caught.value, UserError)  # It is the caller's, not the server's.
    assert "eceived" in str(caught.value) or "lists that make one" in str(caught.value)


def test_an_unknown_signature_and_an_unknown_model(client):
    label = np.eye(10, dtype="f")
    with pytest.raises(UserError, match="label_to_sound not found"):
        client.predict("label_to_sound", {"label": label}, ["sound"])
    client.model = "nobody"
    with pytest.raises(UserError, match=r"The server's nobody must.*not found"):
        client.predict("label_to_image", {"label": label}, ["image"])


def test_other_outputs_than_expected(servers):
    label = np.eye(10, dtype="f")
    with pytest.raises(UserError, match=r"must answer label_to_image as a model of this package"):
        GrpcClient(servers[2], NAME).predict("label_to_image", {"label": label}, ["sound"])
    with pytest.raises(UserError, match=r"must answer label_to_image as a model of this package"):
        RestClient(servers[0], NAME).predict("label_to_image", {"label": label}, ["x", "y"])


def test_nobody_answers():
    label = {"label": np.eye(10, dtype="f")}
    with pytest.raises(UserError, match=r"--server=http://127\.0\.0\.1:9: no connection; start"):
        RestClient("http://127.0.0.1:9/", NAME).predict("label_to_image", label, ["image"])
    with pytest.raises(UserError, match=r"--server=grpc://127\.0\.0\.1:9: no connection"):
        GrpcClient("127.0.0.1:9", NAME, 5.0).predict("label_to_image", label, ["image"])


def test_warm_up_requests_are_answered(models):
    """One for each signature, as a server replays them."""
    file = VERSION / "assets.extra" / "tf_serving_warmup_requests"
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(file))
    ]
    asked = [log.predict_log.request.model_spec.signature_name for log in logs]
    assert {*asked, "serving_default"} == set(models[NAME].signatures)
    assert len(logs) == len(set(asked)) <= 1000  # A server refuses more.
    for log in logs:
        assert log.WhichOneof("log_type") == "predict_log"
        assert log.predict_log.request.model_spec.name == NAME
        models[NAME].predict(log.predict_log.request)
