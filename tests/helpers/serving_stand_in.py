"""A stand-in for TensorFlow Serving with both interfaces, as its guides describe them.

It checks requests like a server: the names of the inputs, their types, and what is base64. Sources:
tensorflow.org/tfx/serving/api_rest, and the comments in predict.proto.
"""

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


class Refusal(Exception):
    """A request that a server answers with an error."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class Model:
    """A SavedModel with a name, called with protocol buffers like in a server."""

    def __init__(self, version) -> None:
        self.signatures = tf.saved_model.load(str(version)).signatures

    def inputs(self, signature):
        """Name to `tf.TensorSpec`."""
        if signature not in self.signatures:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Serving signature key {signature} not found")
        return self.signatures[signature].structured_input_signature[1]

    def predict(self, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
        """Runs a request.

        Raises:
          Refusal: if a server would refuse the request.
        """
        specs = self.inputs(request.model_spec.signature_name)
        if set(request.inputs) != set(specs):
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"inputs are {sorted(request.inputs)}, must be {sorted(specs)}",
            )
        tensors = {}
        for name, proto in request.inputs.items():
            if proto.dtype != specs[name].dtype.as_datatype_enum:
                raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"{name} has type {proto.dtype}")
            tensors[name] = tf.constant(tf.make_ndarray(proto), specs[name].dtype)
        try:
            outputs = self.signatures[request.model_spec.signature_name](**tensors)
        except tf.errors.InvalidArgumentError as error:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, error.message) from error
        reply = predict_pb2.PredictResponse(model_spec=request.model_spec)
        for name, tensor in outputs.items():
            reply.outputs[name].CopyFrom(tf.make_tensor_proto(tensor.numpy()))
        return reply


def parsed_body(model: Model, body: dict) -> tuple[predict_pb2.PredictRequest, bool]:
    """Converts a REST request to a protocol buffer; also tells whether it is in rows.

    Raises:
      Refusal: if the guide does not allow it.
    """
    if set(body) - {"signature_name", "inputs", "instances"}:
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"unknown keys in {sorted(body)}")
    rows = "instances" in body
    if rows == ("inputs" in body):
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "either instances or inputs")
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = body.get("signature_name", "serving_default")
    specs = model.inputs(request.model_spec.signature_name)
    if rows:
        instances = [
            x if isinstance(x, dict) and "b64" not in x else None for x in body["instances"]
        ]
        if len(specs) == 1:  # Then the name may be left out.
            [name] = specs
            columns = {
                name: [
                    x if named is None else named[name]
                    for x, named in zip(body["instances"], instances, strict=True)
                ]
            }
        else:
            columns = {name: [row[name] for row in instances] for name in instances[0]}
    else:
        columns = (
            body["inputs"]
            if isinstance(body["inputs"], dict)
            else {next(iter(specs)): body["inputs"]}
        )
    for name, values in columns.items():
        if name not in specs:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"no input is called {name}")
        proto = tf.make_tensor_proto(_array(values, specs[name].dtype))
        request.inputs[name].CopyFrom(proto)
    return request, rows


def _array(values, dtype):
    """Converts JSON values of one input; bytes are objects with the single key b64."""
    if dtype == tf.string:
        if not all(isinstance(x, dict) and set(x) == {"b64"} for x in values):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "bytes must be base64 under b64")
        return np.array([base64.b64decode(x["b64"], validate=True) for x in values], object)
    array = np.array(values)
    if dtype == tf.int32 and not np.issubdtype(array.dtype, np.integer):
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "fractions for whole numbers")
    return array.astype(dtype.as_numpy_dtype)


def body_of(reply: predict_pb2.PredictResponse, rows: bool) -> dict:
    """Converts a reply to the REST format."""
    columns = {}
    for name, proto in reply.outputs.items():
        values = tf.make_ndarray(proto)
        if values.dtype == object:
            if not name.endswith("_bytes"):
                raise AssertionError(f"{name} is bytes by its type, not by its name")
            columns[name] = [{"b64": base64.b64encode(x).decode()} for x in values]
        else:
            columns[name] = values.tolist()
    if not rows:
        return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}
    if len(columns) == 1:
        return {"predictions": next(iter(columns.values()))}
    return {
        "predictions": [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    }


@contextlib.contextmanager
def rest_server(
    models: dict[str, Model], states: dict[str, str] | None = None
) -> Iterator[tuple[str, list]]:
    """Serves over HTTP; yields the URL and a list of received bodies.

    `states` has the models whose states can be requested.
    """
    received = []

    class Handler(BaseHTTPRequestHandler):
        def _reply(self, status, body):
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self):
            state = (states or {})[self.path.rpartition("/")[2]]
            status = {"version": "1", "state": state, "status": {"error_code": "OK"}}
            self._reply(200, {"model_version_status": [status]})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append(body)
            found = re.fullmatch(r"/v1/models/([^/:]+):predict", self.path)
            try:
                if not found or found[1] not in models:
                    raise Refusal(grpc.StatusCode.NOT_FOUND, f"Servable not found: {self.path}")
                request, rows = parsed_body(models[found[1]], body)
                self._reply(200, body_of(models[found[1]].predict(request), rows))
            except Refusal as refusal:
                not_found = refusal.code == grpc.StatusCode.NOT_FOUND
                self._reply(404 if not_found else 400, {"error": str(refusal)})

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def grpc_server(models: dict[str, Model]) -> Iterator[tuple[str, list]]:
    """Serves over gRPC; yields the address and a list of received requests."""
    received = []

    class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            received.append(request)
            try:
                if request.model_spec.name not in models:
                    raise Refusal(grpc.StatusCode.NOT_FOUND, "Servable not found")
                return models[request.model_spec.name].predict(request)
            except Refusal as refusal:
                context.abort(refusal.code, str(refusal))

    server = grpc.server(
        futures.ThreadPoolExecutor(2), options=[("grpc.max_receive_message_length", 2**28)]
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", received
    finally:
        server.stop(None).wait()
